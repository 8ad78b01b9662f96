//! The relay and the readers of the outbox: nothing is lost, each key keeps its order, whatever goes
//! wrong with the event log, the leases and the relays. On both databases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zvon_core::chat::store::{Author, NewGroup};
use zvon_core::clock::SystemClock;
use zvon_core::event_log::{DeadLetter, EventLog, EventLogError, Poison, Record};
use zvon_core::job::{Job, JobError, Source};
use zvon_core::lease::{LeaseError, Leases};
use zvon_core::outbox::pages::Pages;
use zvon_core::outbox::reader::Ground;
use zvon_core::outbox::relay::{RELAY, Relay, replay};
use zvon_core::outbox::source::OutboxSource;
use zvon_core::outbox::store::Bookmark;
use zvon_core::store::{Store, StoreResult};
use zvon_protocol::ids::ChatId;
use zvon_protocol::record::Payload;
use zvon_protocol::time::Timestamp;

use crate::Place;
use crate::postgres::Place as Database;
use crate::scene::NOW;
use crate::told::{person, text};

const PATIENCE: Duration = Duration::from_secs(60);

/// An event log in memory that can be made to fail.
#[derive(Default)]
struct Log {
    told: parking_lot::Mutex<Vec<Record>>,
    dead: parking_lot::Mutex<Vec<DeadLetter>>,
    begun: AtomicU64,
    /// Of so many appends one fails, half of it done; 0: none.
    trouble: AtomicU32,
    calls: AtomicU32,
    away: AtomicBool,
}

/// One relay's view of it.
struct View(Arc<Log>, AtomicU64);

impl View {
    fn of(log: &Arc<Log>) -> Arc<dyn EventLog> {
        Arc::new(Self(Arc::clone(log), AtomicU64::new(0)))
    }

    fn check(&self) -> Result<(), EventLogError> {
        if self.0.away.load(Ordering::SeqCst) {
            return Err(EventLogError::Unavailable("it is away".to_owned()));
        }
        if self.0.begun.load(Ordering::SeqCst) == self.1.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(EventLogError::Fenced("another one began".to_owned()))
    }
}

#[async_trait]
impl EventLog for View {
    async fn begin(&self) -> Result<(), EventLogError> {
        let turn = self.0.begun.fetch_add(1, Ordering::SeqCst) + 1;
        self.1.store(turn, Ordering::SeqCst);
        self.check()
    }

    async fn append(&self, records: &[Record]) -> Result<Vec<Poison>, EventLogError> {
        tokio::task::yield_now().await;
        let mut told = self.0.told.lock();
        self.check()?;
        let (trouble, call) =
            (self.0.trouble.load(Ordering::SeqCst), self.0.calls.fetch_add(1, Ordering::SeqCst));
        if trouble > 0 && call % trouble == 0 {
            told.extend_from_slice(&records[..records.len() / 2]);
            return Err(EventLogError::Unavailable("it failed in the middle".to_owned()));
        }
        let is_poison = |record: &Record| {
            matches!(&record.envelope.payload,
            Payload::MessageCreated { content, .. } if content == "poison")
        };
        let mut poison = Vec::new();
        for (index, record) in records.iter().enumerate() {
            if is_poison(record) {
                poison.push(Poison { index, reason: "it is poison".to_owned() });
            } else {
                told.push(record.clone());
            }
        }
        Ok(poison)
    }

    async fn bury(&self, dead: &DeadLetter) -> Result<(), EventLogError> {
        self.check()?;
        self.0.dead.lock().push(dead.clone());
        Ok(())
    }
}

/// Leases of one process; or such that tell everybody what they like to hear.
#[derive(Default)]
pub(crate) struct Some {
    lie: bool,
    holder: parking_lot::Mutex<BTreeMap<String, Uuid>>,
}

#[async_trait]
impl Leases for Some {
    async fn hold(&self, name: &str, holder: Uuid, _: Duration) -> Result<bool, LeaseError> {
        Ok(self.lie || *self.holder.lock().entry(name.to_owned()).or_insert(holder) == holder)
    }

    async fn release(&self, name: &str, holder: Uuid) {
        self.holder.lock().retain(|held, of| held != name || *of != holder);
    }

    fn are_shared(&self) -> bool {
        false
    }
}

