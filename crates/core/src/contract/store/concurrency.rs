//! Everything at once: logs stay dense, revocation and removal are walls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;
use zvon_protocol::ids::ChatId;

use super::Subject;
use super::scene::{NOW, Scene, end};
use crate::chat::store::GroupChange;
use crate::message::EventKind;
use crate::message::store::Appended;
use crate::store::Denied;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    logs_are_dense_whoever_writes(&scene).await;
    after_its_removal_nobody_writes(&scene).await;
    after_its_revocation_no_session_writes(&scene).await;
}

async fn logs_are_dense_whoever_writes(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chats = [scene.pair(ann, bob).await, scene.group(ann, &[bob]).await];
    let writers = (0..6).map(|writer| {
        let scene = scene.clone();
        tokio::spawn(async move {
            let who = if writer % 2 == 0 { ann } else { bob };
            for round in 0..8 {
                let rows: Vec<_> = (0..=writer)
                    .map(|index| who.says(chats[(round + index) % 2], &format!("{writer}")))
                    .collect();
                scene.append(&rows).await;
                let title = format!("{writer} {round}");
                let renamed = scene.change(ann, chats[1], GroupChange::Rename(title)).await;
                renamed.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let (one, two) = (scene.check_log(chats[0]).await, scene.check_log(chats[1]).await);
    assert_eq!(one.len() + two.len(), 2 + 8 * (1 + 2 + 3 + 4 + 5 + 6) + 8 * 6);
}

async fn after_its_removal_nobody_writes(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.group(ann, &[bob]).await;
    let writers = writers(scene, bob, chat);
    tokio::task::yield_now().await;
    let removed = scene.change(ann, chat, GroupChange::Remove(bob.user)).await.unwrap();
    for writer in writers.0 {
        assert_eq!(writer.await.unwrap(), Denied::NotAMember);
    }
    let log = scene.check_log(chat).await;
    let after = log.iter().filter(|event| event.seq > removed[0].seq);
    assert_eq!(after.count(), 0, "the removal is the last word");
}

async fn after_its_revocation_no_session_writes(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let writers = writers(scene, bob, chat);
    tokio::task::yield_now().await;
    assert!(scene.store.revoke_session(bob.session, end(NOW)).await.unwrap());
    writers.1.store(true, Ordering::SeqCst);
    let head = scene.head(chat).await;
    for writer in writers.0 {
        assert_eq!(writer.await.unwrap(), Denied::Revoked);
    }
    assert_eq!(scene.head(chat).await, head, "what is answered as ended has ended");
    let messages = scene.check_log(chat).await;
    assert!(messages[1..].iter().all(|event| matches!(event.kind, EventKind::Message(_))));
}

type Writers = (Vec<tokio::task::JoinHandle<Denied>>, Arc<AtomicBool>);

/// Writers that go on until they are denied, and say by what. None may succeed in a send that
/// began after the flag was set.
fn writers(scene: &Scene, who: super::scene::Person, chat: ChatId) -> Writers {
    let over = Arc::new(AtomicBool::new(false));
    let tasks = (0..4).map(|_| {
        let (scene, over) = (scene.clone(), Arc::clone(&over));
        tokio::spawn(async move {
            loop {
                let late = over.load(Ordering::SeqCst);
                let text = Uuid::now_v7().to_string();
                match scene.append(&[who.says(chat, &text)]).await.verdicts.remove(0) {
                    Appended::Stored { .. } => assert!(!late, "it was over"),
                    Appended::Denied(denied) => return denied,
                    other => panic!("{other:?}"),
                }
                tokio::task::yield_now().await;
            }
        })
    });
    (tasks.collect(), over)
}
