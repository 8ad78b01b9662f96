//! The bus over Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use zvon_backplane::bus::{Codec, RedisBus};
use zvon_core::contract;
use zvon_core::contract::bus::news;
use zvon_core::delivery::bus::{Bus, News};
use zvon_protocol::ids::ChatId;
use zvon_testkit::redis::{Cluster, Sentinel, Server};

use crate::support::{link, until};

const SOON: Duration = Duration::from_secs(10);

async fn end(url: &str, node: &str) -> Arc<RedisBus> {
    let bus = RedisBus::new(link(url).await, Codec::new(node, "epoch", b"key"));
    assert!(bus.ready(SOON).await, "it does not hear");
    Arc::new(bus)
}

async fn suite(url: &str) {
    contract::bus::run(async || (end(url, "one").await as _, end(url, "two").await as _)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_on_one_server() {
    let server = Server::start();
    suite(&server.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_in_a_cluster() {
    let cluster = Cluster::start();
    suite(&cluster.url()).await;
}

/// Says something until it is heard; how long that took.
async fn heard_again(one: &RedisBus, two: &RedisBus, chat: ChatId) -> Duration {
    let told = news(chat, 1);
    until(SOON, "heard", async || {
        one.publish(told.clone());
        while let Ok(next) = tokio::time::timeout(Duration::from_millis(50), two.next()).await {
            if next.as_ref() == Some(&told) {
                return true;
            }
        }
        false
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_are_made_again() {
    let mut server = Server::start();
    let (one, two) = (end(&server.url(), "one").await, end(&server.url(), "two").await);
    let chat = ChatId(Uuid::new_v4());
    two.follow(&[chat]).await;
    heard_again(&one, &two, chat).await;
    for round in 0..3 {
        let killed: u32 = server.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]).parse().unwrap();
        assert!(killed > 0, "there was a connection to kill");
        println!("{round}: heard {:?} after a kill", heard_again(&one, &two, chat).await);
    }
    server.pause();
    let other = [ChatId(Uuid::new_v4())];
    let frozen = tokio::time::timeout(Duration::from_secs(1), two.follow(&other));
    frozen.await.expect("following waits for nobody");
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.resume();
    println!("heard {:?} after a pause", heard_again(&one, &two, chat).await);
    server.kill9();
    (0..100_000).for_each(|seq| one.publish(news(chat, seq)));
    server.restart();
    println!("heard {:?} after a restart", heard_again(&one, &two, chat).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_follows_a_failover() {
    let mut sentinel = Sentinel::start();
    let url = sentinel.url();
    let (one, two) = (end(&url, "one").await, end(&url, "two").await);
    let chat = ChatId(Uuid::new_v4());
    two.follow(&[chat]).await;
    heard_again(&one, &two, chat).await;
    sentinel.master().kill9();
    println!("heard {:?} after a failover", heard_again(&one, &two, chat).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_on_the_channel_is_not_believed() {
    let server = Server::start();
    let two = end(&server.url(), "two").await;
    let (chat, told) = (ChatId(Uuid::new_v4()), |codec: &Codec, news: &News| codec.encode(news));
    two.follow(&[chat]).await;
    let forged = told(&Codec::new("one", "epoch", b"guess"), &news(chat, 1)).unwrap();
    let right = told(&Codec::new("one", "epoch", b"key"), &news(chat, 2)).unwrap();
    let link = redis::Client::open(server.url()).unwrap();
    let mut link = link.get_multiplexed_async_connection().await.unwrap();
    for (channel, body) in [(forged.0.clone(), b"junk".to_vec()), forged, right] {
        let heard: u32 =
            redis::cmd("SPUBLISH").arg(channel).arg(body).query_async(&mut link).await.unwrap();
        assert_eq!(heard, 1);
    }
    let Some(News::Log { events, .. }) = two.next().await else { panic!("nothing was heard") };
    assert_eq!(events[0].0.seq, 2);
    two.close();
    assert_eq!(two.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_cluster_comes_back() {
    let mut cluster = Cluster::start();
    let url = cluster.url();
    let (one, two) = (end(&url, "one").await, end(&url, "two").await);
    let chats: Vec<ChatId> = (0..20).map(|_| ChatId(Uuid::new_v4())).collect();
    two.follow(&chats).await;
    for chat in &chats {
        heard_again(&one, &two, *chat).await;
    }
    cluster.nodes()[1].kill9();
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.nodes()[1].restart();
    for chat in &chats {
        heard_again(&one, &two, *chat).await;
    }
}

/// Of all that is heard next, so many with at least that seq: which.
async fn heard_from(bus: &RedisBus, first: u64, count: usize) -> Vec<u64> {
    let mut heard = Vec::new();
    while heard.len() < count {
        let next = tokio::time::timeout(SOON, bus.next()).await;
        let next = next.unwrap_or_else(|_| panic!("{} of {count} arrive", heard.len()));
        let Some(News::Log { events, .. }) = next else { panic!("no news of a log: {next:?}") };
        heard.extend(Some(events[0].0.seq).filter(|seq| *seq >= first));
    }
    heard.sort_unstable();
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_follow_slots_that_move() {
    let mut cluster = Cluster::start();
    let url = cluster.url();
    let (one, two) = (end(&url, "one").await, end(&url, "two").await);
    // Each of another partition.
    let chats: Vec<ChatId> = (32..56).map(|last| ChatId(Uuid::from_u128(last))).collect();
    two.follow(&chats).await;
    for (last, chat) in (32..).zip(&chats) {
        let slot = cluster.slot(&format!("zvon:log:{{{last}}}"));
        let owner = usize::from(slot / 5461).min(2);
        // News are under way while it moves: each is heard once, or not at all.
        one.publish(news(*chat, 1));
        cluster.hand_over(slot, owner, (owner + 1) % 3);
        one.publish(news(*chat, 2));
    }
    let moved = Instant::now();
    for chat in &chats {
        heard_again(&one, &two, *chat).await;
    }
    println!("heard {:?} after the last moved", moved.elapsed());
    assert!(moved.elapsed() < Duration::from_secs(3), "{:?}", moved.elapsed());
    // All is well again: nothing is lost, nothing comes twice.
    let told = |seq| chats.iter().for_each(|chat| one.publish(news(*chat, seq)));
    (10..20).for_each(told);
    let each = |seq| chats.iter().map(move |_| seq);
    let all: Vec<u64> = (10..20).flat_map(each).collect();
    assert_eq!(heard_from(&two, 10, all.len()).await, all);
    told(20);
    assert_eq!(heard_from(&two, 10, chats.len()).await, each(20).collect::<Vec<u64>>());
    let subscribed = |node: &Server| node.cli(&["PUBSUB", "SHARDCHANNELS"]).lines().count();
    assert_eq!(cluster.nodes().iter().map(subscribed).sum::<usize>(), chats.len() + 1);
}
