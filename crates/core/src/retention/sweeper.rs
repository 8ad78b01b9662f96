//! The sweeper: goes from chat to chat and lets expire what is over.
//!
//! One process at a time does it, under a lease. The lease only spares work: every batch is decided
//! anew in its own transaction, under the chat's lock, so two sweepers do the same once, and one that
//! is killed leaves nothing half done. It rests three times as long as its transactions take, and of
//! several chats each has its turn. Nodes hear of what expired as they hear of everything that stands
//! in a log. What the shared cache has of it is dropped at once; what is put there by a reader who
//! was faster ends with its life, and is given to nobody. The gateway of each node starts it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use zvon_protocol::chat::Retention;
use zvon_protocol::ids::ChatId;
use zvon_protocol::time::Timestamp;

use super::meters::Meters;
use super::policy::{self, Terms};
use super::store::Swept;
use crate::App;
use crate::job::store::JobState;
use crate::lease::{Held, LIFE, Leases};
use crate::message::{EventKind, LogEvent, overlay, pages};
use crate::store::{StoreError, StoreResult};

/// Its name among the jobs, and its lease's.
pub const NAME: &str = "retention";
/// Most messages that go in one transaction.
const BATCH: u32 = 256;
/// Most chats that are looked for at a time.
const CHATS: u32 = 64;
/// Most chats of which is asked at a time whether they have too many, or anything to look at.
const CROWD: u32 = 500;
/// It rests so many times as long as it worked.
const REST: u32 = 3;
/// The longest pause between two looks for chats that are due.
const PAUSE: Duration = Duration::from_secs(5);
/// How often it is noted how it stands, when something was done and when nothing was.
const NOTED: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(600)];

/// The sweeper of a node.
struct Sweeper {
    app: Arc<App>,
    /// Who may sweep.
    leases: Arc<dyn Leases>,
}

impl App {
    /// Lets expire what is over, in turn with the other nodes, until the shutdown.
    pub fn start_sweeper(self: &Arc<Self>, leases: Arc<dyn Leases>) {
        self.spawn(Sweeper { app: Arc::clone(self), leases }.run());
    }
}

/// How it stands since that was noted.
struct Standing {
    noted: Option<Instant>,
    done: u64,
    trouble: Option<String>,
}

