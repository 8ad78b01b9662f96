//! The bus over Redis.

use std::sync::Arc;
use std::time::Duration;

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
        let next = tokio::time::timeout(Duration::from_millis(50), two.next()).await;
        next.is_ok_and(|next| next.as_ref() == Some(&told))
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
