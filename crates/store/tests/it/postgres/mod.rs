//! The store on PostgreSQL: the seam's suite, and what is its own.

mod backup;
mod barrier;
mod beside;
mod contract;
mod growth;
mod kill;
mod limits;
mod outbox;
mod plans;
mod refusal;
mod scene;
mod schema;
mod storm;
mod tls;
mod whole;

use std::sync::{Arc, OnceLock};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use zvon_store::postgres::{Postgres, Settings};
use zvon_testkit::postgres::{Cluster, shared};

/// A database of one's own in the cluster of the test process, with the schema in it.
pub(crate) struct Place {
    pub(crate) cluster: &'static Cluster,
    pub(crate) name: String,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let template = template().await;
        let make = || Self { cluster: shared(), name: shared().create_database(Some(template)) };
        tokio::task::spawn_blocking(make).await.unwrap()
    }

    pub(crate) async fn open(&self) -> Arc<Postgres> {
        Arc::new(Postgres::open(&settings(self.cluster.url(&self.name))).await.unwrap())
    }

    /// A connection of our own, past the store. What it does is not told to who collects
    /// statements.
    pub(crate) async fn connect(&self) -> PgConnection {
        let options: PgConnectOptions = self.cluster.url(&self.name).parse().unwrap();
        options.disable_statement_logging().connect().await.unwrap()
    }

    /// Statements past the store; what they answer.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.cluster.sql(&self.name, sql)
    }
}

pub(crate) fn settings(url: String) -> Settings {
    Settings { url, send: 4, read: 4, rest: 8, pooled: false }
}

/// The name of a database with the schema and nothing else, made once.
async fn template() -> &'static str {
    static LOCK: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    static NAME: OnceLock<String> = OnceLock::new();
    let _one_at_a_time = LOCK.lock().await;
    if let Some(name) = NAME.get() {
        return name;
    }
    let name = tokio::task::spawn_blocking(|| shared().create_database(None)).await.unwrap();
    let store = Postgres::open(&settings(shared().url(&name))).await.unwrap();
    store.close().await;
    NAME.get_or_init(|| name)
}
