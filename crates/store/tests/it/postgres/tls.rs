//! The way to the database may be encrypted.

use zvon_core::outbox::store::OutboxStore;
use zvon_store::postgres::{Postgres, Settings};
use zvon_testkit::postgres::{Cluster, Disk};

use super::settings;

#[tokio::test]
async fn who_asks_for_encryption_gets_it_or_nothing() {
    let cluster = Cluster::start(Disk::Lazy);
    let name = cluster.create_database(None);
    let plain = settings(cluster.url(&name));
    let secret = Settings { url: format!("{}?sslmode=require", plain.url), ..plain };
    assert!(Postgres::open(&secret).await.is_err(), "the server has no certificate");
    cluster.encrypt();
    let store = Postgres::open(&secret).await.unwrap();
    store.log_epoch().await.unwrap();
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
        WHERE application_name = 'zvon'";
    assert_eq!(cluster.sql(&name, encrypted), "t");
}
