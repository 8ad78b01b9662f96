//! Presence in Redis against presence in memory: random beginnings and ends at two nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::{Strategy, prop, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use redis::aio::MultiplexedConnection;
use uuid::Uuid;
use zvon_backplane::presence::{MemoryPresence, RedisPresence};
use zvon_core::clock::ManualClock;
use zvon_core::presence::{Presence, Transition};
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;
use zvon_testkit::redis::Server;

use crate::support::{link, until};

const GRACE: Duration = Duration::from_secs(10);

const EARLIER: &str = "for _, k in ipairs(redis.call('KEYS', 'pres:*:grace')) do \
    for _, m in ipairs(redis.call('ZRANGE', k, 0, -1)) do \
    redis.call('ZINCRBY', k, -ARGV[1], m) end end return 1";

#[derive(Clone, Debug)]
enum Step {
    Up(usize, usize, u8),
    Down(usize, usize, u8),
    /// Whole seconds: Redis' clock goes on by itself meanwhile, by less than one.
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = (0_usize..2, 0_usize..3, 0_u8..2);
    prop_oneof![
        4 => who.clone().prop_map(|(node, user, name)| Step::Up(node, user, name)),
        4 => who.prop_map(|(node, user, name)| Step::Down(node, user, name)),
        3 => (1_i64..12).prop_map(Step::Pass),
    ]
}

/// Both, side by side.
struct Pair {
    nodes: [RedisPresence; 2],
    memory: MemoryPresence,
    clock: Arc<ManualClock>,
    redis: MultiplexedConnection,
    users: Vec<UserId>,
    versions: BTreeMap<UserId, u64>,
}

impl Pair {
    async fn step(&mut self, step: &Step) {
        match *step {
            Step::Up(node, user, name) => {
                let (user, name) = (self.users[user], format!("{node} {name}"));
                let heard = self.nodes[node].up(user, &name).await.unwrap();
                let expected = self.memory.up(user, &name).await.unwrap();
                self.agree(heard.as_slice(), expected.as_slice());
            }
            Step::Down(node, user, name) => {
                let (user, name) = (self.users[user], format!("{node} {name}"));
                self.nodes[node].down(user, &name).await.unwrap();
                self.memory.down(user, &name).await.unwrap();
            }
            Step::Pass(seconds) => {
                self.clock.advance(seconds * 1000);
                let mut earlier = redis::cmd("EVAL");
                earlier.arg(EARLIER).arg(0).arg(seconds * 1000);
                let _: u32 = earlier.query_async(&mut self.redis).await.unwrap();
            }
        }
    }

    /// Both heard of the same changes, and versions rose.
    fn agree(&mut self, heard: &[Transition], expected: &[Transition]) {
        let heard: Vec<_> = heard.iter().filter(|t| self.users.contains(&t.user)).collect();
        let set: BTreeSet<_> = heard.iter().map(|t| (t.user, t.online)).collect();
        assert_eq!(set, expected.iter().map(|t| (t.user, t.online)).collect());
        assert_eq!(set.len(), heard.len(), "told twice");
        for told in heard {
            let last = self.versions.insert(told.user, told.version);
            assert!(last.is_none_or(|last| last < told.version));
        }
    }

    async fn compare(&mut self, by: usize) {
        let heard = self.nodes[by].sweep().await.unwrap();
        let expected = self.memory.sweep().await.unwrap();
        self.agree(&heard, &expected);
        let states = self.nodes[1 - by].states(&self.users).await.unwrap();
        let expected = self.memory.states(&self.users).await.unwrap();
        let online = |states: &[Option<Transition>]| -> Vec<_> {
            states.iter().map(|state| state.map(|state| state.online)).collect()
        };
        assert_eq!(online(&states), online(&expected));
        let found = self.nodes[by].online(10_000).await.unwrap();
        for (user, state) in self.users.iter().zip(expected) {
            assert_eq!(found.contains(user), state.is_some_and(|state| state.online));
        }
    }
}

async fn pair(url: &str) -> Pair {
    let clock = Arc::new(ManualClock::at(Timestamp(1_000_000)));
    let node = async || RedisPresence::new(link(url).await, GRACE);
    let nodes = [node().await, node().await];
    let redis = redis::Client::open(url).unwrap();
    let redis = redis.get_multiplexed_async_connection().await.unwrap();
    until(Duration::from_secs(5), "leases", async || {
        let mut redis = redis.clone();
        let count =
            redis::cmd("ZCARD").arg("pres:{nodes}:leases").query_async::<u32>(&mut redis).await;
        count == Ok(2)
    })
    .await;
    Pair {
        nodes,
        memory: MemoryPresence::new(Arc::clone(&clock) as _, GRACE),
        clock,
        redis,
        users: Vec::new(),
        versions: BTreeMap::new(),
    }
}

#[test]
fn redis_and_memory_tell_the_same_story() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = Server::start();
    let pair = tokio::sync::Mutex::new(runtime.block_on(pair(&server.url())));
    let steps = prop::collection::vec(step(), 1..40);
    let outcome =
        TestRunner::new(Config { cases: 100, failure_persistence: None, ..Config::default() }).run(
            &steps,
            |steps| {
                runtime.block_on(async {
                    let mut pair = pair.lock().await;
                    // People of their own for each case; of those before, all that was to be told was.
                    pair.users = (0..3).map(|_| UserId(Uuid::new_v4())).collect();
                    for (index, step) in steps.iter().enumerate() {
                        pair.step(step).await;
                        pair.compare(index % 2).await;
                    }
                    for (user, name) in (0..3).flat_map(|user| (0..2).map(move |name| (user, name)))
                    {
                        pair.step(&Step::Down(0, user, name)).await;
                        pair.step(&Step::Down(1, user, name)).await;
                    }
                    pair.step(&Step::Pass(11)).await;
                    pair.compare(0).await;
                });
                Ok(())
            },
        );
    outcome.unwrap();
}
