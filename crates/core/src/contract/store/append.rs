//! Appending: dense numbers, verdicts in order, time that does not go back.

use uuid::Uuid;
use zvon_protocol::ids::{ChatId, SessionId};

use super::Subject;
use super::scene::{NOW, Person, Scene, seq};
use crate::chat::store::GroupChange;
use crate::message::store::{Append, Appended};
use crate::message::{EventKind, Forward, MessageRow};
use crate::store::Denied;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    the_row_is_the_message(&scene).await;
    a_batch_is_numbered_in_its_order(&scene).await;
    verdicts_come_in_order(&scene).await;
    who_is_refused_takes_no_number(&scene).await;
    a_row_that_the_database_refuses_fails_alone(&scene).await;
    time_does_not_go_back(&scene).await;
    sending_moves_the_senders_cursors(&scene).await;
    looking_on_is_receiving(&scene).await;
    what_others_wrote_meanwhile_comes_along(&scene).await;
    nothing_is_nothing(&scene).await;
}

async fn the_row_is_the_message(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let source = ann.says(chat, "first");
    scene.put(&source).await;
    let forward = Forward { from: source.id, original_sender: ann.user };
    let content = "zwölf Boxkämpfer 🥊\r\n\t\"'\\ \u{7f}\u{202e} ' OR 1=1 --";
    let row = Append {
        client_id: Some("kéy".to_owned()),
        forward: Some(forward),
        ..bob.says(chat, content)
    };
    let batch = scene.append(std::slice::from_ref(&row)).await;
    let stored = Appended::Stored { seq: 3, msg_no: 2, at: NOW, delivered: false };
    assert_eq!(batch.verdicts, [stored]);
    let message = MessageRow {
        id: row.id,
        chat,
        seq: 3,
        msg_no: 2,
        at: NOW,
        sender: bob.user,
        content: content.to_owned(),
        client_id: row.client_id,
        forward: Some(forward),
        pin: None,
    };
    assert_eq!(scene.message(row.id).await, message);
    let event = scene.check_log(chat).await.pop().unwrap();
    assert_eq!((event.actor, event.kind), (bob.user, EventKind::Message(message)));
}

async fn a_batch_is_numbered_in_its_order(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let (one, two) = (scene.pair(ann, bob).await, scene.group(bob, &[ann]).await);
    let rows: Vec<Append> = (0..30)
        .map(|index| {
            let who = if index % 3 == 0 { ann } else { bob };
            who.says(if index % 2 == 0 { one } else { two }, &format!("m{index}"))
        })
        .collect();
    let batch = scene.append(&rows).await;
    for chat in [one, two] {
        let here = rows.iter().zip(&batch.verdicts).filter(|(row, _)| row.chat == chat);
        let seqs: Vec<u64> = here.clone().map(|(_, verdict)| seq(verdict)).collect();
        assert_eq!(seqs, (2..=16).collect::<Vec<u64>>());
        let log = scene.check_log(chat).await;
        for ((row, _), event) in here.zip(&log[1..]) {
            assert!(matches!(&event.kind, EventKind::Message(m) if m.content == row.content));
        }
    }
}