pub(crate) fn ground(store: &Arc<dyn Store>, leases: &Arc<Some>) -> Ground {
    let (store, leases) = (Arc::clone(store), Arc::clone(leases) as Arc<dyn Leases>);
    Ground { store, leases, clock: Arc::new(SystemClock) }
}

/// A relay on a task, until it is told to stop.
fn relay(ground: Ground, log: &Arc<Log>) -> CancellationToken {
    let stop = CancellationToken::new();
    tokio::spawn(Relay::new(ground, View::of(log)).run(stop.clone()));
    stop
}

pub(crate) async fn group(store: &dyn Store, admin: Author, others: &[Author]) -> ChatId {
    let members = others.iter().map(|other| other.user).collect();
    let group = NewGroup { id: ChatId(Uuid::now_v7()), title: "A group".to_owned(), members };
    store.create_group(admin, &group).await.unwrap().unwrap().0.id
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Two writers in three chats.
async fn workload(store: &Arc<dyn Store>, rounds: usize) {
    let writers = (0..2).map(|_| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let (ann, bob) = (person(&*store).await, person(&*store).await);
            let mut chats = Vec::new();
            for _ in 0..3 {
                chats.push(group(&*store, ann, &[bob]).await);
            }
            for round in 0..rounds {
                let (one, other) = (chats[round % 3], chats[(round + 1) % 3]);
                store.append(NOW, &[text(ann, one), text(bob, other)]).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

/// All that the outbox tells.
async fn all(store: &Arc<dyn Store>) -> Vec<Record> {
    let (mut pages, mut all) = (Pages::from(Bookmark::default(), NOW), Vec::new());
    while let Some(slice) = pages.next(&**store).await.unwrap() {
        all.extend(slice.records);
    }
    all
}

fn ids(records: &[Record]) -> BTreeSet<&str> {
    records.iter().map(|record| record.envelope.event_id.as_str()).collect()
}

/// Everything is there, and as consumers see it that know what they had, each key is in order.
async fn check(store: &Arc<dyn Store>, log: &Arc<Log>) {
    let all = all(store).await;
    until("all is told", async || ids(&log.told.lock()) == ids(&all)).await;
    let told = log.told.lock();
    let (mut known, mut by_key) = (BTreeSet::new(), BTreeMap::<_, Vec<_>>::new());
    for record in told.iter().filter(|record| known.insert(&record.envelope.event_id)) {
        by_key.entry(record.key).or_default().push(record);
    }
    for records in by_key.values() {
        let of = |record: &&&Record| record.key == records[0].key;
        let expected: Vec<_> = all.iter().filter(|record| of(&record)).collect();
        assert!(*records == expected, "the key keeps its order");
    }
}

async fn everything_is_brought(store: Arc<dyn Store>) {
    let (log, leases) = (Arc::new(Log::default()), Arc::new(Some::default()));
    let stop = relay(ground(&store, &leases), &log);
    workload(&store, 50).await;
    check(&store, &log).await;
    let total = all(&store).await.len();
    assert_eq!(log.told.lock().len(), total, "once, as nothing went wrong");
    stop.cancel();
    // The next one goes on where the last one was.
    until("the lease is given up", async || leases.holder.lock().is_empty()).await;
    let stop = relay(ground(&store, &leases), &log);
    workload(&store, 5).await;
    check(&store, &log).await;
    let events = all(&store).await.len();
    let again = log.told.lock().len() - events;
    assert!(again <= total, "{again} came again");
    let position = store.positions().await.unwrap().remove(0);
    assert_eq!(position.reader, RELAY);
    until("the position moves", async || {
        let place = store.positions().await.unwrap().remove(0).place;
        store.backlog(&place).await.unwrap().rows == 0
    })
    .await;
    stop.cancel();
}

async fn a_log_in_trouble_loses_nothing(store: Arc<dyn Store>) {
    let (log, leases) = (Arc::new(Log::default()), Arc::new(Some::default()));
    log.away.store(true, Ordering::SeqCst);
    let stop = relay(ground(&store, &leases), &log);
    workload(&store, 20).await;
    assert_eq!(log.told.lock().len(), 0);
    log.trouble.store(2, Ordering::SeqCst);
    log.away.store(false, Ordering::SeqCst);
    workload(&store, 20).await;
    check(&store, &log).await;
    stop.cancel();
}

async fn two_that_believe_to_be_the_one_hurt_nobody(store: Arc<dyn Store>) {
    let (log, leases) = (Arc::new(Log::default()), Arc::new(Some { lie: true, ..Some::default() }));
    let stops = [(); 3].map(|()| relay(ground(&store, &leases), &log));
    workload(&store, 60).await;
    check(&store, &log).await;
    stops.iter().for_each(CancellationToken::cancel);
}

async fn poison_is_buried_and_the_rest_goes_on(store: Arc<dyn Store>) {
    let (log, leases) = (Arc::new(Log::default()), Arc::new(Some::default()));
    let ann = person(&*store).await;
    let chat = group(&*store, ann, &[]).await;
    for content in ["one", "poison", "two"] {
        let row =
            zvon_core::message::store::Append { content: content.to_owned(), ..text(ann, chat) };
        store.append(NOW, &[row]).await.unwrap();
    }
    let stop = relay(ground(&store, &leases), &log);
    let all = all(&store).await;
    let (told, dead) = (|| log.told.lock().len(), || log.dead.lock().len());
    until("all but one is told", async || (told(), dead()) == (all.len() - 1, 1)).await;
    let dead = log.dead.lock().clone();
    assert_eq!((dead.len(), dead[0].topic.as_str(), dead[0].key), (1, "message.created", chat.0));
    assert!(dead[0].reason == "it is poison" && dead[0].payload.contains("\"poison\""), "{dead:?}");
    stop.cancel();
    // And what was told is told again on demand, under the same ids.
    let (again, view) = (Arc::new(Log::default()), |log: &Arc<Log>| View::of(log));
    let (from, to) = (NOW, NOW.plus_millis(1));
    let view = view(&again);
    view.begin().await.unwrap();
    let count = replay(&*store, &*view, (from, to)).await.unwrap();
    assert_eq!(count, all.len() as u64);
    assert_eq!(*again.told.lock(), *log.told.lock());
    assert_eq!(replay(&*store, &*view, (Timestamp(0), from)).await.unwrap(), 0);
}

const WANTED: [&str; 2] = ["message.created", "chat.created"];

/// A job that is only read for; wants nothing while it is told so.
struct Wants(&'static str, AtomicBool);

#[async_trait]
impl Job for Wants {
    fn name(&self) -> &'static str {
        self.0
    }

    fn topics(&self) -> &'static [&'static str] {
        &WANTED
    }

    async fn wants_nothing(&self) -> StoreResult<bool> {
        Ok(self.1.load(Ordering::SeqCst))
    }

    async fn wants_of(&self, _: &[ChatId]) -> StoreResult<Option<Vec<ChatId>>> {
        Ok(self.1.load(Ordering::SeqCst).then(Vec::new))
    }

    async fn run(&self, _: &[Record]) -> Result<(), JobError> {
        Ok(())
    }
}

async fn what_is_committed_is_soon_brought(store: Arc<dyn Store>) {
    let (log, leases) = (Arc::new(Log::default()), Arc::new(Some::default()));
    let ann = person(&*store).await;
    let chat = group(&*store, ann, &[]).await;
    let stop = relay(ground(&store, &leases), &log);
    check(&store, &log).await;
    // Long enough that nobody looks often any more.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut waits = Vec::new();
    for turn in 0..8 {
        let before = log.told.lock().len();
        store.append(NOW, &[text(ann, chat)]).await.unwrap();
        let committed = Instant::now();
        until("it is brought", async || log.told.lock().len() > before).await;
        waits.push(committed.elapsed());
        tokio::time::sleep(Duration::from_millis(60 * turn)).await;
    }
    waits.sort_unstable();
    println!("from commit to append: {:?}, at most {:?}", waits[4], waits[7]);
    assert!(waits[4] < Duration::from_millis(500), "{waits:?}");
    stop.cancel();
}

async fn who_wants_nothing_passes_over_it(store: Arc<dyn Store>) {
    let source = OutboxSource(ground(&store, &Arc::new(Some::default())));
    let wants = Arc::new(Wants("idle", AtomicBool::new(true)));
    let job: Arc<dyn Job> = Arc::clone(&wants) as _;
    workload(&store, 3).await;
    let before = all(&store).await.len();
    let mut records = source.open(&job).await.unwrap();
    let long = Duration::from_secs(7);
    let waited = tokio::time::timeout(long, records.next(9)).await;
    assert!(waited.is_err(), "nothing is given out");
    let passed = async || {
        let mut positions = store.positions().await.unwrap();
        positions.retain(|position| position.reader == "idle");
        store.backlog(&positions[0].place).await.unwrap().rows
    };
    assert_eq!(passed().await, 0, "its position moved, so that rows may go");
    wants.1.store(false, Ordering::SeqCst);
    workload(&store, 2).await;
    let wanted = |record: &Record| WANTED.contains(&record.envelope.payload.topic());
    let expected: Vec<_> = all(&store).await.into_iter().skip(before).filter(wanted).collect();
    let mut found = Vec::new();
    while found.len() < expected.len() {
        found.extend(records.next(1000).await.unwrap());
        records.commit().await.unwrap();
    }
    assert_eq!(found, expected, "all from then on");
}

async fn jobs_read_the_outbox(store: Arc<dyn Store>) {
    let jobs = ["one", "two"]
        .map(|name| -> Arc<dyn Job> { Arc::new(Wants(name, AtomicBool::new(false))) });
    let leases = Arc::new(Some::default());
    let source = OutboxSource(ground(&store, &leases));
    workload(&store, 10).await;
    let wanted = |record: &Record| WANTED.contains(&record.envelope.payload.topic());
    let expected: Vec<_> = all(&store).await.into_iter().filter(wanted).collect();
    let mut one = source.open(&jobs[0]).await.unwrap();
    let (mut found, mut first) = (Vec::new(), Vec::new());
    while found.len() < expected.len() {
        let some = one.next(7).await.unwrap();
        assert!(some.len() <= 7);
        if first.is_empty() {
            first = some.clone();
            assert_eq!(one.next(7).await.unwrap(), some, "what was not committed comes again");
        }
        found.extend(some);
        one.commit().await.unwrap();
    }
    assert_eq!(found, expected);
    // Another of that name waits; one of another name reads for itself.
    let waits = source.open(&jobs[0]);
    assert!(tokio::time::timeout(Duration::from_millis(300), waits).await.is_err());
    let mut two = source.open(&jobs[1]).await.unwrap();
    assert_eq!(two.next(7).await.unwrap(), first);
    drop((one, two));
    workload(&store, 1).await;
    let mut one = source.open(&jobs[0]).await.unwrap();
    let some = one.next(1000).await.unwrap();
    assert!(!expected.contains(&some[0]), "what was committed does not come again");
    // A newer one of that name that a lease did not stop.
    let liar = Arc::new(Some { lie: true, ..Some::default() });
    let mut newer = OutboxSource(ground(&store, &liar)).open(&jobs[0]).await.unwrap();
    assert_eq!(newer.next(1000).await.unwrap(), some);
    let refused = loop {
        if let Err(error) = one.commit().await {
            break error;
        }
        one.next(1000).await.unwrap();
    };
    assert!(matches!(refused, EventLogError::Fenced(_)), "{refused}");
    newer.commit().await.unwrap();
}

async fn every_case<T>(make: impl AsyncFn() -> (T, Arc<dyn Store>)) {
    let (_place, store) = make().await;
    everything_is_brought(store).await;
    let (_place, store) = make().await;
    a_log_in_trouble_loses_nothing(store).await;
    let (_place, store) = make().await;
    two_that_believe_to_be_the_one_hurt_nobody(store).await;
    let (_place, store) = make().await;
    poison_is_buried_and_the_rest_goes_on(store).await;
    let (_place, store) = make().await;
    jobs_read_the_outbox(store).await;
    let (_place, store) = make().await;
    who_wants_nothing_passes_over_it(store).await;
    let (_place, store) = make().await;
    what_is_committed_is_soon_brought(store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outbox_of_sqlite_is_followed() {
    every_case(async || {
        let place = Place::new();
        let store = place.open().await as Arc<dyn Store>;
        (place, store)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outbox_of_postgres_is_followed() {
    every_case(async || {
        let place = Database::new().await;
        let store = place.open().await as Arc<dyn Store>;
        (place, store)
    })
    .await;
}
