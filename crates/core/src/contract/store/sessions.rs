//! Sessions: found, ended once, and powerless from then on.

use uuid::Uuid;
use zvon_protocol::ids::{ChatId, SessionId};

use super::Subject;
use super::scene::{NOW, Person, Scene, end, session};
use crate::chat::store::{GroupChange, NewGroup};
use crate::delivery::store::Move;
use crate::message::store::Appended;
use crate::outbox::store::Bookmark;
use crate::session::store::{End, Ended, Rotation, Use};
use crate::session::{Reason, Refresh, Session};
use crate::store::Denied;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    it_is_found_as_it_was_stored(&scene).await;
    it_ends_once(&scene).await;
    without_a_live_session_nothing_is_written(&scene).await;
    one_too_many_ends_the_oldest(&scene).await;
    they_live_on_while_they_are_used(&scene).await;
    a_refresh_token_is_good_once(&scene).await;
    of_two_who_take_it_at_once_one_is_a_copy(&scene).await;
    all_end_but_one(&scene).await;
    whoever_ends_them_all_hear_of_it_and_why(&scene).await;
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
    assert!(scene.store.revoke_session(ann.session, end(NOW)).await.unwrap());
    let again = scene.store.revoke_session(ann.session, end(NOW.plus_millis(9))).await.unwrap();
    assert!(!again);
    let found = scene.store.session(ann.session).await.unwrap().unwrap();
    assert_eq!(found.revoked_at, Some(NOW), "the first end counts");
    assert!(!found.is_live(NOW));
    assert!(!scene.store.revoke_session(SessionId(Uuid::new_v4()), end(NOW)).await.unwrap());
}

async fn without_a_live_session_nothing_is_written(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let revoked = Person { session: scene.session(ann.user, NOW.plus_millis(9)).await, ..ann };
    scene.store.revoke_session(revoked.session, end(NOW)).await.unwrap();
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
    let eve = scene.person("new").await;
    let outbox = store.outbox(&Bookmark::default(), 100_000).await.unwrap().0.len();

    let sent = scene.append(&[nobody.says(chat, "no")]).await;
    assert_eq!(sent.verdicts, [Appended::Denied(Denied::Revoked)]);
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
    assert_eq!(store.outbox(&Bookmark::default(), 100_000).await.unwrap().0.len(), outbox);
    assert_eq!(store.chat(group.id).await.unwrap(), None);
}

async fn one_too_many_ends_the_oldest(scene: &Scene) {
    let user = scene.person("many").await.user;
    let other = scene.person("other").await;
    scene.store.revoke_sessions(user, None, end(NOW)).await.unwrap();
    let at = |millis| Session { created_at: NOW.plus_millis(millis), ..session(user) };
    let [first, second, third, fourth] = [at(1), at(2), at(3), at(4)];
    for (new, most, ended) in [
        (&first, 2, vec![]),
        (&second, 2, vec![]),
        (&third, 2, vec![first.id]),
        (&third, 2, vec![]),
        (&fourth, 1, vec![second.id, third.id]),
    ] {
        let mut gone = scene.store.create_session(new, most).await.unwrap();
        gone.sort_unstable_by_key(|id| *id != second.id);
        assert_eq!(gone, ended);
    }
    let live = scene.store.sessions_of(user, NOW).await.unwrap();
    assert_eq!(live, [fourth]);
    assert!(scene.store.session(other.session).await.unwrap().unwrap().is_live(NOW));
    let ended = Session { revoked_at: None, ..first };
    scene.store.create_session(&ended, 9).await.unwrap();
    assert!(!scene.store.session(ended.id).await.unwrap().unwrap().is_live(NOW), "ends are final");
}

