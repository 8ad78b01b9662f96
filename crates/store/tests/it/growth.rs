//! An append costs the same whatever the length of the chat's past.

use std::time::{Duration, Instant};

use zvon_core::message::store::MessageStore;

use crate::Place;
use crate::scene::Scene;

/// How much more the long past may cost: a deeper tree and noise, but nothing in proportion.
const MOST: u32 = 4;

#[tokio::test]
async fn an_append_does_not_cost_more_with_the_past() {
    let place = Place::new();
    let store = place.open().await;
    let scene = Scene::new(&store).await;
    scene.send(&store, 0..200).await;
    let young = cost(&store, &scene).await;
    lengthen(&place, &scene, 200_000).await;
    let old = cost(&store, &scene).await;
    assert!(store.heads(&[scene.chat]).await.unwrap()[0].1 > 200_000);
    assert!(old < young * MOST, "{young:?} with 200 messages, {old:?} with 200 000");
}

/// Gives the chat a longer past than the seam could in the time of a test.
async fn lengthen(place: &Place, scene: &Scene, by: i64) {
    const EVENTS: &str = "WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more \
            WHERE n < ?2) \
        INSERT INTO events (chat_id, seq, msg_no, at, kind, actor, id, content) \
        SELECT id, last_seq + n, msg_no + n, last_at, 1, ?3, randomblob(16), 'as long as ever' \
        FROM chats, more WHERE id = ?1";
    const CHAT: &str = "UPDATE chats SET last_seq = last_seq + ?2, msg_no = msg_no + ?2, \
        last_message = last_seq + ?2 WHERE id = ?1";
    let raw = place.raw().await;
    let events = sqlx::query(EVENTS).bind(scene.chat.0).bind(by).bind(scene.author.user.0);
    events.execute(&raw).await.unwrap();
    sqlx::query(CHAT).bind(scene.chat.0).bind(by).execute(&raw).await.unwrap();
    raw.close().await;
}

/// The lower quartile of many appends: what they cost when nothing else is in the way.
async fn cost(store: &zvon_store::sqlite::Sqlite, scene: &Scene) -> Duration {
    let mut times = Vec::new();
    for round in 0..100 {
        let begun = Instant::now();
        scene.send(store, round * 16..(round + 1) * 16).await;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 4]
}
