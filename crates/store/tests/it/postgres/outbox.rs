//! Reading the outbox while writers are slow and one never ends: nothing is lost, nothing is out
//! of order, nothing waits. The two orders that look right are not; they read the same rows at the
//! same time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlx::{Connection, PgConnection, Row};
use uuid::Uuid;
use zvon_core::chat::store::Author;
use zvon_core::message::store::MessageStore;
use zvon_core::outbox::store::{Bookmark, OutboxStore};
use zvon_protocol::ids::ChatId;
use zvon_store::postgres::Postgres;

use super::Place;
use super::scene::{NOW, group, person, text};

const WRITERS: usize = 8;
const ROUNDS: usize = 40;

/// A chat, and the first and last seq that it grew by.
type Span = (Uuid, i64, i64);

/// What one reader made of the rows.
#[derive(Default)]
struct Log {
    /// Rows in the order they were read.
    rows: Vec<(i64, Vec<Span>)>,
}

impl Log {
    fn ids(&self) -> BTreeSet<i64> {
        self.rows.iter().map(|(id, _)| *id).collect()
    }

    /// How many stretches of a chat's log did not begin where the one before ended.
    fn broken(&self) -> usize {
        let (mut heads, mut broken) = (BTreeMap::new(), 0);
        for (chat, low, high) in self.rows.iter().flat_map(|(_, spans)| spans) {
            let head = heads.insert(*chat, *high).unwrap_or(0);
            broken += usize::from(*low != head + 1);
        }
        broken
    }
}

/// The store's own reading, in small pages.
struct Ours {
    store: Arc<Postgres>,
    place: Bookmark,
    log: Log,
}

impl Ours {
    async fn step(&mut self) {
        let (rows, next) = self.store.outbox(&self.place, 7).await.unwrap();
        self.place = next;
        for row in rows {
            let signed = |seq| i64::try_from(seq).unwrap();
            let spans =
                row.spans.iter().map(|(chat, low, high)| (chat.0, signed(*low), signed(*high)));
            self.log.rows.push((signed(row.id), spans.collect()));
        }
    }
}

/// A reading by another order.
struct Other {
    sql: &'static str,
    last: (i64, i64),
    log: Log,
}

const BY_TXID: &str = "SELECT * FROM outbox WHERE (txid, id) > ($1, $2) \
    AND txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY txid, id";
const BY_ID: &str = "SELECT * FROM outbox WHERE $1 = $1 AND id > $2 ORDER BY id";

impl Other {
    fn new(sql: &'static str) -> Self {
        Self { sql, last: (0, 0), log: Log::default() }
    }

    async fn step(&mut self, raw: &mut PgConnection) {
        let rows = sqlx::query(self.sql).bind(self.last.0).bind(self.last.1);
        for row in rows.fetch_all(raw).await.unwrap() {
            self.last = (row.get("txid"), row.get("id"));
            let chats: Vec<Uuid> = row.get("chats");
            let lows: Vec<i64> = row.get("lows");
            let highs: Vec<i64> = row.get("highs");
            let spans = chats.into_iter().zip(lows).zip(highs);
            let spans = spans.map(|((chat, low), high)| (chat, low, high)).collect();
            self.log.rows.push((row.get("id"), spans));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_writers_lose_scramble_and_stall_nothing() {
    let place = Place::new().await;
    let settings = super::settings(place.cluster.url(&place.name));
    let wide = zvon_store::postgres::Settings { send: 8, ..settings };
    let store = Arc::new(Postgres::open(&wide).await.unwrap());
    let ann = person(&store).await;
    let mut chats = Vec::new();
    for _ in 0..4 {
        chats.push(group(&store, ann, &[]).await);
    }
    let quiet = group(&store, ann, &[]).await;
    let mut raw = place.connect().await;
    place.sql(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
            PERFORM pg_sleep(random() * 0.006); RETURN NULL; END $$; \
         CREATE TRIGGER dawdle AFTER INSERT ON outbox EXECUTE FUNCTION dawdle()",
    );
    let mut never = place.connect().await;
    let mut never = never.begin().await.unwrap();
    hold(&mut never, quiet).await;
    let mut ours =
        Ours { store: Arc::clone(&store), place: Bookmark::default(), log: Log::default() };
    let (mut by_txid, mut by_id) = (Other::new(BY_TXID), Other::new(BY_ID));
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| tokio::spawn(write(Arc::clone(&store), ann, chats.clone(), n)))
        .collect();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        ours.step().await;
        by_txid.step(&mut raw).await;
        by_id.step(&mut raw).await;
    }
    // The batches, the groups, and what ann's account and session left.
    let made = WRITERS * ROUNDS + chats.len() + 1 + 2;
    while ours.log.rows.len() < made {
        let before = ours.log.rows.len();
        ours.step().await;
        assert!(ours.log.rows.len() > before, "it waits for the writer that never ends");
    }
    by_txid.step(&mut raw).await;
    by_id.step(&mut raw).await;
    assert!(by_txid.log.rows.len() < made / 2, "the other order does wait for it");
    assert!(ours.place.0.len() < 1000, "what is beyond the open one is not kept apart");

    never.commit().await.unwrap();
    for _ in 0..2 {
        ours.step().await;
        by_txid.step(&mut raw).await;
        by_id.step(&mut raw).await;
    }
    let all: BTreeSet<i64> =
        place.sql("SELECT id FROM outbox").lines().map(|id| id.parse().unwrap()).collect();
    assert_eq!(ours.log.rows.len(), all.len(), "each row once");
    assert_eq!(ours.log.ids(), all, "none lost");
    assert_eq!(ours.log.broken(), 0, "none out of order");

    assert_eq!(by_txid.log.ids(), all, "the order of transactions loses nothing");
    assert!(by_txid.log.broken() > WRITERS, "but scrambles: {}", by_txid.log.broken());
    let lost = all.len() - by_id.log.ids().len();
    assert!(lost > 0, "the order of ids alone loses rows");
}

/// A writer that has its transaction's id and its outbox row, and does not come to an end.
async fn hold(never: &mut PgConnection, chat: ChatId) {
    const HOLD: &str = "WITH c AS (UPDATE chats SET last_seq = last_seq + 1 WHERE id = $1 \
            RETURNING id, last_seq) \
        INSERT INTO outbox (at, chats, lows, highs) \
            SELECT 0, ARRAY[id], ARRAY[last_seq], ARRAY[last_seq] FROM c";
    sqlx::query(HOLD).bind(chat.0).execute(never).await.unwrap();
}

/// Batches for one chat or two.
async fn write(store: Arc<Postgres>, ann: Author, chats: Vec<ChatId>, number: usize) {
    for round in 0..ROUNDS {
        let one = chats[(number + round) % chats.len()];
        let other = chats[(number * 3 + round / 2) % chats.len()];
        store.append(NOW, &[text(ann, one), text(ann, other)]).await.unwrap();
    }
}
