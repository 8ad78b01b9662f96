use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;
use zvon_core::store::StoreResult;

use super::group::{LATELY, PATIENCE};
use super::{Pace, Tx, Writer};
use crate::sqlite::failed;

struct Scene {
    writer: Writer,
    reader: SqliteConnection,
    _place: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(place.path().join("test.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let writer = Writer::open(&options).await.unwrap();
        let create = sqlx::query("CREATE TABLE t (n INTEGER PRIMARY KEY)");
        create.execute(&mut *writer.connection().await).await.unwrap();
        Self { writer, reader: options.read_only(true).connect().await.unwrap(), _place: place }
    }

    /// What is committed.
    async fn all(&mut self) -> Vec<i64> {
        let all = sqlx::query_scalar("SELECT n FROM t ORDER BY n");
        all.fetch_all(&mut self.reader).await.unwrap()
    }

    /// Returns when so many wait for the connection.
    async fn waits(&self, many: usize) {
        while self.writer.0.waiting.load(Ordering::SeqCst) < many {
            tokio::task::yield_now().await;
        }
    }

    fn spawn(&self, n: i64, pace: Pace) -> tokio::task::JoinHandle<StoreResult<()>> {
        let writer = self.writer.clone();
        tokio::spawn(async move {
            let mut tx = writer.begin(pace).await?;
            add(&mut tx, n).await?;
            tx.commit().await
        })
    }
}

async fn add(tx: &mut Tx, n: i64) -> StoreResult<()> {
    let add = sqlx::query("INSERT INTO t (n) VALUES (?)").bind(n);
    add.execute(&mut **tx).await.map(drop).map_err(failed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_shares_the_commit_and_nobody_returns_before_it() {
    let mut scene = Scene::new().await;
    let mut first = scene.writer.begin(Pace::Prompt).await.unwrap();
    add(&mut first, 1).await.unwrap();
    let mut held = scene.spawn(2, Pace::Prompt);
    scene.waits(1).await;
    let writer = scene.writer.clone();
    let third = tokio::spawn(async move { writer.begin(Pace::Prompt).await });
    scene.waits(2).await;
    let committed = tokio::spawn(first.commit());
    // The third goes on in the transaction of the others, and it is open as long as that wants.
    let mut third = third.await.unwrap().unwrap();
    assert!(scene.all().await.is_empty());
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut held).await.is_err());
    assert!(!committed.is_finished());
    add(&mut third, 3).await.unwrap();
    third.commit().await.unwrap();
    held.await.unwrap().unwrap();
    committed.await.unwrap().unwrap();
    assert_eq!(scene.all().await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_fails_or_goes_away_takes_only_their_own_back() {
    let mut scene = Scene::new().await;
    let mut first = scene.writer.begin(Pace::Prompt).await.unwrap();
    add(&mut first, 1).await.unwrap();
    let fails = scene.spawn(1, Pace::Prompt);
    scene.waits(1).await;
    let writer = scene.writer.clone();
    let leaves = tokio::spawn(async move {
        let mut tx = writer.begin(Pace::Prompt).await.unwrap();
        add(&mut tx, 2).await.unwrap();
    });
    scene.waits(2).await;
    let last = scene.spawn(3, Pace::Prompt);
    scene.waits(3).await;
    first.commit().await.unwrap();
    assert!(fails.await.unwrap().is_err(), "that number is there");
    leaves.await.unwrap();
    last.await.unwrap().unwrap();
    assert_eq!(scene.all().await, [1, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_ends_although_whoever_was_to_commit_gives_up_waiting() {
    let mut scene = Scene::new().await;
    for n in 0..50 {
        let mut first = scene.writer.begin(Pace::Prompt).await.unwrap();
        add(&mut first, n).await.unwrap();
        let impatient = scene.spawn(1000 + n, Pace::Prompt);
        scene.waits(1).await;
        let committed = tokio::spawn(first.commit());
        if n % 2 == 0 {
            tokio::task::yield_now().await;
        }
        impatient.abort();
        let committed = tokio::time::timeout(Duration::from_secs(5), committed).await;
        committed.expect("the group has an end").unwrap().unwrap();
    }
    let all = scene.all().await;
    assert!((0..50).all(|n| all.contains(&n)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_left_everything_open_alone_leaves_nothing() {
    let mut scene = Scene::new().await;
    let mut tx = scene.writer.begin(Pace::Prompt).await.unwrap();
    add(&mut tx, 1).await.unwrap();
    drop(tx);
    scene.spawn(2, Pace::Prompt).await.unwrap().unwrap();
    assert_eq!(scene.all().await, [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_patient_wait_for_company_only_where_there_is_some() {
    let mut scene = Scene::new().await;
    let began = Instant::now();
    scene.spawn(1, Pace::Patient).await.unwrap().unwrap();
    assert!(began.elapsed() < PATIENCE, "nobody else writes");
    let mut prompt = scene.writer.begin(Pace::Prompt).await.unwrap();
    add(&mut prompt, 2).await.unwrap();
    let patient = scene.spawn(3, Pace::Patient);
    tokio::time::sleep(PATIENCE / 4).await;
    assert_eq!(scene.writer.0.waiting.load(Ordering::SeqCst), 0, "it is not in the queue");
    prompt.commit().await.unwrap();
    assert_eq!(scene.all().await, [1, 2]);
    // The next prompt one takes it along.
    scene.spawn(4, Pace::Prompt).await.unwrap().unwrap();
    patient.await.unwrap().unwrap();
    assert_eq!(scene.all().await, [1, 2, 3, 4]);
    assert!(u128::from(LATELY) > PATIENCE.as_millis());
}

#[tokio::test]
async fn after_the_end_nothing_begins() {
    let scene = Scene::new().await;
    scene.spawn(1, Pace::Prompt).await.unwrap().unwrap();
    scene.writer.close().await;
    assert!(scene.writer.begin(Pace::Prompt).await.is_err());
}
