//! No statement's cost grows with the past: of long logs, many chats and many people each plan
//! touches only the rows it is about. PostgreSQL itself tells how many (`auto_explain`), also of
//! the statements inside functions.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use zvon_core::account::store::AccountStore;
use zvon_core::chat::store::{Author, ChatStore, GroupChange};
use zvon_core::delivery::store::{CursorStore, Move};
use zvon_core::message::store::{Append, MessageStore, Page};
use zvon_core::outbox::event::{AccountEvent, AccountKind};
use zvon_core::outbox::position::{Position, PositionStore};
use zvon_core::outbox::store::{OutboxStore, Stretch};
use zvon_core::retention::policy::Terms;
use zvon_core::retention::store::RetentionStore;
use zvon_core::session::Reason;
use zvon_core::session::store::{End, SessionStore, Use};
use zvon_protocol::chat::Retention;
use zvon_protocol::ids::ChatId;
use zvon_store::postgres::Postgres;
use zvon_testkit::postgres::{Cluster, Disk};

use super::scene::{NOW, group, person, send, text};
use super::settings;

/// Most rows that a step of a plan may touch here; what is there is a hundred times as much.
const MOST: f64 = 256.0;

/// A past: twenty thousand messages in the chat, as many members, sessions and outbox rows in
/// others.
const PAST: &str = "\
    INSERT INTO events (chat_id, seq, msg_no, at, kind, actor, id, content) \
        SELECT c.id, c.last_seq + n, c.msg_no + n, c.last_at, 1, c.created_by, gen_random_uuid(), \
        'as long as ever' FROM (SELECT * FROM chats LIMIT 1) c, generate_series(1, 20000) n; \
    UPDATE chats SET last_seq = last_seq + 20000, msg_no = msg_no + 20000, \
        last_message = last_seq + 20000; \
    INSERT INTO users (id, email, email_folded, name, name_folded, password, created_at) \
        SELECT gen_random_uuid(), n, n, n, n, '', 0 FROM generate_series(1, 20000) n; \
    INSERT INTO sessions (id, user_id, created_at, seen_at, expires_at, revoked_at, reason, device, \
        address) SELECT gen_random_uuid(), id, 0, 0, 1, CASE WHEN random() < 0.5 THEN 1 END, \
        'revoked', '', '' FROM users; \
    INSERT INTO chats (id, kind, created_at, created_by, last_seq, msg_no, last_at, members) \
        SELECT id, 1, 0, id, 1, 0, 0, 1 FROM users; \
    INSERT INTO members SELECT id, id, 0, 1, NULL, 1, 1, 0 FROM users; \
    INSERT INTO outbox (at, chats, lows, highs) \
        SELECT n, '{}', '{}', '{}' FROM generate_series(1, 20000) n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_step_of_a_plan_walks_through_the_past() {
    let cluster = Cluster::start(Disk::Lazy);
    let name = cluster.create_database(None);
    let store = Postgres::open(&settings(cluster.url(&name))).await.unwrap();
    let (ann, bob) = (person(&store).await, person(&store).await);
    let chat = group(&store, ann, &[bob]).await;
    let mut slow = begun(&cluster.url(&name)).await;
    cluster.sql(&name, PAST);
    cluster.sql(&name, "VACUUM ANALYZE");
    store.close().await;
    cluster.sql(
        "postgres",
        &format!(
            "ALTER DATABASE {name} SET session_preload_libraries = 'auto_explain'; \
             ALTER DATABASE {name} SET auto_explain.log_min_duration = 0; \
             ALTER DATABASE {name} SET auto_explain.log_analyze = on; \
             ALTER DATABASE {name} SET auto_explain.log_timing = off; \
             ALTER DATABASE {name} SET auto_explain.log_nested_statements = on"
        )
        .replace("; ", ";\n"),
    );
    let store = std::sync::Arc::new(Postgres::open(&settings(cluster.url(&name))).await.unwrap());
    let before = cluster.log().len();
    send(&store, ann, chat, 64).await;
    writes(&store, ann, bob, chat).await;
    reads(&store, ann, bob, chat).await;
    sweeps(&store, chat).await;
    let end = store.outbox_end().await.unwrap();
    sqlx::raw_sql("COMMIT").execute(&mut slow).await.unwrap();
    assert_eq!(store.outbox(&end, 100).await.unwrap().0.len(), 1, "it is not passed over");
    store.close().await;
    let log = cluster.log();
    let plans = &log[before..];
    assert!(plans.matches("Query Text:").count() > 60, "{plans}");
    assert!(plans.contains("INSERT INTO events") && plans.contains("WITH ORDINALITY"), "{plans}");
    let walks: Vec<_> = plans.lines().filter(|line| touched(line) > MOST).collect();
    assert!(walks.is_empty(), "{walks:#?}\n{plans}");
}

