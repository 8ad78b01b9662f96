//! `core`'s suite, directly and through a pooler.

use zvon_core::contract::store::{Subject, run};
use zvon_store::postgres::{Postgres, Settings};
use zvon_testkit::pgbouncer::PgBouncer;
use zvon_testkit::postgres::shared;

use super::Place;

/// What the database is taught to refuse.
const REFUSED: &str = "what the constraint refuses";

async fn place() -> Place {
    let place = Place::new().await;
    place.sql(&format!(
        "ALTER TABLE events ADD CONSTRAINT refuse CHECK (content IS DISTINCT FROM '{REFUSED}')"
    ));
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_the_seams_word() {
    run(async || Subject { store: place().await.open().await, refused: REFUSED }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_it_behind_a_pooler_that_lends_connections_by_the_transaction() {
    let pooler = PgBouncer::start(shared(), 5);
    run(async || {
        let url = pooler.url(&place().await.name);
        let settings = Settings { url, send: 4, read: 4, rest: 8, pooled: true };
        let store = Postgres::open(&settings).await.unwrap();
        Subject { store: std::sync::Arc::new(store), refused: REFUSED }
    })
    .await;
}
