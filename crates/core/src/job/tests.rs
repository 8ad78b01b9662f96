//! The runner, on records and failures that a test makes up.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::record::{Envelope, Payload, VERSION};
use zvon_protocol::time::Timestamp;

use super::runner::{Ground, Patience, Runner};
use super::store::{DeadLetter, JobState, JobStore};
use super::{Backoff, Job, JobError, Source};
use crate::clock::ManualClock;
use crate::event_log::{EventLogError, Record, Records};
use crate::store::StoreResult;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn record(number: i64) -> Record {
    let (user_id, at) = (UserId(Uuid::nil()), NOW.plus_millis(number));
    let session_id = SessionId(Uuid::nil());
    let payload = if number % 10 == 9 {
        let (connected_at, socket_id) = (at, String::new());
        Payload::UserOnline { user_id, socket_id, connected_at, ip: None, user_agent: None }
    } else {
        Payload::SessionEnded { user_id, session_id, reason: String::new(), ended_at: at }
    };
    let (event_id, version) = (number.to_string(), VERSION.to_owned());
    let envelope = Envelope { event_id, timestamp: at.0, version, seq: None, payload };
    Record { key: user_id.0, envelope }
}

/// A log that several may read one after the other.
#[derive(Default)]
struct Log {
    records: Mutex<Vec<Record>>,
    committed: Mutex<usize>,
    /// What reading answers before it goes on.
    refusals: Mutex<VecDeque<EventLogError>>,
    /// What committing answers before it goes on.
    fences: Mutex<usize>,
    database: Arc<Connection>,
}

struct Reader {
    log: Arc<Log>,
    database: Arc<Connection>,
    topics: &'static [&'static str],
    at: usize,
}

/// Reading and noting share it, as they do a connection of the store, first come, first served.
type Connection = tokio::sync::Mutex<()>;

#[async_trait]
impl Source for Arc<Log> {
    async fn open(&self, job: &Arc<dyn Job>) -> Result<Box<dyn Records>, EventLogError> {
        let topics = job.topics();
        let at = *self.committed.lock();
        let database = Arc::clone(&self.database);
        Ok(Box::new(Reader { log: Arc::clone(self), database, topics, at }))
    }
}

#[async_trait]
impl Records for Reader {
    async fn next(&mut self, most: usize) -> Result<Vec<Record>, EventLogError> {
        if let Some(refusal) = self.log.refusals.lock().pop_front() {
            return Err(refusal);
        }
        loop {
            let some: Vec<_> =
                self.log.records.lock().iter().skip(self.at).take(most.min(20)).cloned().collect();
            if !some.is_empty() {
                self.at += some.len();
                let wanted =
                    |record: &Record| self.topics.contains(&record.envelope.payload.topic());
                return Ok(some.into_iter().filter(wanted).collect());
            }
            let _held = self.database.lock().await;
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn commit(&mut self) -> Result<(), EventLogError> {
        let mut fences = self.log.fences.lock();
        if *fences > 0 {
            *fences -= 1;
            return Err(EventLogError::Fenced("by the test".to_owned()));
        }
        *self.log.committed.lock() = self.at;
        Ok(())
    }
}

/// A job whose effect is a list, and which does each record once.
#[derive(Default)]
struct Lister {
    listed: Mutex<Vec<String>>,
    known: Mutex<HashSet<String>>,
    /// Always fail, or make the job panic.
    bad: HashSet<String>,
    panics: HashSet<String>,
    /// How often everything is away.
    away: Mutex<u32>,
    /// How long a batch takes.
    takes: Duration,
}

#[async_trait]
impl Job for Lister {
    fn name(&self) -> &'static str {
        "lister"
    }

    fn topics(&self) -> &'static [&'static str] {
        &["session.ended"]
    }

    async fn run(&self, records: &[Record]) -> Result<(), JobError> {
        sleep(self.takes).await;
        if *self.away.lock() > 0 {
            *self.away.lock() -= 1;
            return Err(JobError::Away("gone".to_owned()));
        }
        let ids: Vec<_> = records.iter().map(|record| record.envelope.event_id.clone()).collect();
        assert!(!ids.iter().any(|id| self.panics.contains(id)), "as the test wants");
        if ids.iter().any(|id| self.bad.contains(id)) {
            return Err(JobError::Failed("bad".to_owned()));
        }
        let mut known = self.known.lock();
        let fresh = ids.into_iter().filter(|id| known.insert(id.clone()));
        self.listed.lock().extend(fresh);
        Ok(())
    }
}

#[derive(Default)]
struct Memory {
    dead: Mutex<Vec<DeadLetter>>,
    notes: Mutex<Vec<JobState>>,
    database: Arc<Connection>,
}

#[async_trait]
impl JobStore for Memory {
    async fn bury(&self, letter: &DeadLetter) -> StoreResult<()> {
        self.dead.lock().push(letter.clone());
        Ok(())
    }

    async fn dead_letters(&self, _: Option<&str>, _: u32) -> StoreResult<Vec<DeadLetter>> {
        Ok(self.dead.lock().clone())
    }

    async fn forget_dead(&self, _: &str, _: &str) -> StoreResult<bool> {
        Ok(false)
    }

    async fn note_job(&self, state: &JobState) -> StoreResult<()> {
        let _held = self.database.lock().await;
        self.notes.lock().push(state.clone());
        Ok(())
    }

