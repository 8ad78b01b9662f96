//! How fast the relay brings a backlog to an event log that costs nothing, and how soon after its
//! commit an event is there at a steady rate. On SQLite and on PostgreSQL.
//!
//! `cargo run --release -p zvon-store --example relay_rate [messages]`. It starts a PostgreSQL of its own.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement by hand")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zvon_core::account::Account;
use zvon_core::account::store::NewAccount;
use zvon_core::chat::store::{Author, NewGroup};
use zvon_core::clock::SystemClock;
use zvon_core::event_log::{DeadLetter, EventLog, EventLogError, Poison, Record};
use zvon_core::lease::{LeaseError, Leases};
use zvon_core::message::store::Append;
use zvon_core::outbox::reader::Ground;
use zvon_core::outbox::relay::Relay;
use zvon_core::session::Session;
use zvon_core::store::Store;
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};
use zvon_protocol::record::Payload;
use zvon_protocol::time::Timestamp;
use zvon_store::postgres::{Postgres, Settings};
use zvon_store::sqlite::Sqlite;
use zvon_testkit::cpu;
use zvon_testkit::postgres::{Cluster, Disk};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
/// Messages of a commit.
const BATCH: usize = 16;
/// Commits a second at the steady rate.
const STEADY: u64 = 50;

/// Counts, and notes when each message came.
#[derive(Default)]
struct Log {
    count: AtomicUsize,
    came: Mutex<HashMap<MessageId, Instant>>,
}

#[async_trait]
impl EventLog for Log {
    async fn begin(&self) -> Result<(), EventLogError> {
        Ok(())
    }

    async fn append(&self, records: &[Record]) -> Result<Vec<Poison>, EventLogError> {
        let (now, mut came) = (Instant::now(), self.came.lock());
        for record in records {
            if let Payload::MessageCreated { message_id, .. } = &record.envelope.payload {
                came.insert(*message_id, now);
            }
        }
        self.count.fetch_add(records.len(), Ordering::SeqCst);
        Ok(Vec::new())
    }

    async fn bury(&self, _: &DeadLetter) -> Result<(), EventLogError> {
        Ok(())
    }
}

/// There is nobody else.
struct Alone;

#[async_trait]
impl Leases for Alone {
    async fn hold(&self, _: &str, _: Uuid, _: Duration) -> Result<bool, LeaseError> {
        Ok(true)
    }

    async fn release(&self, _: &str, _: Uuid) {}

    fn are_shared(&self) -> bool {
        false
    }
}

#[tokio::main]
async fn main() {
    let messages = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).unwrap_or(50_000);
    let dir = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(&dir.path().join("zvon.db"), 4).await.unwrap();
    measure("SQLite", Arc::new(sqlite), messages).await;
    let cluster = Cluster::start(Disk::Synced);
    let url = cluster.url(&cluster.create_database(None));
    let settings = Settings { url, send: 4, read: 4, rest: 4, pooled: false };
    let postgres = Arc::new(Postgres::open(&settings).await.unwrap());
    let before = cpu::of(cluster.pid());
    measure("PostgreSQL", postgres, messages).await;
    println!("all of it took PostgreSQL {:?} of CPU", cpu::of(cluster.pid()) - before);
}

async fn measure(name: &str, store: Arc<dyn Store>, messages: usize) {
    let ann = person(&*store).await;
    let mut chats = Vec::new();
    for _ in 0..50 {
        let (id, title) = (ChatId(Uuid::now_v7()), "a group".to_owned());
        let group = NewGroup { id, title, members: Vec::new() };
        store.create_group(ann, &group).await.unwrap().unwrap();
        chats.push(id);
    }
    for batch in 0..messages / BATCH {
        store.append(NOW, &texts(ann, &chats, batch)).await.unwrap();
    }
    let (log, stop) = (Arc::new(Log::default()), CancellationToken::new());
    let ground =
        Ground { store: Arc::clone(&store), leases: Arc::new(Alone), clock: Arc::new(SystemClock) };
    let (begun, spent) = (Instant::now(), cpu::of(std::process::id()));
    tokio::spawn(Relay::new(ground, Arc::clone(&log) as _).run(stop.clone()));
    while log.came.lock().len() < messages / BATCH * BATCH {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (took, records) = (begun.elapsed().as_secs_f64(), log.count.load(Ordering::SeqCst));
    let spent = (cpu::of(std::process::id()) - spent).as_secs_f64() * 1e6 / records as f64;
    let rate = records as f64 / took;
    println!(
        "{name}: a backlog of {records} records at {rate:.0} a second, {spent:.1} µs of CPU each"
    );
    let mut sent = HashMap::new();
    let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / STEADY));
    for batch in 0..500 {
        tick.tick().await;
        let rows = texts(ann, &chats, batch);
        store.append(NOW, &rows).await.unwrap();
        let now = Instant::now();
        sent.extend(rows.iter().map(|row| (row.id, now)));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let came = log.came.lock();
    let mut waits: Vec<_> =
        sent.iter().map(|(id, at)| came[id].saturating_duration_since(*at)).collect();
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!(
        "{name}: {} messages a second, from commit to append p50 {:?}, p99 {:?}",
        STEADY * BATCH as u64,
        at(0.5),
        at(0.99)
    );
    stop.cancel();
}

/// A batch over two chats.
fn texts(ann: Author, chats: &[ChatId], batch: usize) -> Vec<Append> {
    let row = |number: usize| Append {
        chat: chats[(batch + number % 2) % chats.len()],
        session: ann.session,
        sender: ann.user,
        id: MessageId(Uuid::now_v7()),
        client_id: None,
        content: "as long as people's messages are, or a little longer".to_owned(),
        forward: None,
        present: Vec::new(),
        known: None,
    };
    (0..BATCH).map(row).collect()
}

async fn person(store: &dyn Store) -> Author {
    let user = UserId(Uuid::now_v7());
    let (email, name) = (format!("{user}@example.org"), "name".to_owned());
    let account =
        Account { id: user, email, name, created_at: NOW, last_seen: None, disabled_at: None };
    let new = NewAccount { account, password_hash: "hash".to_owned() };
    assert!(store.create_account(&new).await.unwrap());
    let session = Session {
        id: SessionId(Uuid::new_v4()),
        user,
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW.plus_millis(1_000_000),
        revoked_at: None,
        device: String::new(),
        address: String::new(),
        refresh: None,
    };
    store.create_session(&session, 10).await.unwrap();
    Author { session: session.id, user, at: NOW }
}