/// A transaction that began before everything, with a row in the outbox, and goes on.
async fn begun(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    let mut slow = options.disable_statement_logging().connect().await.unwrap();
    let begin = "BEGIN; INSERT INTO outbox (at, chats, lows, highs) VALUES (0, '{}', '{}', '{}')";
    sqlx::raw_sql(begin).execute(&mut slow).await.unwrap();
    slow
}

/// How many rows a line of a plan says were touched.
fn touched(line: &str) -> f64 {
    let after = |word: &str| {
        let rest = line.split_once(word)?.1;
        rest.split([' ', ')']).next()?.parse::<f64>().ok()
    };
    let removed = after("Rows Removed by Filter: ").unwrap_or(0.0);
    let actual = line.split_once("(actual rows=").map_or(0.0, |(_, rest)| {
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(0.0);
        let rows: f64 = number(rest.split(' ').next());
        let loops: f64 = number(rest.split_once("loops=").and_then(|(_, n)| n.split(')').next()));
        rows * loops
    });
    removed.max(actual)
}

async fn writes(store: &Postgres, ann: Author, bob: Author, chat: ChatId) {
    let row = Append { present: vec![bob.user], known: Some(20_000), ..text(ann, chat) };
    for _ in 0..2 {
        store.append(NOW, std::slice::from_ref(&row)).await.unwrap();
    }
    let head = store.heads(&[chat]).await.unwrap()[0].1;
    let session = Some(bob.session);
    let wish = Move { chat, user: bob.user, session, delivered: head, read: head - 1 };
    assert_eq!(store.move_cursors(NOW, &[wish]).await.unwrap().len(), 1);
    store.append(NOW, &[text(ann, chat)]).await.unwrap();
    assert_eq!(store.deliver_all(bob.user).await.unwrap().len(), 1);
    store.pin(ann, row.id, 9).await.unwrap().unwrap();
    store.unpin(ann, row.id).await.unwrap().unwrap();
    let change = GroupChange::Rename("x".to_owned());
    store.change_group(ann, chat, &change).await.unwrap().unwrap();
    store.change_group(ann, chat, &GroupChange::Remove(bob.user)).await.unwrap().unwrap();
    let back = GroupChange::Add { user: bob.user, max: 9 };
    store.change_group(ann, chat, &back).await.unwrap().unwrap();
    store.open_private(ann, bob.user, ChatId(uuid::Uuid::now_v7())).await.unwrap().unwrap();
    let used = Use { session: ann.session, seen_at: NOW, expires_at: NOW.plus_millis(9_000_000) };
    store.use_sessions(&[used]).await.unwrap();
    store.rotate_session(used, 0).await.unwrap();
    store.set_last_seen(&[(ann.user, NOW)]).await.unwrap();
    let eve = person(store).await;
    let end = End { at: NOW, reason: Reason::Revoked };
    assert!(store.revoke_session(eve.session, end).await.unwrap());
    store.revoke_sessions(eve.user, None, end).await.unwrap();
    store.change_password(eve.user, "x", None, end).await.unwrap();
    store.set_disabled(eve.user, NOW, true).await.unwrap();
    store.set_disabled(eve.user, NOW, false).await.unwrap();
    let kind = AccountKind::Disconnected { connection: "c".to_owned(), lasted: 9 };
    store.record(NOW, &[AccountEvent { user: eve.user, kind }]).await.unwrap();
}