async fn verdicts_come_in_order(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let (chat, other) = (scene.pair(ann, bob).await, scene.group(ann, &[]).await);
    let known = ann.says(chat, "known");
    let seq = scene.put(&known).await;
    let first = scene.message(known.id).await;
    let dead = |row: &Append| Append { session: SessionId(Uuid::new_v4()), ..row.clone() };
    let stranger = |row: &Append| Append { sender: eve.user, session: eve.session, ..row.clone() };
    let nowhere = ChatId(Uuid::now_v7());
    let fresh = ann.says(chat, "fresh");
    let lost = eve.says(chat, "lost");
    let rows = [
        (dead(&known), Appended::Denied(Denied::Revoked)),
        (dead(&ann.says(nowhere, "x")), Appended::Denied(Denied::Revoked)),
        (stranger(&known), Appended::Repeated(first.clone())),
        (Append { chat: other, ..known.clone() }, Appended::Elsewhere),
        (Append { chat: nowhere, ..known.clone() }, Appended::Elsewhere),
        (ann.says(nowhere, "x"), Appended::Denied(Denied::NoChat)),
        (eve.says(chat, "x"), Appended::Denied(Denied::NotAMember)),
        (lost.clone(), Appended::Denied(Denied::NotAMember)),
        (lost, Appended::Denied(Denied::NotAMember)),
        (fresh.clone(), stored(seq + 1, 2)),
        (stranger(&fresh), Appended::Denied(Denied::NotAMember)),
        (Append { content: "again".into(), ..fresh.clone() }, twin(&fresh, seq + 1)),
        (Append { chat: other, ..fresh.clone() }, Appended::Elsewhere),
        (ann.says(chat, "last"), stored(seq + 2, 3)),
    ];
    let (rows, expected): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    assert_eq!(scene.append(&rows).await.verdicts, expected);
    scene.check_log(chat).await;
    assert_eq!(scene.check_log(other).await.len(), 1);
}

fn stored(seq: u64, msg_no: u64) -> Appended {
    Appended::Stored { seq, msg_no, at: NOW, delivered: false }
}

fn twin(row: &Append, seq: u64) -> Appended {
    Appended::Repeated(MessageRow {
        id: row.id,
        chat: row.chat,
        seq,
        msg_no: 2,
        at: NOW,
        sender: row.sender,
        content: row.content.clone(),
        client_id: None,
        forward: None,
        pin: None,
    })
}

async fn who_is_refused_takes_no_number(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let chat = scene.group(ann, &[bob, eve]).await;
    scene.change(ann, chat, GroupChange::Remove(bob.user)).await.unwrap();
    let people: [Person; 5] = [ann, bob, eve, bob, ann];
    let rows: Vec<Append> = people.iter().map(|person| person.says(chat, "x")).collect();
    let batch = scene.append(&rows).await;
    let seqs: Vec<u64> = [0, 2, 4].map(|index: usize| seq(&batch.verdicts[index])).to_vec();
    assert_eq!(seqs, [3, 4, 5]);
    let refused = scene.append(&[bob.says(chat, "x"), bob.says(chat, "y")]).await;
    assert!(refused.verdicts.iter().all(|v| *v == Appended::Denied(Denied::NotAMember)));
    assert!(refused.moved.is_empty());
    assert_eq!(scene.check_log(chat).await.len(), 5);
}

async fn a_row_that_the_database_refuses_fails_alone(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let (one, two) = (scene.pair(ann, bob).await, scene.group(bob, &[ann]).await);
    for bad in [vec![0], vec![3], vec![6], vec![0, 1], vec![2, 3, 5], (0..7).collect()] {
        let before = scene.head(one).await + scene.head(two).await;
        let rows: Vec<Append> = (0..7)
            .map(|index| {
                let text = if bad.contains(&index) { scene.refused } else { "good" };
                ann.says(if index < 4 { one } else { two }, text)
            })
            .collect();
        let batch = scene.append(&rows).await;
        for (index, verdict) in batch.verdicts.iter().enumerate() {
            assert_eq!(*verdict == Appended::Rejected, bad.contains(&index), "{bad:?}");
        }
        let grown = scene.head(one).await + scene.head(two).await - before;
        assert_eq!(grown, 7 - bad.len() as u64);
        for chat in [one, two] {
            scene.check_log(chat).await;
        }
    }
}

async fn time_does_not_go_back(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.group(ann, &[bob]).await;
    for (step, expected) in [(50, 50), (-1000, 50), (49, 50), (51, 51)] {
        let row = ann.says(chat, "tick");
        let batch = scene.store.append(NOW.plus_millis(step), &[row]).await.unwrap();
        let Appended::Stored { at, .. } = batch.verdicts[0] else { panic!("not stored") };
        assert_eq!(at, NOW.plus_millis(expected));
    }
    let events = scene.change(ann, chat, GroupChange::Rename("x".into())).await.unwrap();
    assert_eq!(events[0].at, NOW.plus_millis(51), "whatever the author's clock says");
    scene.check_log(chat).await;
}

