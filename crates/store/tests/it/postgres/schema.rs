//! Several nodes start at once; a schema that is newer, and one that is too new.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use zvon_core::account::store::AccountStore;
use zvon_core::analytics::store::AnalyticsStore;
use zvon_core::analytics::{Fact, What};
use zvon_core::audit::Entry;
use zvon_core::audit::store::{AuditStore, Filter};
use zvon_core::chat::store::{Author, ChatStore, GroupChange};
use zvon_core::job::Once;
use zvon_core::job::store::{JobState, JobStore};
use zvon_core::message::store::{MessageStore, Page};
use zvon_core::outbox::position::{Position, PositionStore};
use zvon_core::outbox::store::{Bookmark, OutboxStore, Stretch};
use zvon_core::retention::policy::Terms;
use zvon_core::retention::store::RetentionStore;
use zvon_core::session::store::{Rotation, SessionStore, Use};
use zvon_core::store::StoreError;
use zvon_core::webhook::store::{Change, Health, NewDelivery, Settled, WebhookStore};
use zvon_core::webhook::{Progress, Secret, Try, Webhook};
use zvon_protocol::chat::Retention;
use zvon_protocol::day::Day;
use zvon_protocol::ids::ChatId;
use zvon_protocol::ids::WebhookId;
use zvon_protocol::record::Outcome;
use zvon_protocol::time::Timestamp;
use zvon_store::Access;
use zvon_store::postgres::{Postgres, Settings};
use zvon_store::schema::Standing;
use zvon_testkit::postgres::shared;

use super::scene::{NOW, checked_log, group, person, send};
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
    let running = place.open().await;
    let author = person(&running).await;
    let chat = group(&running, author, &[]).await;
    // A step of tomorrow that only adds, under a node that runs.
    place.sql("ALTER TABLE events ADD COLUMN of_tomorrow text");
    place.sql("INSERT INTO schema_steps VALUES (999, 'of tomorrow', '', now())");
    let settings = settings(place.cluster.url(&place.name));
    assert_eq!(Postgres::schema(&settings).await.unwrap().standing(), Standing::Ahead);
    assert_eq!(Postgres::migrate(&settings).await.unwrap(), []);
    let started = place.open().await;
    send(&running, author, chat, 3).await;
    send(&started, author, chat, 3).await;
    assert_eq!(checked_log(&running, chat).await, checked_log(&started, chat).await);
    let beside = Postgres::beside(&settings, Access::Write).await.unwrap();
    assert_eq!(beside.heads(&[chat]).await.unwrap()[0].1, 7);
    // And one that takes away.
    place.sql("INSERT INTO meta VALUES ('least_known', '999')");
    for refused in [
        Postgres::open(&settings).await.err(),
        Postgres::beside(&settings, Access::Read).await.err(),
        Postgres::migrate(&settings).await.err(),
    ] {
        let Some(StoreError::Broken(why)) = refused else { panic!("{refused:?}") };
        assert!(why.contains("999") && why.contains("newer"), "{why}");
    }
    assert_eq!(Postgres::schema(&settings).await.unwrap().standing(), Standing::Beyond);
    assert_eq!(place.sql("SELECT count(*) FROM schema_steps WHERE version = 999"), "1");
}