/// A batch goes of a log that is long, and then nothing is over.
async fn sweeps(store: &Postgres, chat: ChatId) {
    let default = Retention { max_age_ms: Some(1_000_000_000_000), max_count: Some(19_900) };
    let terms = Terms { now: NOW, default, batch: 100, every: 1000 };
    assert_eq!(store.pass_over(NOW, 64).await.unwrap(), 64);
    assert_eq!(store.due(NOW, 64).await.unwrap().len(), 64);
    assert_eq!(store.crowded(&[chat], default).await.unwrap(), [chat]);
    let mut removed = 0;
    for _ in 0..5 {
        removed += store.sweep(chat, &terms).await.unwrap().removed;
    }
    assert!((100..400).contains(&removed), "{removed}");
    assert_eq!(store.sweep(chat, &terms).await.unwrap().removed, 0);
    assert_eq!(store.page(chat, Page::After(0), 50).await.unwrap().len(), 50);
    assert_eq!(store.page(chat, Page::Before(removed), 50).await.unwrap(), []);
}

async fn reads(store: &Postgres, ann: Author, bob: Author, chat: ChatId) {
    for page in [Page::Newest, Page::Before(9_000), Page::After(9_000), Page::Around(9_000)] {
        let rows = store.page(chat, page, 50).await.unwrap();
        assert_eq!(rows.len(), 50);
        store.message(rows[0].id).await.unwrap().unwrap();
    }
    assert_eq!(store.events(chat, 19_000, 50).await.unwrap().len(), 50);
    assert_eq!(store.passed(chat, 5, 19_000, 50).await.unwrap().len(), 50);
    assert_eq!(store.sent_by(chat, ann.user, 50).await.unwrap().len(), 50);
    store.pinned(chat).await.unwrap();
    store.chat(chat).await.unwrap().unwrap();
    store.member(chat, bob.user).await.unwrap().unwrap();
    assert_eq!(store.members(&[chat]).await.unwrap().len(), 2);
    assert_eq!(store.chats_of(ann.user).await.unwrap().len(), 3);
    assert_eq!(store.contacts_of(ann.user).await.unwrap().len(), 1);
    store.session(ann.session).await.unwrap().unwrap();
    store.sessions_of(ann.user, NOW).await.unwrap();
    store.revoked_since(NOW).await.unwrap();
    store.accounts(&[ann.user]).await.unwrap();
    store.account_by_email("17").await.unwrap().unwrap();
    store.account_by_email("NOBODY").await.unwrap();
    assert_eq!(store.list_accounts(None, 20).await.unwrap().len(), 20);
    assert_eq!(store.list_accounts(Some("1999"), 20).await.unwrap().len(), 11);
    store.count_accounts(100).await.unwrap();
    let end = store.outbox_end().await.unwrap();
    store.append(NOW, &[text(ann, chat)]).await.unwrap();
    let (rows, next) = store.outbox(&end, 100).await.unwrap();
    assert_eq!((rows.len(), store.outbox(&next, 100).await.unwrap().0.len()), (1, 0));
    assert_eq!(store.backlog(&end).await.unwrap().rows, 1);
    let stretches = [100, 9_000].map(|after| Stretch { chat, after, upto: after + 10 });
    assert_eq!(store.told(&stretches, true).await.unwrap().len(), 20);
    assert_eq!(store.passed_in(&stretches).await.unwrap().len(), 20);
    let taken = store.take_position("reader", NOW).await.unwrap();
    assert!(store.move_position(&Position { place: next, ..taken }).await.unwrap());
    assert_eq!(store.positions().await.unwrap().len(), 1);
}