async fn sending_moves_the_senders_cursors(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let chat = scene.group(ann, &[bob, eve]).await;
    scene.send(ann, chat, "one").await;
    scene.send(ann, chat, "two").await;
    let batch = scene.append(&[bob.says(chat, "three")]).await;
    let [moved] = batch.moved.as_slice() else { panic!("{:?}", batch.moved) };
    assert_eq!((moved.user, moved.delivered, moved.read), (bob.user, (1, 4), (1, 4)));
    for (person, at, no) in [(ann, 3, 2), (bob, 4, 3), (eve, 1, 0)] {
        let member = scene.member(chat, person).await;
        assert_eq!((member.delivered_seq, member.read_seq, member.read_no), (at, at, no));
    }
    let batch = scene.append(&[bob.says(chat, "four")]).await;
    assert!(batch.moved.is_empty(), "it passed nobody else's message");
}

async fn looking_on_is_receiving(scene: &Scene) {
    let [ann, bob, eve, joe] = scene.people().await;
    let chat = scene.group(ann, &[bob, eve]).await;
    let delivered = async |from: Person, present: &[Person]| {
        let present = present.iter().map(|person| person.user).collect();
        let batch = scene.append(&[Append { present, ..from.says(chat, "x") }]).await;
        let Appended::Stored { delivered, seq, .. } = batch.verdicts[0] else { panic!() };
        let others = scene.store.members(&[chat]).await.unwrap();
        let reached = others.iter().all(|m| m.user == from.user || m.delivered_seq >= seq);
        assert_eq!(delivered, reached, "the answer agrees with the cursors");
        delivered
    };
    assert!(!delivered(ann, &[]).await);
    assert!(!delivered(ann, &[bob, joe]).await, "who is no member does not count");
    assert!(delivered(ann, &[bob, eve]).await);
    assert!(delivered(bob, &[ann, eve, bob]).await);
    assert_eq!(scene.member(chat, eve).await.read_seq, 1, "receiving is not reading");
    assert_eq!(scene.store.member(chat, joe.user).await.unwrap(), None);

    let both = [ann.says(chat, "a"), bob.says(chat, "b"), eve.says(chat, "c")];
    let batch = scene.append(&both).await;
    let reached = [true, false, false];
    for (verdict, reached) in batch.verdicts.iter().zip(reached) {
        assert!(matches!(verdict, Appended::Stored { delivered, .. } if *delivered == reached));
    }
    let alone = scene.group(ann, &[]).await;
    let batch = scene.append(&[ann.says(alone, "x")]).await;
    assert!(matches!(batch.verdicts[0], Appended::Stored { delivered: false, .. }));
}

async fn what_others_wrote_meanwhile_comes_along(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    scene.send(ann, chat, "one").await;
    scene.send(bob, chat, "two").await;
    let skipped = async |known: Option<u64>| {
        let batch = scene.append(&[Append { known, ..ann.says(chat, "x") }]).await;
        batch.skipped.iter().map(|event| event.seq).collect::<Vec<_>>()
    };
    assert_eq!(skipped(None).await, [0; 0], "nobody here follows it");
    assert_eq!(skipped(Some(2)).await, [3, 4]);
    assert_eq!(skipped(Some(5)).await, [0; 0], "nothing lies between");
    let row = Append { known: Some(4), ..bob.says(chat, "y") };
    let batch = scene.append(&[row]).await;
    assert_eq!(batch.skipped, scene.check_log(chat).await[4..6]);
}

async fn nothing_is_nothing(scene: &Scene) {
    let batch = scene.append(&[]).await;
    assert!(batch.moved.is_empty());
    assert!(scene.store.heads(&[]).await.unwrap().is_empty());
}
