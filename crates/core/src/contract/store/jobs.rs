//! What is remembered of jobs: dead letters, states; who is an operator.

use uuid::Uuid;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::record::{Envelope, Payload, VERSION};

use super::Subject;
use super::scene::{NOW, Scene};
use crate::event_log::Record;
use crate::job::store::{DeadLetter, JobState};
use crate::outbox::event::{AccountEvent, AccountKind};

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    dead_letters_lie_until_they_are_taken_away(&scene).await;
    states_are_added_up(&scene).await;
    operators_are_made_and_unmade(&scene).await;
}

fn letter(job: &str, event: &str, millis: i64) -> DeadLetter {
    let (user_id, session_id) = (UserId(Uuid::now_v7()), SessionId(Uuid::now_v7()));
    let reason = "a \"text\" \0 Зво́н".to_owned();
    let payload = Payload::SessionEnded { user_id, session_id, reason, ended_at: NOW };
    let (event_id, version) = (event.to_owned(), VERSION.to_owned());
    let envelope = Envelope { event_id, timestamp: NOW.0, version, seq: Some(7), payload };
    let (job, reason) = (job.to_owned(), "it is bad".to_owned());
    let record = Record { key: user_id.0, envelope };
    DeadLetter { job, record, reason, at: NOW.plus_millis(millis) }
}

async fn dead_letters_lie_until_they_are_taken_away(scene: &Scene) {
    let store = &scene.store;
    let letters = [letter("one", "b", 1), letter("one", "a", 2), letter("two", "a", 3)];
    for letter in letters.iter().rev() {
        store.bury(letter).await.unwrap();
    }
    assert_eq!(
        store.dead_letters(None, 9).await.unwrap(),
        letters,
        "as they were, the oldest first"
    );
    assert_eq!(store.dead_letters(None, 1).await.unwrap(), letters[..1]);
    assert_eq!(store.dead_letters(Some("two"), 9).await.unwrap(), letters[2..]);
    let again = DeadLetter { reason: "still \0".to_owned(), at: NOW, ..letters[1].clone() };
    store.bury(&again).await.unwrap();
    let lie = store.dead_letters(Some("one"), 9).await.unwrap();
    assert_eq!((lie.len(), lie[0].at, lie[0].reason.starts_with("still")), (2, NOW, true));
    assert!(store.forget_dead("two", "a").await.unwrap());
    assert!(!store.forget_dead("two", "a").await.unwrap());
    assert_eq!(store.dead_letters(None, 9).await.unwrap().len(), 2);
}

async fn states_are_added_up(scene: &Scene) {
    let store = &scene.store;
    let state = |millis, done, reached, trouble: Option<&str>| JobState {
        job: "three".to_owned(),
        at: NOW.plus_millis(millis),
        done,
        reached: NOW.plus_millis(reached),
        trouble: trouble.map(str::to_owned),
        dead: 0,
    };
    store.note_job(&state(1, 5, 10, Some("away"))).await.unwrap();
    store.note_job(&state(2, 7, 4, None)).await.unwrap();
    let states = store.job_states().await.unwrap();
    let names: Vec<_> = states.iter().map(|state| (&*state.job, state.dead)).collect();
    assert_eq!(names, [("one", 2), ("three", 0)], "that of dead letters, too");
    assert_eq!(states[1], state(2, 12, 10, None));
}

async fn operators_are_made_and_unmade(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let store = &scene.store;
    let place = store.outbox_end().await.unwrap();
    let set = async |user, yes| store.set_operator(user, NOW, yes).await.unwrap();
    assert!(!store.is_operator(ann.user).await.unwrap());
    assert!(set(ann.user, true).await && !set(ann.user, true).await);
    assert!(!set(UserId(Uuid::now_v7()), true).await, "nobody");
    assert!(store.is_operator(ann.user).await.unwrap());
    assert!(!store.is_operator(bob.user).await.unwrap());
    assert_eq!(store.operators().await.unwrap(), [ann.user]);
    assert!(set(ann.user, false).await && !set(ann.user, false).await);
    assert_eq!(store.operators().await.unwrap(), []);
    let told = store.outbox(&place, 9).await.unwrap().0;
    let told: Vec<_> = told.iter().filter_map(|row| row.extra.as_deref()).collect();
    let kinds = [AccountKind::OperatorMade, AccountKind::OperatorUnmade];
    let expected = kinds.map(|kind| vec![AccountEvent { user: ann.user, kind }]);
    let read = |text: &&str| serde_json::from_str::<Vec<AccountEvent>>(text).unwrap();
    assert_eq!(told.iter().map(read).collect::<Vec<_>>(), expected);
    set(bob.user, true).await;
    store.set_disabled(bob.user, NOW, true).await.unwrap();
    assert!(!store.is_operator(bob.user).await.unwrap(), "not with a closed account");
}
