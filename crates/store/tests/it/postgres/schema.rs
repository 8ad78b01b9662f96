//! Several nodes start at once; a schema that is newer, and one that is too new.

use zvon_core::outbox::store::OutboxStore;
use zvon_core::store::StoreError;
use zvon_store::postgres::{Postgres, Settings};
use zvon_testkit::postgres::shared;

use super::{Place, settings};

async fn empty() -> (String, Settings) {
    let name = tokio::task::spawn_blocking(|| shared().create_database(None)).await.unwrap();
    let settings = settings(shared().url(&name));
    (name, settings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_make_one_schema() {
    let (name, settings) = empty().await;
    let starts: Vec<_> = (0..6)
        .map(|number| {
            let settings = Settings { pooled: number % 2 == 0, ..settings.clone() };
            tokio::spawn(async move {
                Postgres::open(&settings).await.unwrap().log_epoch().await.unwrap()
            })
        })
        .collect();
    let mut epochs = Vec::new();
    for start in starts {
        epochs.push(start.await.unwrap());
    }
    epochs.dedup();
    assert_eq!(epochs.len(), 1, "one made it");
    let steps = std::fs::read_dir("migrations/postgres").unwrap().count();
    let applied = shared().sql(&name, "SELECT count(*) FROM schema_steps");
    assert_eq!(applied, steps.to_string());
}

#[tokio::test]
async fn an_older_program_runs_beside_a_newer_one_until_its_schema_is_contracted() {
    let place = Place::new().await;
    place.sql("INSERT INTO schema_steps VALUES (999, 'of tomorrow', '', now())");
    place.open().await.close().await;
    place.sql("INSERT INTO meta VALUES ('least_known', '999')");
    let refused = Postgres::open(&settings(place.cluster.url(&place.name))).await.err().unwrap();
    let StoreError::Broken(why) = refused else { panic!("{refused}") };
    assert!(why.contains("999") && why.contains("newer"), "{why}");
}

#[tokio::test]
async fn a_schema_that_is_not_ours_is_refused_and_left_alone() {
    let place = Place::new().await;
    place.sql("UPDATE schema_steps SET checksum = 'x' WHERE version = 2");
    let settings = settings(place.cluster.url(&place.name));
    let refused = Postgres::open(&settings).await.err().unwrap();
    assert!(matches!(&refused, StoreError::Broken(why) if why.contains("step 2")), "{refused}");
    let (name, settings) = empty().await;
    shared().sql(&name, "CREATE TABLE chats (id int)");
    assert!(Postgres::open(&settings).await.is_err());
    assert_eq!(
        shared().sql(&name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "1"
    );
}

#[tokio::test]
async fn a_database_that_is_not_there_is_away() {
    let settings = settings(shared().url("nobody_made_it"));
    let refused = Postgres::open(&settings).await.err().unwrap();
    assert!(matches!(refused, StoreError::Broken(why) | StoreError::Unavailable(why)
        if why.contains("nobody_made_it")));
}