async fn they_live_on_while_they_are_used(scene: &Scene) {
    let user = scene.person("user").await.user;
    let used = async |session, seen, expires| {
        let (seen_at, expires_at) = (NOW.plus_millis(seen), NOW.plus_millis(expires));
        scene.store.use_sessions(&[Use { session, seen_at, expires_at }]).await.unwrap();
        let found = scene.store.session(session).await.unwrap().unwrap();
        (found.seen_at.0 - NOW.0, found.expires_at.0 - NOW.0)
    };
    let live = scene.session(user, NOW.plus_millis(100)).await;
    assert_eq!(used(live, 50, 150).await, (50, 150));
    assert_eq!(used(live, 40, 140).await, (50, 150), "neither time moves backwards");
    assert_eq!(used(live, 150, 250).await, (50, 150), "what is over stays over");
    let ended = scene.session(user, NOW.plus_millis(100)).await;
    scene.store.revoke_session(ended, end(NOW)).await.unwrap();
    assert_eq!(used(ended, 50, 150).await, (0, 100), "what was ended, too");
    scene.store.use_sessions(&[]).await.unwrap();
    let seen = scene.session(user, NOW.plus_millis(10_000)).await;
    let list = scene.store.sessions_of(user, NOW.plus_millis(120)).await.unwrap();
    assert_eq!(list[0].id, live, "last used first");
    assert!(list.iter().any(|session| session.id == seen));
    assert!(list.iter().all(|session| session.id != ended), "only live ones");
}

async fn a_refresh_token_is_good_once(scene: &Scene) {
    let user = scene.person("fresh").await.user;
    let refresh = Some(Refresh { nonce: Uuid::new_v4(), number: 0 });
    let begun = Session { refresh, ..session(user) };
    scene.store.create_session(&begun, 9).await.unwrap();
    assert_eq!(scene.store.session(begun.id).await.unwrap().unwrap(), begun);
    let used = |session| {
        let (seen_at, expires_at) = (NOW.plus_millis(5), NOW.plus_millis(2_000_000));
        Use { session, seen_at, expires_at }
    };
    let take = async |id, number| scene.store.rotate_session(used(id), number).await.unwrap();
    let Rotation::Rotated(first) = take(begun.id, 0).await else { panic!("it was good") };
    let number = |session: &Session| session.refresh.unwrap().number;
    assert_eq!((number(&first), first.seen_at), (1, NOW.plus_millis(5)));
    assert_eq!(first.expires_at, NOW.plus_millis(2_000_000), "and the session lives on");
    assert!(matches!(take(begun.id, 1).await, Rotation::Rotated(two) if number(&two) == 2));
    assert!(matches!(take(begun.id, 0).await, Rotation::Reused(old) if old.id == begun.id));
    assert!(!scene.store.session(begun.id).await.unwrap().unwrap().is_live(NOW));
    assert_eq!(take(begun.id, 2).await, Rotation::Over, "the good one ended with it");
    let without = scene.session(user, NOW.plus_millis(9999)).await;
    assert_eq!(take(without, 0).await, Rotation::Over);
    assert_eq!(take(SessionId(Uuid::new_v4()), 0).await, Rotation::Over);
    let late = scene.session(user, NOW.plus_millis(5)).await;
    assert_eq!(take(late, 0).await, Rotation::Over, "over by itself");
}

async fn of_two_who_take_it_at_once_one_is_a_copy(scene: &Scene) {
    let user = scene.person("two").await.user;
    let refresh = Some(Refresh { nonce: Uuid::new_v4(), number: 0 });
    let begun = Session { refresh, ..session(user) };
    scene.store.create_session(&begun, 9).await.unwrap();
    let used = Use { session: begun.id, seen_at: NOW, expires_at: NOW.plus_millis(9) };
    let take = || scene.store.rotate_session(used, 0);
    let both = tokio::join!(take(), take());
    let both = [both.0.unwrap(), both.1.unwrap()];
    let rotated = both.iter().filter(|one| matches!(one, Rotation::Rotated(_))).count();
    let reused = both.iter().filter(|one| matches!(one, Rotation::Reused(_))).count();
    assert_eq!((rotated, reused), (1, 1));
}