impl Sweeper {
    /// Sweeps until it is told to stop.
    async fn run(self) {
        let (meters, holder) = (Meters::new(), Uuid::new_v4());
        let mut standing = Standing { noted: None, done: 0, trouble: None };
        loop {
            match self.leases.hold(NAME, holder, LIFE).await {
                Ok(true) => {
                    let held = Held::keep(Arc::clone(&self.leases), NAME, holder);
                    self.app.elsewhere.grown.watch(true);
                    self.hold_on(&held, &meters, &mut standing).await;
                    self.app.elsewhere.grown.watch(false);
                }
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, "nobody can say who sweeps"),
            }
            if self.rest(LIFE / 2).await.is_none() {
                return;
            }
        }
    }

    /// Round after round, while it is this process's turn.
    async fn hold_on(&self, held: &Held, meters: &Meters, standing: &mut Standing) {
        let mut counted = Instant::now();
        loop {
            let grown = if counted.elapsed() >= self.app.settings().sweep_every {
                counted = Instant::now();
                self.app.elsewhere.grown.take()
            } else {
                Vec::new()
            };
            let outcome = self.round(held, meters, &grown, &mut standing.done).await;
            if let Err(error) = &outcome {
                tracing::warn!(%error, "what is over could not be removed");
                grown.iter().for_each(|chat| self.app.elsewhere.grown.note(*chat));
            }
            self.note(outcome.err().map(|error| error.to_string()), standing).await;
            let pause = self.app.settings().sweep_every.min(PAUSE);
            if held.is_lost() || self.rest(pause).await.is_none() {
                return;
            }
        }
    }

    /// Looks at those of the chats that grew too large, and at all that are due.
    async fn round(
        &self,
        held: &Held,
        meters: &Meters,
        grown: &[ChatId],
        done: &mut u64,
    ) -> StoreResult<()> {
        let (store, default) = (self.app.store(), self.app.settings().retention);
        store.sweep_anew(default).await?;
        for some in grown.chunks(CROWD as usize) {
            for chat in store.crowded(some, default).await? {
                *done += self.sweep(chat, meters).await?;
            }
        }
        if policy::effective(Retention::default(), default) == Retention::default() {
            self.pass_over().await?;
        }
        let (mut stuck, mut outcome) = (HashSet::new(), Ok(()));
        loop {
            let now = self.app.now();
            let mut due = store.due(now, CHATS).await?;
            meters.late(due.first().map_or(0, |(_, since)| late(now, *since)));
            due.retain(|(chat, _)| !stuck.contains(chat));
            if due.is_empty() {
                return outcome;
            }
            for (chat, _) in due {
                match self.sweep(chat, meters).await {
                    Ok(removed) => *done += removed,
                    // It does not keep the others waiting.
                    Err(error @ StoreError::Broken(_)) => {
                        stuck.insert(chat);
                        outcome = Err(error);
                    }
                    Err(error) => return Err(error),
                }
                if held.is_lost() || self.app.stop.is_cancelled() {
                    return outcome;
                }
            }
        }
    }

    /// Puts those aside of which nothing can be over.
    async fn pass_over(&self) -> StoreResult<()> {
        while !self.app.store().due(self.app.now(), 1).await?.is_empty() {
            let begun = Instant::now();
            let passed = self.app.store().pass_over(self.app.now(), CROWD).await?;
            if passed < u64::from(CROWD) || self.rest(begun.elapsed() * REST).await.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Looks at one, and rests; how many messages went.
    async fn sweep(&self, chat: ChatId, meters: &Meters) -> StoreResult<u64> {
        let (settings, now) = (self.app.settings(), self.app.now());
        let every = u64::try_from(settings.sweep_every.as_millis()).unwrap_or(u64::MAX);
        let terms = Terms { now, default: settings.retention, batch: BATCH, every };
        let begun = Instant::now();
        let Swept { event, removed } = self.app.store().sweep(chat, &terms).await?;
        if let Some(event) = event {
            meters.removed(removed, begun.elapsed());
            tracing::debug!(%chat, removed, "messages expired");
            self.app.backing.cache.forget(&kept(&event)).await;
            self.app.went_on(chat, &[event]);
        }
        self.rest(begun.elapsed() * REST).await;
        Ok(removed)
    }

    async fn note(&self, trouble: Option<String>, standing: &mut Standing) {
        let soon = NOTED[usize::from(standing.done == 0)];
        let is_due = standing.noted.is_none_or(|at| at.elapsed() >= soon);
        if !is_due && trouble == standing.trouble {
            return;
        }
        let now = self.app.now();
        let reached = if trouble.is_none() { now } else { Timestamp(0) };
        let (job, done) = (NAME.to_owned(), standing.done);
        let state = JobState { job, at: now, done, reached, trouble: trouble.clone(), dead: 0 };
        if self.app.store().note_job(&state).await.is_ok() {
            *standing = Standing { noted: Some(Instant::now()), done: 0, trouble };
        }
    }

    /// `None` when it is told to stop.
    async fn rest(&self, pause: Duration) -> Option<()> {
        self.app.stop.run_until_cancelled(tokio::time::sleep(pause)).await
    }
}

fn late(now: Timestamp, since: Timestamp) -> i64 {
    // What was said a moment ago is due since ever.
    if since.0 == 0 { 0 } else { now.0.saturating_sub(since.0) }
}

/// Under which keys the cache may have what expired by this event.
fn kept(event: &LogEvent) -> Vec<String> {
    let EventKind::Expired { after, upto } = event.kind else { return Vec::new() };
    pages::keys(event.chat, after, upto).chain([overlay::key(event.chat)]).collect()
}
