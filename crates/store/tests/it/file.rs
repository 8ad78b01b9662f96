//! The file: durable, private, of one version, the same after every opening.

use std::os::unix::fs::PermissionsExt;

use sqlx::Row;
use zvon_core::account::store::AccountStore;
use zvon_core::chat::store::ChatStore;
use zvon_core::message::store::{MessageStore, Page};
use zvon_core::outbox::store::{Bookmark, OutboxStore};
use zvon_core::session::store::SessionStore;
use zvon_store::Access;
use zvon_store::schema::Standing;
use zvon_store::sqlite::Sqlite;

use crate::Place;
use crate::scene::Scene;

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let place = Place::new();
    let store = place.open().await;
    let scene = Scene::new(&store).await;
    let sent = scene.send(&store, 0..40).await;
    let (epoch, outbox) =
        (store.log_epoch().await.unwrap(), store.outbox(&Bookmark::default(), 99).await.unwrap().0);
    store.close().await;
    for _ in 0..3 {
        let store = place.open().await;
        let page = store.page(scene.chat, Page::Newest, 100).await.unwrap();
        assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), sent);
        assert_eq!(store.log_epoch().await.unwrap(), epoch);
        assert_eq!(store.outbox(&Bookmark::default(), 99).await.unwrap().0, outbox);
        assert_eq!(store.count_accounts(9).await.unwrap(), 2);
        store.close().await;
    }
    let store = place.open().await;
    assert_eq!(scene.send(&store, 40..41).await.len(), 1);
    assert_eq!(store.heads(&[scene.chat]).await.unwrap()[0].1, 42);
}

#[tokio::test]
async fn commits_are_synced_to_a_write_ahead_log() {
    let place = Place::new();
    let store = place.open().await;
    for (pragma, value) in [("journal_mode", "wal"), ("synchronous", "2")] {
        let [writer, reader] = store.pragma(pragma).await.unwrap();
        assert_eq!((writer.as_str(), reader.as_str()), (value, value), "{pragma}");
    }
}

#[tokio::test]
async fn its_files_are_for_their_owner_alone() {
    let place = Place::new();
    std::fs::write(place.path(), "").unwrap();
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = place.open().await;
    let scene = Scene::new(&store).await;
    scene.send(&store, 0..1).await;
    let mut names = Vec::new();
    for file in std::fs::read_dir(place.dir.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort_unstable();
    assert_eq!(names, ["zvon.db", "zvon.db-shm", "zvon.db-wal"]);
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let place = Place::new();
    let schema = async || {
        let raw = place.raw().await;
        let query = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name";
        let rows = sqlx::query(query).fetch_all(&raw).await.unwrap();
        raw.close().await;
        rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>()
    };
    place.open().await.close().await;
    let first = schema().await;
    assert!(first.len() > 10);
    place.open().await.close().await;
    assert_eq!(schema().await, first);
}

#[tokio::test]
async fn an_older_program_runs_on_a_newer_schema_until_that_is_contracted() {
    let place = Place::new();
    let store = place.open().await;
    let scene = Scene::new(&store).await;
    store.close().await;
    let raw = place.raw().await;
    // A step of tomorrow that only adds.
    let future = "ALTER TABLE users ADD COLUMN of_tomorrow TEXT; \
        INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (9999, 'from the future', 1, x'00', 0)";
    sqlx::raw_sql(future).execute(&raw).await.unwrap();
    let store = place.open().await;
    assert_eq!(scene.send(&store, 0..3).await.len(), 3);
    assert_eq!(Sqlite::schema(&place.path()).await.unwrap().standing(), Standing::Ahead);
    let beside = Sqlite::beside(&place.path(), Access::Read).await.unwrap();
    assert_eq!(beside.heads(&[scene.chat]).await.unwrap()[0].1, 4);
    beside.close().await;
    store.close().await;
    // And one that takes away.
    let least = "INSERT INTO meta VALUES ('least_known', '9999')";
    sqlx::raw_sql(least).execute(&raw).await.unwrap();
    raw.close().await;
    let before = std::fs::read(place.path()).unwrap();
    let refused = Sqlite::open(&place.path(), 1).await.err().unwrap().to_string();
    assert!(refused.contains("knows version 9999"), "{refused}");
    assert!(Sqlite::beside(&place.path(), Access::Read).await.is_err());
    assert!(Sqlite::migrate(&place.path()).await.is_err());
    assert_eq!(std::fs::read(place.path()).unwrap(), before, "and left alone");
}

#[tokio::test]
async fn migrating_by_itself_makes_the_schema_once() {
    let place = Place::new();
    let steps = Sqlite::migrate(&place.path()).await.unwrap();
    assert!(steps.len() > 3 && steps[0].sql.contains("CREATE TABLE meta"));
    assert_eq!(Sqlite::migrate(&place.path()).await.unwrap(), []);
    assert_eq!(Sqlite::schema(&place.path()).await.unwrap().standing(), Standing::Same);
    place.open().await.close().await;
}

#[tokio::test]
async fn what_is_not_ours_is_refused_and_left_alone() {
    let other = Place::new();
    let text = "this is a shopping list, and no database of anybody's".repeat(100);
    std::fs::write(other.path(), &text).unwrap();
    assert!(Sqlite::open(&other.path(), 1).await.is_err());
    assert_eq!(std::fs::read_to_string(other.path()).unwrap(), text);
    assert!(Sqlite::open(&other.dir.path().join("no/such/dir/zvon.db"), 1).await.is_err());
}

#[tokio::test]
async fn s30_a_store_that_is_closed_says_that_it_cannot_say_never_that_there_is_nothing() {
    let place = Place::new();
    let store = place.open().await;
    let scene = Scene::new(&store).await;
    store.close().await;
    assert!(store.session(scene.author.session).await.is_err());
    assert!(store.accounts(&[scene.author.user]).await.is_err());
    assert!(store.member(scene.chat, scene.author.user).await.is_err());
    assert!(store.append(scene.author.at, &[scene.text(1)]).await.is_err());
}
