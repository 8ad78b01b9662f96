//! Sessions: found, ended once, and powerless from then on.

use uuid::Uuid;
use zvon_protocol::ids::{ChatId, SessionId};

use super::Subject;
use super::scene::{NOW, Person, Scene};
use crate::chat::store::{GroupChange, NewGroup};
use crate::delivery::store::Move;
use crate::message::store::Appended;
use crate::store::Denied;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    it_is_found_as_it_was_stored(&scene).await;
    it_ends_once(&scene).await;
    without_a_live_session_nothing_is_written(&scene).await;
    those_long_over_are_forgotten(&scene).await;
}

async fn it_is_found_as_it_was_stored(scene: &Scene) {
    let ann = scene.person("ann").await;
    let found = scene.store.session(ann.session).await.unwrap().unwrap();
    assert_eq!((found.id, found.user, found.created_at), (ann.session, ann.user, NOW));
    assert_eq!((found.device.as_str(), found.address.as_str()), ("a browser", "192.0.2.1"));
    assert!(found.is_live(NOW) && found.revoked_at.is_none());
    assert_eq!(scene.store.session(SessionId(Uuid::new_v4())).await.unwrap(), None);
}

async fn it_ends_once(scene: &Scene) {
    let ann = scene.person("ann").await;
    assert!(scene.store.revoke_session(ann.session, NOW).await.unwrap());
    let again = scene.store.revoke_session(ann.session, NOW.plus_millis(9)).await.unwrap();
    assert!(!again);
    let found = scene.store.session(ann.session).await.unwrap().unwrap();
    assert_eq!(found.revoked_at, Some(NOW), "the first end counts");
    assert!(!found.is_live(NOW));
    assert!(!scene.store.revoke_session(SessionId(Uuid::new_v4()), NOW).await.unwrap());
}

async fn without_a_live_session_nothing_is_written(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let revoked = Person { session: scene.session(ann.user, NOW.plus_millis(9)).await, ..ann };
    scene.store.revoke_session(revoked.session, NOW).await.unwrap();
    let expired = Person { session: scene.session(ann.user, NOW).await, ..ann };
    let foreign = Person { session: eve.session, ..ann };
    let unknown = Person { session: SessionId(Uuid::new_v4()), ..ann };
    for nobody in [revoked, expired, foreign, unknown] {
        writes_nothing(scene, nobody, ann, bob).await;
    }
}

/// Every writing verb by `nobody`, a dead session of `ann`'s.
async fn writes_nothing(scene: &Scene, nobody: Person, ann: Person, bob: Person) {
    let (author, store) = (nobody.author(), &scene.store);
    let chat = scene.group(ann, &[bob]).await;
    let message = bob.says(chat, "hi");
    let seq = scene.put(&message).await;
    let outbox = store.outbox(0, 100_000).await.unwrap().len();

    let sent = scene.append(&[nobody.says(chat, "no")]).await;
    assert_eq!(sent.verdicts, [Appended::Denied(Denied::Revoked)]);
    let eve = scene.person("new").await;
    let opened = store.open_private(author, eve.user, ChatId(Uuid::now_v7())).await.unwrap();
    assert_eq!(opened.unwrap_err(), Denied::Revoked);
    let group = NewGroup { id: ChatId(Uuid::now_v7()), title: "t".into(), members: vec![] };
    assert_eq!(store.create_group(author, &group).await.unwrap().unwrap_err(), Denied::Revoked);
    let left = scene.change(nobody, chat, GroupChange::Leave).await;
    assert_eq!(left.unwrap_err(), Denied::Revoked);
    assert_eq!(store.pin(author, message.id, 9).await.unwrap().unwrap_err(), Denied::Revoked);
    assert_eq!(store.unpin(author, message.id).await.unwrap().unwrap_err(), Denied::Revoked);
    let (user, session) = (nobody.user, Some(nobody.session));
    let wish = Move { chat, user, session, delivered: seq, read: seq };
    assert!(store.move_cursors(NOW, &[wish]).await.unwrap().is_empty());

    assert_eq!(scene.head(chat).await, seq, "the log did not grow");
    assert_eq!(store.outbox(0, 100_000).await.unwrap().len(), outbox);
    assert_eq!(store.chat(group.id).await.unwrap(), None);
}

async fn those_long_over_are_forgotten(scene: &Scene) {
    let ann = scene.person("ann").await;
    let later = NOW.plus_millis(1000);
    let live = scene.session(ann.user, later).await;
    let over = scene.session(ann.user, NOW.plus_millis(-1)).await;
    let ended = scene.session(ann.user, later).await;
    scene.store.revoke_session(ended, NOW.plus_millis(-1)).await.unwrap();
    let lately = scene.session(ann.user, later).await;
    scene.store.revoke_session(lately, NOW).await.unwrap();
    assert!(scene.store.purge_sessions(NOW).await.unwrap() >= 2);
    for (session, kept) in [(live, true), (over, false), (ended, false), (lately, true)] {
        assert_eq!(scene.store.session(session).await.unwrap().is_some(), kept);
    }
    assert_eq!(scene.store.purge_sessions(NOW).await.unwrap(), 0);
}