    async fn job_states(&self) -> StoreResult<Vec<JobState>> {
        Ok(self.notes.lock().clone())
    }

    async fn purge_done(&self, _: Timestamp) -> StoreResult<u64> {
        Ok(0)
    }
}

struct Scene {
    log: Arc<Log>,
    job: Arc<Lister>,
    memory: Arc<Memory>,
    stop: CancellationToken,
}

impl Scene {
    fn new(job: Lister, records: i64) -> Self {
        let log = Arc::new(Log::default());
        log.records.lock().extend((0..records).map(record));
        let database = Arc::clone(&log.database);
        let memory = Arc::new(Memory { database, ..Memory::default() });
        let stop = CancellationToken::new();
        Self { log, job: Arc::new(job), memory, stop }
    }

    fn start(&self) -> JoinHandle<()> {
        let first = Duration::from_millis(100);
        let backoff = Backoff { first, longest: Duration::from_secs(1) };
        let ground = Ground {
            source: Arc::new(Arc::clone(&self.log)),
            store: Arc::clone(&self.memory) as _,
            clock: Arc::new(ManualClock::at(NOW)),
            patience: Patience { tries: 3, backoff },
            stop: self.stop.clone(),
        };
        tokio::spawn(Runner::new(Arc::clone(&self.job) as _, ground).run())
    }

    async fn reaches(&self, place: usize) {
        let reached = async {
            while *self.log.committed.lock() < place {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(3600), reached).await.unwrap();
    }

    async fn ends(&self, running: JoinHandle<()>) {
        self.stop.cancel();
        timeout(Duration::from_secs(60), running).await.unwrap().unwrap();
    }

    fn listed(&self) -> Vec<String> {
        self.job.listed.lock().clone()
    }
}

fn numbers(range: std::ops::Range<i64>) -> Vec<String> {
    range.filter(|number| number % 10 != 9).map(|number| number.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_wanted_is_done_once_and_in_order() {
    let scene = Scene::new(Lister::default(), 95);
    *scene.log.fences.lock() = 2;
    let refusal = EventLogError::Unavailable("not yet".to_owned());
    scene.log.refusals.lock().push_back(refusal);
    let running = scene.start();
    scene.reaches(95).await;
    assert_eq!(scene.listed(), numbers(0..95), "though batches came again");
    scene.log.records.lock().extend((95..120).map(record));
    scene.reaches(120).await;
    sleep(Duration::from_secs(10)).await;
    let notes = scene.memory.notes.lock().clone();
    let last = notes.last().unwrap();
    assert_eq!((last.reached, last.trouble.as_deref()), (NOW.plus_millis(118), None), "idle");
    assert!(notes.iter().any(|note| note.trouble.is_some()), "it said so when it had none");
    let done: u64 = notes.iter().map(|note| note.done).sum();
    assert!(done >= 108, "with what came again: {done}");
    scene.ends(running).await;
    assert_eq!(scene.listed(), numbers(0..120));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_is_put_away_and_holds_up_nothing() {
    let [bad, panics] = [["3", "17"], ["30", "31"]].map(|ids| ids.map(str::to_owned).into());
    let scene = Scene::new(Lister { bad, panics, ..Lister::default() }, 60);
    let running = scene.start();
    scene.reaches(60).await;
    let dead = scene.memory.dead.lock().clone();
    let why: Vec<_> =
        dead.iter().map(|dead| (&*dead.record.envelope.event_id, &*dead.reason)).collect();
    let panicked = "the job panicked";
    assert_eq!(why, [("3", "bad"), ("17", "bad"), ("30", panicked), ("31", panicked)]);
    assert!(dead.iter().all(|dead| dead.job == "lister" && dead.at == NOW));
    let mut others = numbers(0..60);
    others.retain(|id| !["3", "17", "30", "31"].contains(&&**id));
    assert_eq!(scene.listed(), others);
    scene.ends(running).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_away_is_waited_for_as_long_as_it_takes() {
    let scene = Scene::new(Lister { away: Mutex::new(500), ..Lister::default() }, 30);
    let running = scene.start();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(*scene.log.committed.lock(), 0);
    let trouble = scene.memory.notes.lock().last().unwrap().trouble.clone();
    assert_eq!(trouble.as_deref(), Some("gone"));
    scene.reaches(30).await;
    assert_eq!(scene.listed(), numbers(0..30));
    assert!(scene.memory.dead.lock().is_empty());
    assert_eq!(scene.memory.notes.lock().last().unwrap().trouble, None);
    scene.ends(running).await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_finished_or_dropped_at_the_end() {
    for (takes, done) in [(2, true), (60, false)] {
        let takes = Duration::from_secs(takes);
        let scene = Scene::new(Lister { takes, ..Lister::default() }, 10);
        let running = scene.start();
        sleep(Duration::from_secs(1)).await;
        scene.ends(running).await;
        assert_eq!(*scene.log.committed.lock(), if done { 10 } else { 0 });
        assert_eq!(scene.listed().len(), if done { 9 } else { 0 });
    }
    let scene = Scene::new(Lister { away: Mutex::new(u32::MAX), ..Lister::default() }, 10);
    let running = scene.start();
    sleep(Duration::from_secs(30)).await;
    scene.ends(running).await;
}
