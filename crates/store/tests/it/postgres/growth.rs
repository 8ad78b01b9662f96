//! An append costs the same whatever the length of the chat's past, also on connections that made
//! their plans when there was none, and without the statistics that would make them think again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use zvon_core::chat::store::Author;
use zvon_core::delivery::store::{CursorStore, Move};
use zvon_core::message::store::MessageStore;
use zvon_protocol::ids::ChatId;
use zvon_store::postgres::{Postgres, Settings};

use super::scene::{NOW, group, person, send};
use super::{Place, settings};

/// How much more the long past may cost: a deeper tree and noise, but nothing in proportion.
const MOST: u32 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_does_not_cost_more_with_the_past() {
    let place = Place::new().await;
    for table in ["events", "chats", "members", "sessions", "users", "outbox"] {
        place.sql(&format!("ALTER TABLE {table} SET (autovacuum_enabled = off)"));
    }
    let settings = settings(place.cluster.url(&place.name));
    let one = Settings { send: 1, rest: 1, ..settings };
    let store = Arc::new(Postgres::open(&one).await.unwrap());
    let (ann, bob) = (person(&store).await, person(&store).await);
    let chat = group(&store, ann, &[bob]).await;
    send(&store, ann, chat, 200).await;
    let young = cost(&store, ann, bob, chat).await;
    for _ in 0..200 {
        send(&store, ann, chat, 100).await;
    }
    let old = cost(&store, ann, bob, chat).await;
    assert!(store.heads(&[chat]).await.unwrap()[0].1 > 20_000);
    assert!(old < young * MOST, "{young:?} with 200 messages, {old:?} with 20 000");
}

/// The lower quartile of many appends and the moves of cursors after them.
async fn cost(store: &Arc<Postgres>, ann: Author, bob: Author, chat: ChatId) -> Duration {
    let session = Some(bob.session);
    let all = Move { chat, user: bob.user, session, delivered: u64::MAX, read: u64::MAX };
    let mut times = Vec::new();
    for _ in 0..60 {
        let begun = Instant::now();
        send(store, ann, chat, 4).await;
        assert_eq!(store.move_cursors(NOW, &[all]).await.unwrap().len(), 1);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 4]
}
