//! The same id never makes a second message, however long ago and whatever it says now.

use std::sync::Arc;

use super::Subject;
use super::scene::{NOW, Scene};
use crate::chat::store::GroupChange;
use crate::message::EventKind;
use crate::message::store::{Append, Appended};

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    the_first_result_is_answered_for_ever(&scene).await;
    another_chat_is_a_conflict(&scene).await;
    concurrent_repetition_makes_one(&scene).await;
    a_whole_batch_may_be_repeated(&scene).await;
}

async fn the_first_result_is_answered_for_ever(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.group(ann, &[bob]).await;
    let row = Append { client_id: Some("1".into()), ..bob.says(chat, "the first") };
    scene.put(&row).await;
    let first = scene.message(row.id).await;
    for index in 0..50 {
        scene.send(ann, chat, &format!("m{index}")).await;
    }
    let other = Append { content: "another text".into(), client_id: None, ..row.clone() };
    for again in [&row, &other] {
        let at = NOW.plus_millis(900_000);
        let batch = scene.store.append(at, std::slice::from_ref(again)).await.unwrap();
        assert_eq!(batch.verdicts, [Appended::Repeated(first.clone())]);
        assert!(batch.moved.is_empty());
    }
    scene.store.pin(ann.author(), row.id, 9).await.unwrap().unwrap();
    let batch = scene.append(std::slice::from_ref(&row)).await;
    let Appended::Repeated(now) = &batch.verdicts[0] else { panic!("{batch:?}") };
    assert_eq!((now.pin.unwrap().by, &now.content), (ann.user, &first.content));
    scene.change(ann, chat, GroupChange::Remove(bob.user)).await.unwrap();
    let batch = scene.append(&[row]).await;
    assert!(matches!(&batch.verdicts[0], Appended::Repeated(m) if m.seq == first.seq));
    assert_eq!(scene.check_log(chat).await.len(), 54);
}

async fn another_chat_is_a_conflict(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let (one, two) = (scene.pair(ann, bob).await, scene.group(ann, &[bob]).await);
    let row = ann.says(one, "here");
    scene.put(&row).await;
    let batch = scene.append(&[Append { chat: two, ..row.clone() }]).await;
    assert_eq!(batch.verdicts, [Appended::Elsewhere]);
    assert_eq!(scene.check_log(two).await.len(), 1);
    assert_eq!(scene.message(row.id).await.chat, one);
}

async fn concurrent_repetition_makes_one(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let row = ann.says(chat, "once");
    let tries = (0..16).map(|_| {
        let (store, row) = (Arc::clone(&scene.store), row.clone());
        tokio::spawn(async move { store.append(NOW, &[row]).await.unwrap().verdicts.remove(0) })
    });
    let (mut stored, mut repeated) = (0, 0);
    for one in tries.collect::<Vec<_>>() {
        match one.await.unwrap() {
            Appended::Stored { seq: 2, msg_no: 1, .. } => stored += 1,
            Appended::Repeated(message) if message.seq == 2 => repeated += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((stored, repeated), (1, 15));
    assert_eq!(scene.check_log(chat).await.len(), 2);
}

async fn a_whole_batch_may_be_repeated(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let rows: Vec<Append> = (0..20).map(|n| ann.says(chat, &format!("m{n}"))).collect();
    scene.append(&rows[..12]).await;
    let batch = scene.append(&rows).await;
    for (index, verdict) in batch.verdicts.iter().enumerate() {
        match verdict {
            Appended::Repeated(message) => assert!(index < 12 && message.id == rows[index].id),
            Appended::Stored { seq, .. } => assert_eq!(*seq, index as u64 + 2),
            other => panic!("{other:?}"),
        }
    }
    let log = scene.check_log(chat).await;
    let ids = log.iter().filter_map(|event| match &event.kind {
        EventKind::Message(message) => Some(message.id),
        _ => None,
    });
    assert!(ids.eq(rows.iter().map(|row| row.id)));
}
