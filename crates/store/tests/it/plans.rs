//! No statement walks a table: each plan begins at a key or an index, or at what it was given.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use sqlx::{AssertSqlSafe, Row};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use zvon_core::contract::store::{Subject, run};

use zvon_store::export::Export;
use zvon_store::sqlite::Sqlite;

use crate::Place;
use crate::contract::{REFUSED, open};
use crate::scene::Scene;

/// Statements that read a table from its beginning because that is what they are for: each ends
/// at a LIMIT, is for an operator who exports what is over, too, is a migration's, or is of a handful
/// of readers, jobs, operators or webhooks, or of the one row of a head.
const WALKS: [&str; 16] = [
    "SELECT * FROM users ORDER BY name_folded, id LIMIT ?",
    "SELECT count(*) AS n FROM (SELECT 1 FROM users LIMIT ?)",
    "UPDATE sessions SET seen_at = created_at",
    "UPDATE chats SET sweep_at = NULL",
    "SELECT * FROM sessions WHERE user_id = ? ORDER BY created_at, id",
    "SELECT m.*, u.name FROM members m LEFT JOIN users u ON u.id = m.user_id \
    WHERE m.user_id = ? ORDER BY m.chat_id",
    "SELECT min(iif(p.epoch = m.value, p.mark, 0)) AS mark, \
    min(iif(p.epoch = m.value, p.reached, 0)) AS reached \
    FROM positions p JOIN meta m ON m.key = 'log_epoch'",
    "SELECT p.reader, p.fence, iif(p.epoch = m.value, p.place, '') AS place, \
    iif(p.epoch = m.value, p.reached, 0) AS reached, p.moved_at \
    FROM positions p JOIN meta m ON m.key = 'log_epoch' ORDER BY p.reader",
    "SELECT * FROM job_dead WHERE ?1 IS NULL OR job = ?1 ORDER BY at, job, event_id LIMIT \
    ?2",
    "SELECT j.job, s.at, s.done, s.reached, s.trouble, (SELECT count(*) FROM job_dead d \
    WHERE d.job = j.job) AS dead FROM (SELECT job FROM job_states UNION SELECT job FROM \
    job_dead) j LEFT JOIN job_states s ON s.job = j.job ORDER BY j.job",
    "SELECT seq, hash FROM audit_head",
    "SELECT user_id AS id FROM operators ORDER BY since, user_id",
    "SELECT webhook_id AS id FROM deliveries WHERE due_at IS NOT NULL GROUP BY webhook_id \
    HAVING count(*) > ?",
    "SELECT EXISTS (SELECT 1 FROM webhooks WHERE disabled_at IS NULL)",
    "UPDATE audit_head SET seq = ?, hash = ?",
    "UPDATE deliveries SET due_at = ?2, held_until = ?2 WHERE id IN (SELECT id FROM (SELECT \
    d.id, d.due_at, row_number() OVER (PARTITION BY d.webhook_id ORDER BY d.due_at, d.id) \
    + (SELECT count(*) FROM deliveries h WHERE h.webhook_id = w.id AND h.held_until > ?1) \
    AS place FROM webhooks w JOIN deliveries d ON d.id IN (SELECT x.id FROM deliveries x \
    WHERE x.webhook_id = w.id AND x.due_at <= ?1 ORDER BY x.due_at, x.id LIMIT ?4) WHERE \
    w.disabled_at IS NULL) WHERE place <= ?4 ORDER BY due_at, id LIMIT ?3) RETURNING id",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_uses_an_index() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let subscriber = tracing_subscriber::registry().with(Statements(Arc::clone(&seen)));
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let places = Mutex::new(Vec::new());
    run(async || {
        let (place, store) = open().await;
        places.lock().unwrap().push(place);
        Subject { store, refused: REFUSED }
    })
    .await;
    let place = Place::new();
    read_out(&*place.open().await).await;
    let raw = place.raw().await;
    let statements: Vec<String> = seen.lock().unwrap().iter().cloned().collect();
    assert!(statements.len() > 40, "the suite uses every statement: {}", statements.len());
    let mut walks = Vec::new();
    for statement in statements.iter().filter(|sql| !WALKS.contains(&sql.as_str())) {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        for step in sqlx::query(explain).fetch_all(&raw).await.unwrap() {
            let step: String = step.get("detail");
            let walks_no_table = ["VIRTUAL TABLE", "CONSTANT ROW"].map(|word| step.contains(word));
            if step.starts_with("SCAN") && walks_no_table == [false; 2] {
                walks.push(format!("{step}: {statement}"));
            }
        }
    }
    assert!(walks.is_empty(), "{walks:#?}");
}

/// What an export reads.
async fn read_out(store: &Sqlite) {
    let scene = Scene::new(store).await;
    let (chat, user) = (scene.chat, scene.author.user);
    assert_eq!(store.all_sessions_of(user).await.unwrap().len(), 1);
    assert_eq!(store.memberships_of(user).await.unwrap().len(), 1);
    assert_eq!(store.memberships_in(chat).await.unwrap().len(), 2);
    assert_eq!(store.messages_of((chat, user), (0, 9), 9).await.unwrap(), []);
    assert_eq!(store.pins_by(chat, user).await.unwrap(), []);
    assert_eq!(store.active_days_of(user).await.unwrap(), []);
    store.close().await;
}

/// Collects the statements that the driver tells of.
struct Statements(Arc<Mutex<BTreeSet<String>>>);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut found = Found::default();
            event.record(&mut found);
            let sql = if found.full.is_empty() { found.summary } else { found.full };
            // One call may be several statements.
            let ours = |sql: &&str| {
                let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE"];
                verbs.iter().any(|verb| sql.starts_with(verb)) && !sql.contains("_sqlx_migrations")
            };
            let all = sql.split(';').map(str::trim).filter(ours).map(str::to_owned);
            self.0.lock().unwrap().extend(all);
        }
    }
}

#[derive(Default)]
struct Found {
    summary: String,
    full: String,
}

impl Visit for Found {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.full),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
