//! Nodes on a Redis Cluster.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use zvon_socketio::Target;
use zvon_socketio_redis::{Config, SubscriptionMode};
use zvon_testkit::redis::Cluster;

use crate::support::{Client, Node, event, soon, until};

/// How long after a failover, on a machine that does other things besides.
const PATIENCE: Duration = Duration::from_secs(30);

fn config(cluster: &Cluster) -> Config {
    let url = cluster.url().replace("+cluster", "");
    let (scheme, hosts) = url.split_once("://").expect("an address");
    let urls = hosts.split(',').map(|host| format!("{scheme}://{host}")).collect();
    Config { urls, cluster: true, ..Config::new("") }
}

/// Rooms enough for every master to have some; each with the place of its master.
fn rooms(cluster: &Cluster, count: usize) -> Vec<(String, usize)> {
    let name = |number| format!("room:{number}");
    let with = |room: String| {
        let slot = cluster.slot(&format!("socket.io#/#{room}#"));
        (room, usize::from(slot / 5461).min(2))
    };
    (0..count).map(|number| with(name(number))).collect()
}

fn names(rooms: &[(String, usize)]) -> Vec<&str> {
    rooms.iter().map(|(room, _)| room.as_str()).collect()
}

/// Everything up to the event of that name: for each event, how often it came.
async fn all_until(client: &mut Client, end: &str) -> Vec<(String, usize)> {
    let mut came: Vec<(String, usize)> = Vec::new();
    loop {
        let text = client.next().await;
        if text.contains(end) {
            return came;
        }
        match came.iter_mut().find(|(other, _)| *other == text) {
            Some((_, count)) => *count += 1,
            None => came.push((text, 1)),
        }
    }
}