async fn all_end_but_one(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let mut others = [scene.session(ann.user, NOW.plus_millis(9)).await; 2];
    others[1] = scene.session(ann.user, NOW.plus_millis(9)).await;
    let mut ended =
        scene.store.revoke_sessions(ann.user, Some(ann.session), end(NOW)).await.unwrap();
    others.sort_unstable();
    ended.sort_unstable();
    assert_eq!(ended, others);
    assert!(scene.store.session(ann.session).await.unwrap().unwrap().is_live(NOW));
    assert!(scene.store.session(bob.session).await.unwrap().unwrap().is_live(NOW));
    assert_eq!(scene.store.revoke_sessions(ann.user, None, end(NOW)).await.unwrap(), [ann.session]);
    assert_eq!(scene.store.revoke_sessions(ann.user, None, end(NOW)).await.unwrap(), []);
}

async fn whoever_ends_them_all_hear_of_it_and_why(scene: &Scene) {
    let at = NOW.plus_millis(500_000);
    let end = |reason| End { at, reason };
    let [ann, bob, eve, dan, pat] = scene.people().await;
    let stays = scene.person("stays").await;
    let store = &scene.store;
    let refresh = Some(Refresh { nonce: Uuid::new_v4(), number: 7 });
    let copied = Session { refresh, ..session(dan.user) };
    store.create_session(&copied, 9).await.unwrap();
    let over = Session { expires_at: at, ..session(stays.user) };
    store.create_session(&over, 9).await.unwrap();

    store.revoke_session(ann.session, end(Reason::Logout)).await.unwrap();
    store.revoke_sessions(bob.user, None, end(Reason::Revoked)).await.unwrap();
    store.change_password(eve.user, "new", None, end(Reason::PasswordChanged)).await.unwrap();
    let used = Use { session: copied.id, seen_at: at, expires_at: at };
    assert!(matches!(store.rotate_session(used, 6).await.unwrap(), Rotation::Reused(_)));
    store.set_disabled(dan.user, at, true).await.unwrap();
    let newer = Session { created_at: at, ..session(pat.user) };
    assert_eq!(store.create_session(&newer, 1).await.unwrap(), [pat.session]);

    let expected = [
        (ann.session, ann.user, Reason::Logout),
        (bob.session, bob.user, Reason::Revoked),
        (eve.session, eve.user, Reason::PasswordChanged),
        (copied.id, dan.user, Reason::TokenReused),
        (dan.session, dan.user, Reason::Operator),
        (pat.session, pat.user, Reason::Replaced),
    ];
    let heard = store.revoked_since(at).await.unwrap();
    assert_eq!(heard.len(), expected.len(), "{heard:?}");
    for (session, user, reason) in expected {
        assert!(heard.contains(&Ended { session, user, reason }), "{reason:?}: {heard:?}");
    }
    let late = End { at: at.plus_millis(9), reason: Reason::Operator };
    assert!(!store.revoke_session(ann.session, late).await.unwrap());
    assert_eq!(store.revoked_since(at.plus_millis(1)).await.unwrap(), [], "the first end counts");
}

async fn those_long_over_are_forgotten(scene: &Scene) {
    let ann = scene.person("ann").await;
    let live = scene.session(ann.user, NOW.plus_millis(1000)).await;
    let over = scene.session(ann.user, NOW.plus_millis(-1)).await;
    let ended = scene.session(ann.user, NOW.plus_millis(1000)).await;
    scene.store.revoke_session(ended, end(NOW.plus_millis(-1))).await.unwrap();
    assert!(scene.store.purge_sessions(NOW).await.unwrap() >= 1);
    for (session, kept) in [(live, true), (over, false), (ended, true)] {
        let found = scene.store.session(session).await.unwrap();
        assert_eq!(found.is_some(), kept, "an end is remembered as long as its tokens live");
    }
    assert_eq!(scene.store.purge_sessions(NOW).await.unwrap(), 0);
}
