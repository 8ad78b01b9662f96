//! A node that freezes holds nothing for long: whatever the connection, the database has limits.

use zvon_core::chat::store::{ChatStore, GroupChange};
use zvon_core::message::store::MessageStore;
use zvon_store::postgres::{Postgres, Settings};
use zvon_testkit::pgbouncer::PgBouncer;

use super::scene::{NOW, group, person, text};
use super::{Place, settings};

/// A database that notes the limits under which its events are written.
async fn place() -> Place {
    let place = Place::new().await;
    place.sql(
        "CREATE TABLE noted (kind int, statement text, lock text, idle text); \
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
            INSERT INTO noted VALUES (NEW.kind, current_setting('statement_timeout'), \
                current_setting('lock_timeout'), \
                current_setting('idle_in_transaction_session_timeout')); RETURN NEW; END $$; \
         CREATE TRIGGER note BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION note()",
    );
    place
}

async fn write(settings: &Settings) {
    let store = Postgres::open(settings).await.unwrap();
    let ann = person(&store).await;
    let chat = group(&store, ann, &[]).await;
    let rename = GroupChange::Rename("x".to_owned());
    store.change_group(ann, chat, &rename).await.unwrap().unwrap();
    store.append(NOW, &[text(ann, chat)]).await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_is_under_the_databases_limits() {
    let place = place().await;
    write(&settings(place.cluster.url(&place.name))).await;
    let noted = place.sql("SELECT DISTINCT statement, lock, idle FROM noted");
    assert_eq!(noted, "5s|4s|5s");
    place.sql("TRUNCATE noted");
    let pooler = PgBouncer::start(place.cluster, 3);
    write(&Settings { pooled: true, ..settings(pooler.url(&place.name)) }).await;
    let noted = place.sql("SELECT DISTINCT statement, lock, idle FROM noted WHERE kind <> 1");
    assert_eq!(noted, "5s|4s|5s", "of transactions behind a pooler");
    // One call: it is over or it is not, and no client can hold it open.
    assert_eq!(place.sql("SELECT DISTINCT lock FROM noted WHERE kind = 1"), "4s");
}
