//! Who follows the outbox for good: one at a time by a lease, from a position that is kept in the
//! store, fenced by it.
//!
//! `wait` until this is the one, `take` the position, then `next` and `done` again and again. What
//! was not done comes again, here or to whoever comes after; so does a little more. Two that
//! believe to be the one hurt nobody: the older one's `done` is refused. While nobody can say who has
//! the lease, its holder goes on, and another takes over once the position was not touched for
//! [`STALE`]. [`OutboxSource`] gives such readers to jobs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use uuid::Uuid;

use super::pages::{BrokenRow, Pages, Slice};
use super::position::Position;
use crate::clock::Clock;
use crate::event_log::{EventLogError, Record, Records};
use crate::job::Source;
use crate::lease::{Held, LIFE, Leases};
use crate::store::{Store, StoreError};

/// A position of a lost reader: after this time without a lease's word another takes it.
pub const STALE: Duration = Duration::from_secs(45);
/// How often a position is touched that does not move, where leases can be lost.
const TOUCH: Duration = Duration::from_secs(10);
/// How soon who is not the one asks again.
const ASK: Duration = Duration::from_secs(2);
/// How soon the outbox is looked at again by who found something lately, and by who did not.
const SOON: Duration = Duration::from_millis(50);
const LATER: Duration = Duration::from_millis(200);
const LATELY: Duration = Duration::from_secs(3);

/// What readers stand on.
#[derive(Clone)]
pub struct Ground {
    /// The outbox.
    pub store: Arc<dyn Store>,
    /// Who is the one.
    pub leases: Arc<dyn Leases>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A reader of that name.
pub struct Reader {
    ground: Ground,
    name: String,
    lease: Option<Held>,
    at: Option<At>,
    /// When something was found last.
    found: Option<Instant>,
}

/// Where it is.
struct At {
    position: Position,
    pages: Pages,
    touched: Instant,
}

fn away(error: StoreError) -> EventLogError {
    EventLogError::Unavailable(error.to_string())
}

impl Reader {
    /// A reader that is not yet the one.
    #[must_use]
    pub fn new(ground: Ground, name: &str) -> Self {
        Self { ground, name: name.to_owned(), lease: None, at: None, found: None }
    }

    /// Waits until this is the one. May be given up.
    pub async fn wait(&mut self) {
        if self.lease.as_ref().is_some_and(|lease| !lease.is_lost()) {
            return;
        }
        self.let_go();
        let holder = Uuid::new_v4();
        let leases = &self.ground.leases;
        loop {
            let mine = match leases.hold(&self.name, holder, LIFE).await {
                Ok(mine) => mine,
                Err(error) => {
                    tracing::debug!(%error, reader = self.name, "nobody says who reads");
                    self.is_stale().await
                }
            };
            if mine {
                self.lease = Some(Held::keep(Arc::clone(leases), &self.name, holder));
                return;
            }
            tokio::time::sleep(ASK).await;
        }
    }

    /// Whether nobody seems to have the position.
    async fn is_stale(&self) -> bool {
        let Ok(positions) = self.ground.store.positions().await else { return false };
        let position = positions.into_iter().find(|position| position.reader == self.name);
        let stale = i64::try_from(STALE.as_millis()).unwrap_or(i64::MAX);
        position.is_none_or(|position| {
            self.ground.clock.now().0.saturating_sub(position.moved_at.0) > stale
        })
    }

    /// Takes the position: from now on nobody else moves it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn take(&mut self) -> Result<(), EventLogError> {
        let now = self.ground.clock.now();
        let position = self.ground.store.take_position(&self.name, now).await.map_err(away)?;
        let pages = Pages::from(position.place.clone(), position.reached);
        tracing::info!(reader = self.name, fence = position.fence, "follows the outbox");
        self.at = Some(At { position, pages, touched: Instant::now() });
        Ok(())
    }