/// Statements that were prepared before a step widened their tables.
#[tokio::test]
async fn a_node_that_runs_goes_on_when_tables_get_wider_under_it() {
    let place = Place::new().await;
    let settings = settings(place.cluster.url(&place.name));
    let one = Settings { send: 1, read: 1, rest: 1, ..settings };
    let store = Arc::new(Postgres::open(&one).await.unwrap());
    let author = person(&store).await;
    let chat = group(&store, author, &[]).await;
    let all_verbs = async || {
        send(&store, author, chat, 3).await;
        let log = checked_log(&store, chat).await;
        assert_eq!(store.accounts(&[author.user]).await.unwrap().len(), 1);
        assert!(store.session(author.session).await.unwrap().is_some());
        assert_eq!(store.sessions_of(author.user, NOW).await.unwrap().len(), 1);
        assert!(!store.chats_of(author.user).await.unwrap().is_empty());
        assert_eq!(store.members(&[chat]).await.unwrap().len(), 1);
        assert!(store.member(chat, author.user).await.unwrap().is_some());
        assert!(store.message(log[0]).await.unwrap().is_some());
        assert_eq!(store.page(chat, Page::Newest, 2).await.unwrap().len(), 2);
        store.pin(author, log[0], 9).await.unwrap().unwrap();
        assert_eq!(store.pinned(chat).await.unwrap().rows.len(), 1);
        store.unpin(author, log[0]).await.unwrap().unwrap();
        assert!(!store.outbox(&Bookmark::default(), 99).await.unwrap().0.is_empty());
        let rename = GroupChange::Rename(format!("Title {}", log.len()));
        store.change_group(author, chat, &rename).await.unwrap().unwrap();
        let other = person(&store).await;
        store.open_private(author, other.user, ChatId(Uuid::now_v7())).await.unwrap().unwrap();
        let used = Use { session: other.session, seen_at: NOW, expires_at: NOW };
        assert!(matches!(store.rotate_session(used, 0).await.unwrap(), Rotation::Over));
        store.set_disabled(other.user, NOW, true).await.unwrap();
        let end = store.outbox_end().await.unwrap();
        assert!(store.backlog(&end).await.unwrap().rows == 0);
        assert!(
            !store.outbox_of((Timestamp(0), Timestamp(i64::MAX)), 0, 9).await.unwrap().is_empty()
        );
        let stretch = Stretch { chat, after: 0, upto: 3 };
        assert_eq!(store.told(&[stretch], true).await.unwrap().len(), 3);
        assert_eq!(store.passed_in(&[stretch]).await.unwrap().len(), 2);
        let taken = store.take_position("reader", NOW).await.unwrap();
        assert!(store.move_position(&Position { place: end, ..taken }).await.unwrap());
        assert_eq!(store.positions().await.unwrap().len(), 1);
        work_of_jobs(&store, author).await;
        sweep(&store, author).await;
    };
    for step in 0..3 {
        all_verbs().await;
        let tables =
            ["users", "sessions", "chats", "members", "events", "pins", "outbox", "positions"];
        let of_jobs = ["operators", "job_done", "job_dead", "job_states", "audit", "audit_head"];
        let more = ["webhooks", "deliveries", "analytics_days", "analytics_seen", "retention"];
        for table in tables.iter().chain(&of_jobs).chain(&more) {
            place.sql(&format!("ALTER TABLE {table} ADD COLUMN of_tomorrow_{step} text"));
        }
    }
    all_verbs().await;
}

/// Has all but the newest message of a chat expire.
async fn sweep(store: &Arc<Postgres>, author: Author) {
    let chat = group(store, author, &[]).await;
    send(store, author, chat, 3).await;
    let default = Retention { max_age_ms: None, max_count: Some(1) };
    store.sweep_anew(Retention::default()).await.unwrap();
    assert!(store.sweep_anew(default).await.unwrap() > 0);
    assert!(!store.due(NOW, 9).await.unwrap().is_empty());
    let terms = Terms { now: NOW, default, batch: 256, every: 1000 };
    assert_eq!(store.sweep(chat, &terms).await.unwrap().removed, 2);
    let told = store.told(&[Stretch { chat, after: 4, upto: 5 }], true).await.unwrap();
    assert_eq!(told[0].expired.len(), 2);
    let change = GroupChange::Keep(default);
    store.change_group(author, chat, &change).await.unwrap().unwrap();
}

