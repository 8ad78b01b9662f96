//! The audit log: appended once, in a chain, by several at a time.

use uuid::Uuid;
use zvon_protocol::ids::UserId;
use zvon_protocol::record::Outcome;

use super::Subject;
use super::scene::{NOW, Scene};
use crate::audit::store::Filter;
use crate::audit::verify::{Fault, Verifier};
use crate::audit::{Entry, Head, Row};

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    it_begins_with_nothing(&scene).await;
    entries_stand_in_a_chain_as_they_are_given(&scene).await;
    what_comes_again_is_passed_over(&scene).await;
    it_is_read_by_what_one_looks_for(&scene).await;
    several_append_at_a_time(&scene).await;
}

fn entry(event_id: &str, millis: i64, action: &str) -> Entry {
    Entry {
        event_id: event_id.to_owned(),
        at: NOW.plus_millis(millis),
        actor: None,
        user: None,
        action: action.to_owned(),
        resource: "account".to_owned(),
        resource_id: "x".to_owned(),
        outcome: Outcome::Success,
        address: None,
        device: None,
        details: None,
    }
}

/// All rows, which must be a chain.
async fn checked(scene: &Scene) -> Result<Vec<Row>, Fault> {
    let rows = scene.store.audit_rows(0, 100_000).await.unwrap();
    let mut verifier = Verifier::new(None);
    rows.iter().try_for_each(|row| verifier.check(row))?;
    verifier.end(scene.store.audit_head().await.unwrap())?;
    Ok(rows)
}

async fn it_begins_with_nothing(scene: &Scene) {
    assert_eq!(scene.store.audit_head().await.unwrap(), Head::START);
    assert_eq!(checked(scene).await, Ok(vec![]));
    assert_eq!(scene.store.append_audit(&[]).await.unwrap(), Head::START);
}

async fn entries_stand_in_a_chain_as_they_are_given(scene: &Scene) {
    let full = Entry {
        actor: Some(UserId(Uuid::now_v7())),
        user: Some(UserId(Uuid::now_v7())),
        outcome: Outcome::Failure,
        address: Some("2001:db8::1".to_owned()),
        device: Some("a \"browser\" \\ Зво́н 🔔".to_owned()),
        details: Some("{\"a\":\"\\u0000\"}".to_owned()),
        ..entry("full", 1, "session.refused")
    };
    let given = [full, entry("bare", 0, "account.made")];
    let head = scene.store.append_audit(&given).await.unwrap();
    let rows = checked(scene).await.unwrap();
    let kept: Vec<_> = rows.iter().map(|row| row.entry.clone()).collect();
    assert_eq!(kept, given);
    assert_eq!((head.seq, head.hash), (2, rows[1].hash));
    assert_eq!(scene.store.audit_rows(1, 9).await.unwrap(), rows[1..]);
    assert_eq!(scene.store.audit_rows(0, 1).await.unwrap(), rows[..1]);
}

async fn what_comes_again_is_passed_over(scene: &Scene) {
    let twice = [entry("bare", 5, "a"), entry("new", 6, "b"), entry("new", 7, "c")];
    let head = scene.store.append_audit(&twice).await.unwrap();
    assert_eq!(head.seq, 3);
    assert_eq!(scene.store.append_audit(&twice).await.unwrap(), head);
    assert_eq!(checked(scene).await.unwrap()[2].entry, twice[1]);
}

async fn it_is_read_by_what_one_looks_for(scene: &Scene) {
    let (ann, bob) = (UserId(Uuid::now_v7()), UserId(Uuid::now_v7()));
    let of = |event: &str, at, action: &str, actor: UserId, user: UserId| Entry {
        actor: Some(actor),
        user: Some(user),
        ..entry(event, at, action)
    };
    let rows = [
        of("1", 1000, "member.added", ann, bob),
        of("2", 2000, "member.added", bob, bob),
        of("3", 3000, "session.started", ann, ann),
        of("4", 4000, "member.added", bob, ann),
    ];
    scene.store.append_audit(&rows).await.unwrap();
    let found = async |filter: Filter| {
        let rows = scene.store.audit_page(&filter, 100).await.unwrap();
        let numbers = rows.into_iter().filter_map(|row| row.entry.event_id.parse::<u8>().ok());
        numbers.collect::<Vec<_>>()
    };
    let all = Filter::default();
    assert_eq!(found(all.clone()).await, [4, 3, 2, 1], "the newest first");
    assert_eq!(found(Filter { user: Some(ann), ..all.clone() }).await, [4, 3, 1], "of and by");
    let added = Some("member.added".to_owned());
    assert_eq!(found(Filter { action: added.clone(), ..all.clone() }).await, [4, 2, 1]);
    assert_eq!(found(Filter { user: Some(ann), action: added, ..all.clone() }).await, [4, 1]);
    let (since, until) = (Some(NOW.plus_millis(2000)), Some(NOW.plus_millis(4000)));
    assert_eq!(found(Filter { since, until, ..all.clone() }).await, [3, 2]);
    let page = scene.store.audit_page(&all, 2).await.unwrap();
    assert_eq!(page.len(), 2);
    let before = page.last().map(|row| row.seq);
    assert_eq!(found(Filter { before, ..all.clone() }).await, [2, 1]);
    assert_eq!(found(Filter { action: Some("\0".to_owned()), ..all }).await, [0; 0]);
}

async fn several_append_at_a_time(scene: &Scene) {
    let before = checked(scene).await.unwrap().len();
    let writers = (0..4).map(|writer| {
        let store = std::sync::Arc::clone(&scene.store);
        tokio::spawn(async move {
            for round in 0..10 {
                // Every second one is given by two of them.
                let event = |number: i32| match number % 2 {
                    0 => format!("shared {} {round} {number}", writer / 2),
                    _ => format!("own {writer} {round} {number}"),
                };
                let some: Vec<_> =
                    (0..6).map(|number| entry(&event(number), 0, "session.started")).collect();
                store.append_audit(&some).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let rows = checked(scene).await.unwrap();
    assert_eq!(rows.len() - before, 4 * 10 * 3 + 2 * 10 * 3, "each once");
}
