//! What a move of a read cursor costs PostgreSQL, with the outbox row that tells of it and
//! without: CPU time per move at several sizes of batches, by the function that tells and by the
//! one of the version before.
//!
//! `cargo run -p zvon-store --example cursor_cost [milliseconds per round]`. It starts a PostgreSQL
//! of its own. Only the server's processes are counted.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement by hand")]

use std::time::{Duration, Instant};

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;
use zvon_store::postgres::{Postgres, Settings};
use zvon_testkit::cpu;
use zvon_testkit::postgres::{Cluster, Disk};

/// How many call at once, each for members of its own.
const CALLERS: i64 = 4;
/// How many members each moves in turn.
const MEMBERS: usize = 512;

/// Members of long chats, live sessions, and a past.
const SCENE: &str = "\
    INSERT INTO chats (id, kind, created_at, created_by, last_seq, msg_no, last_at, members) \
        SELECT gen_random_uuid(), 1, 0, gen_random_uuid(), 1000000000, 1, 0, 1 \
        FROM generate_series(1, 2048); \
    INSERT INTO members SELECT id, gen_random_uuid(), 0, 1, NULL, 1, 1, 0 FROM chats; \
    INSERT INTO sessions (id, user_id, created_at, seen_at, expires_at, device, address) \
        SELECT user_id, user_id, 0, 0, 9, '', '' FROM members; \
    INSERT INTO outbox (at, chats, lows, highs) \
        SELECT n, '{}', '{}', '{}' FROM generate_series(1, 100000) n";

#[tokio::main]
async fn main() {
    let millis = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).unwrap_or(2000);
    let (cluster, round) = (Cluster::start(Disk::Synced), Duration::from_millis(millis));
    let url = cluster.url(&cluster.create_database(None));
    let settings = Settings { url: url.clone(), send: 1, read: 1, rest: 1, pooled: false };
    Postgres::open(&settings).await.unwrap().close().await;
    let pool = PgPoolOptions::new().max_connections(u32::try_from(CALLERS).unwrap());
    let pool = pool.test_before_acquire(false).connect(&url).await.unwrap();
    sqlx::raw_sql(SCENE).execute(&pool).await.unwrap();
    sqlx::raw_sql("VACUUM ANALYZE").execute(&pool).await.unwrap();
    let members = "SELECT chat_id, user_id FROM members ORDER BY chat_id, user_id";
    let members: Vec<(Uuid, Uuid)> = sqlx::query_as(members).fetch_all(&pool).await.unwrap();
    let mut seq = 1;
    for pass in ["warming up", "measured"] {
        println!("{pass}:");
        for size in [64, 16, 4, 1] {
            for read in [true, false] {
                for version in ["move_cursors_v1", "move_cursors_v2"] {
                    let (begun, before) = (Instant::now(), cpu::of(cluster.pid()));
                    let calls = calls(&pool, &members, (version, size, read), &mut seq, round);
                    let moves = calls.await * size as f64;
                    let spent = (cpu::of(cluster.pid()) - before).as_secs_f64() * 1e6 / moves;
                    let rate = moves / begun.elapsed().as_secs_f64();
                    let what = if read { "read" } else { "delivered" };
                    println!("{version} of {size:2} {what:9} {spent:8.1} µs each, {rate:8.0} /s");
                }
            }
        }
    }
}

/// So many calls were made in a round; every one moves all of its cursors.
async fn calls(
    pool: &PgPool,
    members: &[(Uuid, Uuid)],
    (version, size, read): (&'static str, usize, bool),
    seq: &mut i64,
    round: Duration,
) -> f64 {
    let sql = format!("SELECT * FROM {version}($1, $2, $3, $4, $5, $6)");
    let callers = members.chunks(MEMBERS).map(|members| {
        let (members, pool, sql, from) = (members.to_vec(), pool.clone(), sql.clone(), *seq);
        tokio::spawn(async move {
            let mut connection = pool.acquire().await.unwrap();
            let (begun, mut calls, mut seq) = (Instant::now(), 0_usize, from);
            while begun.elapsed() < round {
                let batch = &members[calls * size % MEMBERS..][..size];
                seq += 1;
                let (chats, users): (Vec<_>, Vec<_>) = batch.iter().copied().unzip();
                let (delivered, reads) = if read { (0, seq) } else { (seq, 0) };
                let call = sqlx::query(AssertSqlSafe(sql.clone()))
                    .bind(1_i64)
                    .bind(chats)
                    .bind(&users)
                    .bind(&users)
                    .bind(vec![delivered; size])
                    .bind(vec![reads; size]);
                let moved = call.fetch_all(&mut *connection).await.unwrap();
                assert_eq!(moved.len(), size);
                calls += 1;
            }
            (calls, seq)
        })
    });
    let (mut all, mut furthest) = (0, *seq);
    for caller in callers.collect::<Vec<_>>() {
        let (calls, seq) = caller.await.unwrap();
        (all, furthest) = (all + calls, furthest.max(seq));
    }
    *seq = furthest;
    all as f64
}
