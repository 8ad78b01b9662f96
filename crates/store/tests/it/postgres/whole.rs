//! Batches that go in whole, and those that nearly do.

use std::sync::Arc;

use sqlx::Executor;
use zvon_core::chat::store::Author;
use zvon_core::message::store::{Append, Appended, MessageStore};
use zvon_core::outbox::store::{Bookmark, OutboxStore};
use zvon_core::store::Denied;
use zvon_protocol::ids::ChatId;
use zvon_store::postgres::{Postgres, Settings};
use zvon_testkit::pgbouncer::PgBouncer;

use super::scene::{NOW, checked_log, group, person, text};
use super::{Place, settings};

/// A row whose cursor somebody else moved while the batch waited for it goes on from there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_that_was_moved_meanwhile_goes_on_from_there() {
    let place = Place::new().await;
    let store = place.open().await;
    let (ann, bob) = (person(&store).await, person(&store).await);
    let chats = [group(&store, ann, &[bob]).await, group(&store, ann, &[bob]).await];
    for chat in chats {
        let rows = [text(ann, chat), text(ann, chat), text(ann, chat)];
        store.append(NOW, &rows).await.unwrap();
    }
    let mut other = place.connect().await;
    let moved = format!(
        "BEGIN; UPDATE members SET delivered_seq = 4 WHERE chat_id = '{}' AND user_id = '{}'",
        chats[1].0, bob.user.0
    );
    other.execute(sqlx::AssertSqlSafe(moved)).await.unwrap();
    let batch = {
        let (store, present) = (Arc::clone(&store), vec![bob.user]);
        let rows = chats.map(|chat| Append { present: present.clone(), ..text(ann, chat) });
        tokio::spawn(async move { store.append(NOW, &rows).await.unwrap() })
    };
    while place.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0" {
        tokio::task::yield_now().await;
    }
    other.execute("COMMIT").await.unwrap();
    let mut moved = batch.await.unwrap().moved;
    moved.retain(|step| step.user == bob.user);
    moved.sort_by_key(|step| step.chat);
    let steps: Vec<_> = moved.iter().map(|step| (step.chat, step.delivered)).collect();
    let mut expected = [(chats[0], (1, 5)), (chats[1], (4, 5))];
    expected.sort_unstable();
    assert_eq!(steps, expected);
    let cursors = format!(
        "SELECT string_agg(delivered_seq::text, ',') FROM members WHERE user_id = '{}'",
        bob.user.0
    );
    assert_eq!(place.sql(&cursors), "5,5");
}

/// One row that may not go in, of any kind and anywhere in the batch, keeps no other out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_go_in_is_named_and_the_rest_goes_in() {
    let place = Place::new().await;
    let pooler = PgBouncer::start(place.cluster, 4);
    let pooled = Settings { pooled: true, ..settings(pooler.url(&place.name)) };
    for store in [place.open().await, Arc::new(Postgres::open(&pooled).await.unwrap())] {
        let (ann, eve) = (person(&store).await, person(&store).await);
        let (chat, nowhere) = (group(&store, ann, &[]).await, ChatId(uuid::Uuid::now_v7()));
        let known = mixed(&store, ann, chat, None).await;
        let another = Append { sender: eve.user, ..text(ann, chat) };
        let cases = [
            (known.clone(), Appended::Repeated(known.stored(2, 1, NOW))),
            (text(eve, chat), Appended::Denied(Denied::NotAMember)),
            (text(ann, nowhere), Appended::Denied(Denied::NoChat)),
            (another, Appended::Denied(Denied::Revoked)),
        ];
        for (bad, verdict) in cases {
            mixed(&store, ann, chat, Some((bad, verdict))).await;
        }
        let outbox = store.outbox(&Bookmark::default(), 1000).await.unwrap().0;
        let mut spans = outbox.iter().flat_map(|row| &row.spans).filter(|span| span.0 == chat);
        let mut next = 1;
        assert!(spans.all(|(_, low, high)| std::mem::replace(&mut next, high + 1) == *low));
        assert_eq!(checked_log(&store, chat).await.len() as u64, next - 2);
    }
}

/// Three rows, and between them one that gets another verdict; the first of them.
async fn mixed(
    store: &Postgres,
    ann: Author,
    chat: ChatId,
    bad: Option<(Append, Appended)>,
) -> Append {
    let mut rows = vec![text(ann, chat), text(ann, chat), text(ann, chat)];
    rows[1].client_id = Some("it's \"own\", \\, ю".to_owned());
    rows[2].content = "NULL".to_owned();
    let first = rows[0].clone();
    let verdict = bad.map(|(row, verdict)| {
        rows.insert(1, row);
        verdict
    });
    let before = checked_log(store, chat).await.len() as u64;
    let verdicts = store.append(NOW, &rows).await.unwrap().verdicts;
    let mut places = Vec::new();
    for (index, found) in verdicts.iter().enumerate() {
        match found {
            Appended::Stored { seq, msg_no, .. } => places.push((*seq, *msg_no)),
            other => assert!(index == 1 && Some(other) == verdict.as_ref(), "{other:?}"),
        }
    }
    let expected: Vec<_> = (1..=3).map(|n| (before + n + 1, before + n)).collect();
    assert_eq!(places, expected);
    for row in rows.iter().filter(|row| row.client_id.is_some() || row.content == "NULL") {
        let stored = store.message(row.id).await.unwrap().unwrap();
        assert_eq!((&stored.client_id, &stored.content), (&row.client_id, &row.content));
    }
    first
}