/// Says something in each room until it is heard there; nothing is heard twice.
async fn heard_again(one: &Node, there: &mut Client, rooms: &[(String, usize)]) -> Duration {
    static NEXT: AtomicU64 = AtomicU64::new(1_000_000);
    let (started, mut heard) = (Instant::now(), HashSet::new());
    for (room, _) in rooms {
        let mut said = HashSet::new();
        while said.is_disjoint(&heard) {
            assert!(started.elapsed() < PATIENCE, "{room} hears nothing");
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            one.namespace.to(room).emit(&event("again", number));
            said.insert(format!(r#"42["again",{number}]"#));
            let soon = tokio::time::timeout(Duration::from_millis(100), there.next()).await;
            if let Ok(text) = soon {
                assert!(heard.insert(text.clone()), "twice: {text}");
            }
        }
    }
    started.elapsed()
}

fn channels(cluster: &mut Cluster) -> Vec<usize> {
    let count = |said: String| said.lines().filter(|line| !line.is_empty()).count();
    let nodes = cluster.nodes().iter();
    nodes.map(|node| count(node.cli(&["PUBSUB", "SHARDCHANNELS"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_hears_everything_once_in_every_mode() {
    use SubscriptionMode::{Dynamic, DynamicPrivate, Static};
    let mut cluster = Cluster::start();
    let rooms = rooms(&cluster, 30);
    for mode in [Static, Dynamic, DynamicPrivate] {
        let config = || Config { mode, ..config(&cluster) };
        let (one, other) = (Node::start(config()).await, Node::start(config()).await);
        let mut there = other.client_in(&names(&rooms)).await;
        for (number, (room, _)) in (0..).zip(&rooms) {
            one.namespace.to(room).emit(&event("e", number));
        }
        one.namespace.to("room:1").to("room:2").emit(&event("both", 1));
        one.namespace.to(&there.id).emit(&event("you", 1));
        let mut came = Vec::new();
        while came.len() < rooms.len() + 2 {
            came.push(there.next().await);
        }
        one.namespace.all().emit(&event("end", 1));
        assert_eq!(all_until(&mut there, "end").await, [], "{mode:?}");
        came.sort();
        came.dedup();
        assert_eq!(came.len(), rooms.len() + 2);
        assert_eq!(one.adapter.peers("/").await.expect("a number"), 1);
        let everybody = Target::default();
        let found = one.adapter.fetch_sockets("/", &everybody, PATIENCE).await.expect("all");
        assert_eq!(found.len(), 1);
        // All nodes', each one's own, and the rooms', once each.
        let more = [0, rooms.len(), rooms.len() + 1][mode as usize];
        assert_eq!(channels(&mut cluster).iter().sum::<usize>(), 3 + more);
        if mode != Static {
            assert!(channels(&mut cluster).iter().all(|count| *count > 0), "every master has some");
        }
        assert_eq!(other.adapter.stats().connected.get(), 6);
        other.close().await;
        one.close().await;
        assert_eq!(channels(&mut cluster), [0, 0, 0], "who goes leaves nothing behind");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_follow_slots_that_move() {
    let mut cluster = Cluster::start();
    let rooms = rooms(&cluster, 24);
    let (one, other) = (Node::start(config(&cluster)).await, Node::start(config(&cluster)).await);
    let mut there = other.client_in(&names(&rooms)).await;
    let before = other.adapter.stats().dials.get();
    for (number, (room, master)) in (0..).zip(&rooms) {
        let slot = cluster.slot(&format!("socket.io#/#{room}#"));
        // Messages are under way while it moves: each comes once, or not at all.
        one.namespace.to(room).emit(&event("e", number));
        cluster.hand_over(slot, *master, (master + 1) % 3);
        one.namespace.to(room).emit(&event("e", number + 100));
    }
    println!("heard {:?} after the last moved", heard_again(&one, &mut there, &rooms).await);
    soon(other.adapter.subscribed()).await;
    until(|| one.adapter.stats().queued_bytes.get() == 0).await;
    one.namespace.to(&there.id).emit(&event("end", 1));
    let came = all_until(&mut there, "end").await;
    assert!(came.iter().all(|(_, count)| *count == 1), "{came:?}");
    assert_eq!(channels(&mut cluster).iter().sum::<usize>(), 3 + rooms.len());
    let stats = other.adapter.stats();
    assert_eq!((stats.dials.get(), stats.astray.get()), (before, 0), "without a new connection");
    assert_eq!(one.adapter.stats().refused.get(), 0);
    assert_eq!(one.adapter.peers("/").await.expect("a number"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_dies_and_its_replica_takes_its_place() {
    let mut cluster = Cluster::with_replica();
    let rooms = rooms(&cluster, 24);
    let (one, other) = (Node::start(config(&cluster)).await, Node::start(config(&cluster)).await);
    let (mut here, mut there) =
        (one.client_in(&names(&rooms)).await, other.client_in(&names(&rooms)).await);
    heard_again(&one, &mut there, &rooms).await;
    cluster.nodes()[0].kill9();
    let gone = Instant::now();
    let (dead, alive): (Vec<_>, Vec<_>) = rooms.into_iter().partition(|(_, master)| *master == 0);
    assert!(!dead.is_empty() && !alive.is_empty());
    let local = Instant::now();
    assert_eq!(one.namespace.to(&dead[0].0).emit(&event("alone", 1)), 1);
    while here.next().await != r#"42["alone",1]"# {}
    assert!(local.elapsed() < Duration::from_millis(500), "nobody here waits for Redis");
    heard_again(&one, &mut there, &alive).await;
    println!("the others go on: heard {:?} after the death", gone.elapsed());
    let replica = |node: &zvon_testkit::redis::Server| node.cli(&["ROLE"]).starts_with("master");
    tokio::task::block_in_place(|| cluster.nodes()[3].wait_for(replica));
    let promoted = gone.elapsed();
    heard_again(&one, &mut there, &dead).await;
    println!("promoted after {promoted:?}, heard everywhere after {:?}", gone.elapsed());
    soon(other.adapter.subscribed()).await;
    // The former master comes back, as a replica, and changes nothing.
    cluster.nodes()[0].restart();
    heard_again(&one, &mut there, &dead).await;
    heard_again(&one, &mut there, &alive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_away_holds_up_no_other() {
    let mut cluster = Cluster::start();
    let rooms = rooms(&cluster, 12);
    let frozen = 1;
    let config = || Config { timeout: Duration::from_millis(300), ..config(&cluster) };
    let (one, other) = (Node::start(config()).await, Node::start(config()).await);
    let mut there = other.client_in(&names(&rooms)).await;
    let (there_too, rest): (Vec<_>, Vec<_>) =
        rooms.into_iter().partition(|(_, master)| *master == frozen);
    cluster.nodes()[frozen].pause();
    until(|| one.adapter.stats().connected.get() == 4).await;
    heard_again(&one, &mut there, &rest).await;
    cluster.nodes()[frozen].resume();
    println!("heard {:?} after it went on", heard_again(&one, &mut there, &there_too).await);
    soon(other.adapter.subscribed()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_start_without_the_cluster_and_find_it() {
    let mut cluster = Cluster::start();
    cluster.nodes().iter_mut().for_each(zvon_testkit::redis::Server::kill9);
    let node = Node::start_alone(config(&cluster)).await;
    let mut client = node.client().await;
    node.namespace.all().emit(&event("alone", 1));
    assert_eq!(client.next().await, r#"42["alone",1]"#);
    assert!(node.adapter.peers("/").await.is_err());
    cluster.nodes().iter_mut().for_each(zvon_testkit::redis::Server::restart);
    tokio::time::timeout(PATIENCE, node.adapter.subscribed()).await.expect("it finds them");
    assert_eq!(channels(&mut cluster).iter().sum::<usize>(), 2);
}
