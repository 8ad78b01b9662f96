//! What presence and limits cost Redis: memory per user, time per call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use zvon_backplane::limiter::RedisLimiter;
use zvon_backplane::node::Alone;
use zvon_backplane::presence::RedisPresence;
use zvon_core::limiter::{Decision, Limiter, Window};
use zvon_core::presence::Presence;
use zvon_protocol::ids::UserId;
use zvon_testkit::redis::Server;

use crate::support::link;

/// Users, each with one connection and every limit used up.
const USERS: usize = 500;

/// The classes that a user meets, with their limits.
const CLASSES: [(&str, u32); 4] = [("message", 10), ("event", 100), ("pin", 5), ("forward", 3)];

/// Bytes of all keys, with what the tables hold for them.
fn used(server: &Server) -> usize {
    const ALL: &str = "local all = 0 for _, key in ipairs(redis.call('KEYS', '*')) do \
        all = all + redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) end return all";
    server.cli(&["EVAL", ALL, "0"]).parse().unwrap()
}

/// Microseconds of Redis for each call of a script since the last reset.
fn each_call(server: &Server) -> f64 {
    let info = server.cli(&["INFO", "commandstats"]);
    let line = info.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap();
    let number = line.split(',').find_map(|part| part.strip_prefix("usec_per_call="));
    let number = number.unwrap().parse().unwrap();
    assert_eq!(server.cli(&["CONFIG", "RESETSTAT"]), "OK");
    number
}

async fn use_up(limiter: Arc<RedisLimiter>, users: Vec<UserId>) {
    for user in users {
        for (class, limit) in CLASSES {
            for _ in 0..limit {
                let window = Window::per_minute(limit);
                let decision = limiter.check(&user.to_string(), class, window).await;
                assert!(matches!(decision, Decision::Allowed { .. }));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_costs_less_than_half_of_what_the_analysis_planned() {
    let server = Server::start();
    let link = link(&server.url()).await;
    let presence = RedisPresence::new(Arc::clone(&link), Duration::from_secs(10));
    let users: Vec<UserId> = (0..USERS).map(|_| UserId(Uuid::now_v7())).collect();
    let connection = Uuid::now_v7().to_string();
    let empty = used(&server);
    each_call(&server);
    for user in &users {
        assert!(presence.up(*user, &connection).await.unwrap().is_some());
    }
    let up = each_call(&server);
    let mut times = Vec::new();
    for user in &users {
        let begun = Instant::now();
        assert!(presence.states(&[*user]).await.unwrap()[0].is_some());
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    println!("a state: p50 {:?}, p99 {:?}", times[USERS / 2], times[USERS * 99 / 100]);
    let present = used(&server);
    let limiter = Arc::new(RedisLimiter::new(link, Arc::new(Alone)));
    let parts =
        users.chunks(USERS / 16 + 1).map(|part| use_up(Arc::clone(&limiter), part.to_vec()));
    let parts: Vec<_> = parts.map(tokio::spawn).collect();
    for part in parts {
        part.await.unwrap();
    }
    let check = each_call(&server);
    let limited = used(&server);
    for user in &users {
        presence.down(*user, &connection).await.unwrap();
    }
    let down = each_call(&server);
    for _ in 0..20 {
        assert!(presence.sweep().await.unwrap().is_empty());
    }
    let sweep = each_call(&server);
    let (presence, limits) = ((present - empty) / USERS, (limited - present) / USERS);
    println!("a user: presence {presence} bytes, limits {limits} bytes");
    println!("a call: up {up} µs, down {down} µs, limit {check} µs, sweep of a bucket {sweep} µs");
    assert!(presence + limits < 5632, "half of 11 KiB: {presence} + {limits}");
    // Far above what it takes on a quiet machine, far below what a mistake would cost.
    for time in [up, down, check, sweep] {
        assert!(time < 200.0, "{time} µs");
    }
}
