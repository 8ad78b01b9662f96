//! `core`'s suite on a file.

use std::sync::{Arc, Mutex};

use zvon_core::contract::store::{Subject, run};
use zvon_store::sqlite::Sqlite;

use crate::Place;

/// What the database is taught to refuse.
pub(crate) const REFUSED: &str = "what the trigger refuses";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_the_seams_word() {
    let places = Mutex::new(Vec::new());
    run(async || {
        let (place, store) = open().await;
        places.lock().unwrap().push(place);
        Subject { store, refused: REFUSED }
    })
    .await;
}

/// A fresh store with the trigger.
pub(crate) async fn open() -> (Place, Arc<Sqlite>) {
    let place = Place::new();
    let store = place.open().await;
    let raw = place.raw().await;
    let trigger = format!(
        "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.content = '{REFUSED}' \
         BEGIN SELECT RAISE(ABORT, 'refused'); END"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(trigger)).execute(&raw).await.unwrap();
    raw.close().await;
    (place, store)
}