    /// The next of the outbox; waits for some. May be given up.
    ///
    /// # Errors
    /// [`EventLogError`].
    pub async fn next(&mut self) -> Result<Slice, EventLogError> {
        loop {
            let at = self.at.as_mut().ok_or_else(|| not_the_one(&self.name))?;
            if self.lease.as_ref().is_none_or(Held::is_lost) {
                return Err(not_the_one(&self.name));
            }
            if let Some(slice) = at.pages.next(&*self.ground.store).await.map_err(away)? {
                self.found = Some(Instant::now());
                return Ok(slice);
            }
            self.touch().await?;
            let lately = self.found.is_some_and(|found| found.elapsed() < LATELY);
            tokio::time::sleep(if lately { SOON } else { LATER }).await;
        }
    }

    /// All that was given out is done with.
    ///
    /// # Errors
    /// [`EventLogError`]; `Fenced` when another one took the position.
    pub async fn done(&mut self) -> Result<(), EventLogError> {
        let at = self.at.as_mut().ok_or_else(|| not_the_one(&self.name))?;
        match at.pages.place() {
            Some((place, reached)) if *place != at.position.place => {
                (at.position.place, at.position.reached) = (place.clone(), reached);
                self.write().await
            }
            _ => Ok(()),
        }
    }

    /// Where it is, for those who watch it.
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        self.at.as_ref().map(|at| &at.position)
    }

    /// Is not the one any more.
    pub fn let_go(&mut self) {
        (self.at, self.lease) = (None, None);
    }

    /// Shows others that somebody is here.
    async fn touch(&mut self) -> Result<(), EventLogError> {
        let due = self.at.as_ref().is_some_and(|at| at.touched.elapsed() >= TOUCH);
        if due && self.ground.leases.are_shared() { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<(), EventLogError> {
        let Some(at) = self.at.as_mut() else { return Ok(()) };
        at.position.moved_at = self.ground.clock.now();
        if self.ground.store.move_position(&at.position).await.map_err(away)? {
            at.touched = Instant::now();
            return Ok(());
        }
        self.let_go();
        Err(not_the_one(&self.name))
    }
}

fn not_the_one(name: &str) -> EventLogError {
    EventLogError::Fenced(format!("another one reads the outbox as `{name}`"))
}

/// The outbox as where jobs get their records, without an event log.
pub struct OutboxSource(pub Ground);

#[async_trait]
impl Source for OutboxSource {
    async fn open(
        &self,
        name: &str,
        topics: &'static [&'static str],
    ) -> Result<Box<dyn Records>, EventLogError> {
        let mut reader = Reader::new(self.0.clone(), name);
        reader.wait().await;
        reader.take().await?;
        Ok(Box::new(OutboxRecords { reader, topics, ready: VecDeque::new(), given: 0 }))
    }
}

/// Records of some topics.
struct OutboxRecords {
    reader: Reader,
    topics: &'static [&'static str],
    /// What was read and is not done.
    ready: VecDeque<Record>,
    /// How much of it was given out.
    given: usize,
}

#[async_trait]
impl Records for OutboxRecords {
    async fn next(&mut self, most: usize) -> Result<Vec<Record>, EventLogError> {
        while self.ready.is_empty() {
            // Nothing is left of what was read, or none of it was wanted.
            self.reader.done().await?;
            let slice = self.reader.next().await?;
            slice.broken.iter().for_each(passed_over);
            let wanted = |record: &Record| self.topics.contains(&record.envelope.payload.topic());
            self.ready.extend(slice.records.into_iter().filter(wanted));
        }
        self.given = most.min(self.ready.len());
        Ok(self.ready.iter().take(self.given).cloned().collect())
    }

    async fn commit(&mut self) -> Result<(), EventLogError> {
        self.ready.drain(..self.given);
        self.given = 0;
        if self.ready.is_empty() { self.reader.done().await } else { Ok(()) }
    }
}

/// A row that tells nothing that can be understood.
fn passed_over(row: &BrokenRow) {
    tracing::error!(row = row.id, reason = row.reason, "a row of the outbox is passed over");
    metrics::counter!("zvon_outbox_broken_total").increment(1);
}
