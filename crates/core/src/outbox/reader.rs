//! Who follows the outbox for good: one at a time by a lease, from a position that is kept in the
//! store, fenced by it.
//!
//! `wait` until this is the one, `take` the position, then `next` and `done` again and again. What
//! was not done comes again, here or to whoever comes after; so does a little more. Two that
//! believe to be the one hurt nobody: the older one's `done` is refused. While nobody can say who has
//! the lease, its holder goes on, and another takes over once the position was not touched for
//! [`STALE`]. The relay is such a reader, and so is each job that has no event log to read (`source`).
//!
//! A place that moved over what nobody wanted is written down now and then: it spares who comes after
//! some reading, and nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use uuid::Uuid;

use super::pace::Pace;
use super::pages::{Pages, Slice};
use super::position::Position;
use crate::clock::Clock;
use crate::event_log::EventLogError;
use crate::job::Job;
use crate::lease::{Held, LIFE, Leases};
use crate::store::{Store, StoreError};

/// A position of a lost reader: after this time without a lease's word another takes it.
pub const STALE: Duration = Duration::from_secs(45);
/// How often a position is touched that does not move, where leases can be lost.
const TOUCH: Duration = Duration::from_secs(10);
/// How soon who is not the one asks again.
const ASK: Duration = Duration::from_secs(2);
/// How often a position is written down that moved over what nobody wanted.
const LAZILY: Duration = Duration::from_secs(5);

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
    job: Option<Arc<dyn Job>>,
    pace: Pace,
    lease: Option<Held>,
    at: Option<At>,
    /// When something was found last.
    found: Option<Instant>,
    /// When it was looked last, if there was no more by then than was given out.
    through: Option<Instant>,
}

/// Where it is.
struct At {
    position: Position,
    pages: Pages,
    touched: Instant,
    news: Option<watch::Receiver<u64>>,
}

fn away(error: StoreError) -> EventLogError {
    EventLogError::Unavailable(error.to_string())
}

impl Reader {
    /// A reader that is not yet the one.
    #[must_use]
    pub fn new(ground: Ground, name: &str) -> Self {
        let (name, pace) = (name.to_owned(), Pace::RELAY);
        let (at, lease, found, through) = (None, None, None, None);
        Self { ground, name, job: None, pace, lease, at, found, through }
    }

    /// A reader for a job, which gives out only what that wants.
    #[must_use]
    pub fn of_job(ground: Ground, job: &Arc<dyn Job>) -> Self {
        let pace = if job.is_prompt() { Pace::PROMPT } else { Pace::JOB };
        Self { job: Some(Arc::clone(job)), pace, ..Self::new(ground, job.name()) }
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
        let mut pages = Pages::from(position.place.clone(), position.reached);
        if let Some(job) = &self.job {
            pages = pages.wanted_by(Arc::clone(job));
        }
        tracing::debug!(reader = self.name, fence = position.fence, "follows the outbox");
        let news = self.ground.store.news();
        self.at = Some(At { position, pages, touched: Instant::now(), news });
        self.through = None;
        Ok(())
    }

    /// The next of the outbox that is wanted; waits for some. Whoever calls this is done with what was
    /// given out before. May be given up.
    ///
    /// # Errors
    /// [`EventLogError`].
    pub async fn next(&mut self) -> Result<Slice, EventLogError> {
        loop {
            self.rest().await;
            let at = self.at.as_mut().ok_or_else(|| not_the_one(&self.name))?;
            if self.lease.as_ref().is_none_or(Held::is_lost) {
                return Err(not_the_one(&self.name));
            }
            // What comes from now on is not missed.
            at.news.iter_mut().for_each(watch::Receiver::mark_unchanged);
            let (store, now, looked) =
                (&*self.ground.store, self.ground.clock.now(), Instant::now());
            let slice = match at.pages.leap(store, now).await.map_err(away)? {
                true => None,
                false => at.pages.next(store).await.map_err(away)?,
            };
            let through = if self.pace.rests { at.pages.is_through() } else { slice.is_none() };
            self.through = through.then_some(looked);
            match slice.filter(|slice| !slice.is_empty()) {
                Some(slice) => {
                    self.found = Some(Instant::now());
                    return Ok(slice);
                }
                None => self.touch().await?,
            }
        }
    }

    /// Waits until it is worth to look again: at once, if there may be more.
    async fn rest(&mut self) {
        let Some(looked) = self.through else { return };
        let news = self.at.as_mut().and_then(|at| at.news.as_mut());
        let wait = self.pace.wait(self.found.map(|found| found.elapsed()), news.is_some());
        tokio::time::sleep(wait.least.saturating_sub(looked.elapsed())).await;
        if let Some(news) = news {
            let more = wait.most.saturating_sub(looked.elapsed());
            let _ = tokio::time::timeout(more, news.changed()).await;
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

    /// Shows others that somebody is here, and how far.
    async fn touch(&mut self) -> Result<(), EventLogError> {
        let Some(at) = &self.at else { return Ok(()) };
        let (since, place) = (at.touched.elapsed(), at.pages.place());
        if since >= LAZILY && place.is_some_and(|(place, _)| *place != at.position.place) {
            return self.done().await;
        }
        let shows = since >= TOUCH && self.ground.leases.are_shared();
        if shows { self.write().await } else { Ok(()) }
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
