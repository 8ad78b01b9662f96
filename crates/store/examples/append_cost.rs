//! What a message costs PostgreSQL: its CPU time per message at several sizes of batches, and
//! beside it that of one INSERT per message by as many clients.
//!
//! `cargo run -p zvon-store --example append_cost [lanes [milliseconds per round]]`. It starts a
//! PostgreSQL of its own. Only the server's processes are counted, so the build of this program
//! does not matter.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement by hand")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;
use zvon_core::account::Account;
use zvon_core::account::store::{AccountStore, NewAccount};
use zvon_core::chat::store::{Author, ChatStore};
use zvon_core::message::store::{Append, Appended, MessageStore};
use zvon_core::session::Session;
use zvon_core::session::store::SessionStore;
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};
use zvon_protocol::time::Timestamp;
use zvon_store::postgres::{Postgres, Settings};
use zvon_testkit::cpu;
use zvon_testkit::postgres::{Cluster, Disk};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const CHATS_PER_LANE: usize = 8;

const PLAIN: &str = "CREATE TABLE plain (LIKE events INCLUDING ALL)";
const INSERT: &str = "INSERT INTO plain (chat_id, seq, msg_no, at, kind, actor, id, content) \
    VALUES ($1, $2, $2, $3, 1, $4, $5, $6)";

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1).filter_map(|arg| arg.parse::<u32>().ok());
    let (lanes, millis) = (args.next().unwrap_or(8), args.next().unwrap_or(4000));
    let (cluster, round) = (Cluster::start(Disk::Synced), Duration::from_millis(millis.into()));
    let url = cluster.url(&cluster.create_database(None));
    let settings = Settings { url: url.clone(), send: lanes, read: 2, rest: 4, pooled: false };
    let store = Arc::new(Postgres::open(&settings).await.unwrap());
    let mut chats = Vec::new();
    for _ in 0..lanes {
        chats.push(lane(&store).await);
    }
    let pool = PgPoolOptions::new().max_connections(lanes).test_before_acquire(false);
    let pool = pool.connect(&url).await.unwrap();
    sqlx::raw_sql(PLAIN).execute(&pool).await.unwrap();
    println!("{lanes} clients");
    for pass in ["warming up", "measured"] {
        println!("{pass}:");
        let plain = measure(&cluster, "one INSERT each", plain(&pool, &chats, round)).await;
        for size in [64, 16, 4, 1] {
            let name = format!("batches of {size}");
            let cost = measure(&cluster, &name, batches(&store, &chats, size, round)).await;
            println!("{:24} {:.2} of an INSERT", "", cost / plain);
        }
    }
}

/// Runs a load that answers how many messages it sent; microseconds of CPU for each.
async fn measure(cluster: &Cluster, name: &str, load: impl Future<Output = u64>) -> f64 {
    let (begun, before) = (Instant::now(), cpu::of(cluster.pid()));
    let sent = u32::try_from(load.await).unwrap();
    let spent = (cpu::of(cluster.pid()) - before).as_secs_f64() * 1e6 / f64::from(sent);
    let rate = f64::from(sent) / begun.elapsed().as_secs_f64();
    println!("{name:24} {spent:8.1} µs of CPU a message, {rate:8.0} messages/s");
    spent
}

/// A lane's people and their chats.
async fn lane(store: &Postgres) -> Vec<(Author, ChatId)> {
    let mut chats = Vec::new();
    for _ in 0..CHATS_PER_LANE {
        let (ann, bob) = (person(store).await, person(store).await);
        let opened = store.open_private(ann, bob.user, ChatId(Uuid::now_v7())).await;
        chats.push((ann, opened.unwrap().unwrap().0.id));
    }
    chats
}

async fn person(store: &Postgres) -> Author {
    let user = UserId(Uuid::now_v7());
    let (email, name) = (user.to_string(), "name".to_owned());
    let account =
        Account { id: user, email, name, created_at: NOW, last_seen: None, disabled_at: None };
    let new = NewAccount { account, password_hash: String::new() };
    assert!(store.create_account(&new).await.unwrap());
    let session = Session {
        id: SessionId(Uuid::new_v4()),
        user,
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW.plus_millis(1),
        revoked_at: None,
        device: String::new(),
        address: String::new(),
        refresh: None,
    };
    store.create_session(&session, 10).await.unwrap();
    Author { session: session.id, user, at: NOW }
}

fn text(number: usize) -> String {
    format!("message {number}, as long as people's messages are, or a little longer than that")
}

/// Every lane sends batches of one size, one after the other.
async fn batches(
    store: &Arc<Postgres>,
    lanes: &[Vec<(Author, ChatId)>],
    size: usize,
    round: Duration,
) -> u64 {
    let run = |chats: Vec<(Author, ChatId)>, store: Arc<Postgres>| async move {
        let (begun, mut sent) = (Instant::now(), 0);
        while begun.elapsed() < round {
            let rows: Vec<_> = (sent..sent + size)
                .map(|number| {
                    let (ann, chat) = chats[number % chats.len()];
                    append(ann, chat, number)
                })
                .collect();
            let batch = store.append(NOW, &rows).await.unwrap();
            assert!(batch.verdicts.iter().all(|v| matches!(v, Appended::Stored { .. })));
            sent += size;
        }
        sent as u64
    };
    let lanes: Vec<_> =
        lanes.iter().map(|chats| tokio::spawn(run(chats.clone(), Arc::clone(store)))).collect();
    sum(lanes).await
}

fn append(ann: Author, chat: ChatId, number: usize) -> Append {
    Append {
        chat,
        session: ann.session,
        sender: ann.user,
        id: MessageId(Uuid::now_v7()),
        client_id: None,
        content: text(number),
        forward: None,
        present: Vec::new(),
        known: None,
    }
}

/// Every client inserts rows, each in a transaction of its own, and nothing else.
async fn plain(pool: &PgPool, lanes: &[Vec<(Author, ChatId)>], round: Duration) -> u64 {
    let run = |chats: Vec<(Author, ChatId)>, pool: PgPool| async move {
        let mut connection = pool.acquire().await.unwrap();
        let (begun, mut sent) = (Instant::now(), 0_usize);
        let from = i64::try_from(Uuid::now_v7().as_u128() >> 80).unwrap_or(0) << 20;
        while begun.elapsed() < round {
            let (ann, chat) = chats[sent % chats.len()];
            let insert = sqlx::query(INSERT)
                .bind(chat.0)
                .bind(from + i64::try_from(sent).unwrap())
                .bind(NOW.0)
                .bind(ann.user.0)
                .bind(Uuid::now_v7())
                .bind(text(sent));
            insert.execute(&mut *connection).await.unwrap();
            sent += 1;
        }
        sent as u64
    };
    let lanes: Vec<_> =
        lanes.iter().map(|chats| tokio::spawn(run(chats.clone(), pool.clone()))).collect();
    sum(lanes).await
}

async fn sum(lanes: Vec<tokio::task::JoinHandle<u64>>) -> u64 {
    let mut all = 0;
    for lane in lanes {
        all += lane.await.unwrap();
    }
    all
}