/// What background jobs do, and webhooks.
async fn work_of_jobs(store: &Postgres, author: Author) {
    let unique = || Uuid::now_v7().to_string();
    store.set_operator(author.user, NOW, true).await.unwrap();
    assert!(store.is_operator(author.user).await.unwrap());
    let entry = Entry {
        event_id: unique(),
        at: NOW,
        actor: None,
        user: Some(author.user),
        action: "session.started".to_owned(),
        resource: String::new(),
        resource_id: String::new(),
        outcome: Outcome::Success,
        address: None,
        device: None,
        details: None,
    };
    let head = store.append_audit(&[entry]).await.unwrap();
    assert_eq!(store.audit_page(&Filter::default(), 1).await.unwrap()[0].seq, head.seq);
    let webhook = Webhook {
        id: WebhookId(Uuid::now_v7()),
        chat: None,
        url: "https://example.org".to_owned(),
        topics: None,
        created_by: author.user,
        created_at: NOW,
        failing_since: None,
        disabled: None,
    };
    store.create_webhook(author, &webhook, &Secret::random(), 99).await.unwrap().unwrap();
    let (id, event_id, body) = (Uuid::now_v7(), unique(), "{}".to_owned());
    let topic = "message.created".to_owned();
    let new = NewDelivery { id, webhook: webhook.id, event_id, topic, body };
    let once = Once { job: "webhooks", at: NOW };
    assert_eq!(store.queue_deliveries(once, &[new]).await.unwrap(), 1);
    assert_eq!(store.claim_deliveries(NOW, NOW, 9, 9).await.unwrap().len(), 1);
    let last = Try { at: NOW, took: 1, status: Some(204), error: None };
    let settled = Settled { progress: Progress::Delivered, health: Health::Well };
    store.settle_delivery(id, &last, &settled).await.unwrap();
    assert_eq!(store.deliveries(webhook.id, None, 9).await.unwrap().len(), 1);
    store.change_webhook(author, webhook.id, Change::Delete).await.unwrap().unwrap();
    let (day, what) = (Day::of(NOW), What::Came(author.user));
    let fact = Fact { event_id: unique(), day, what };
    let once = Once { job: "analytics", at: NOW };
    assert_eq!(store.count_facts(once, &[fact]).await.unwrap(), 1);
    assert_eq!(store.counted_days(day, day).await.unwrap().len(), 1);
    assert_eq!(store.fold_days(day, 1).await.unwrap(), 0);
    let state = JobState { job: "webhooks".to_owned(), ..JobState::default() };
    store.note_job(&state).await.unwrap();
    assert_eq!(store.job_states().await.unwrap().len(), 1);
    assert!(store.dead_letters(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_command_changes_no_schema_and_a_migration_makes_it() {
    let (name, settings) = empty().await;
    assert_eq!(Postgres::schema(&settings).await.unwrap().standing(), Standing::Empty);
    let refused = Postgres::beside(&settings, Access::Read).await.err().unwrap().to_string();
    assert!(refused.contains("zvon migrate"), "{refused}");
    let tables =
        || shared().sql(&name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
    assert_eq!(tables(), "0");
    let steps = Postgres::migrate(&settings).await.unwrap();
    assert!(steps.len() > 2 && steps[0].sql.contains("CREATE TABLE meta"));
    assert_eq!(Postgres::migrate(&settings).await.unwrap(), []);
    assert_eq!(Postgres::schema(&settings).await.unwrap().standing(), Standing::Same);
}

/// Behind a step that waits for a table's lock everybody queues, so it must not wait for long.
#[tokio::test]
async fn a_step_gives_way_to_who_uses_its_table() {
    let (name, settings) = empty().await;
    let table = "CREATE TABLE schema_steps (version bigint PRIMARY KEY, description text NOT NULL, \
        checksum bytea NOT NULL, applied_at timestamptz NOT NULL)";
    shared().sql(&name, table);
    let place = Place { cluster: shared(), name };
    let mut other = place.connect().await;
    let hold = "BEGIN; LOCK TABLE schema_steps IN SHARE MODE";
    sqlx::raw_sql(hold).execute(&mut other).await.unwrap();
    let begun = Instant::now();
    let refused = Postgres::migrate(&settings).await.err().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert!(refused.to_string().contains("a table in use"), "{refused}");
    assert_eq!(place.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "1");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert!(Postgres::migrate(&settings).await.unwrap().len() > 2);
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
