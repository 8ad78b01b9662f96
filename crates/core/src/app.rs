//! What the gateway calls: the use cases over the seams.
//!
//! Each feature adds its use cases in an `impl App` of its own (`account/sign_in.rs`,
//! `message/send.rs`, …). What follows a commit (handing events to sockets, telling senders)
//! runs on a tracked task, so a caller who goes away can not take it along.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zvon_protocol::time::Timestamp;

use crate::account::password::Hasher;
use crate::backing::Backing;
use crate::cache::Caching;
use crate::chat::standings::Standings;
use crate::delivery::cursor::Cursors;
use crate::delivery::elsewhere::Elsewhere;
use crate::delivery::fanout::Fanout;
use crate::delivery::lane::Lanes;
use crate::delivery::notice::Notices;
use crate::delivery::sequencer::{Seams, Sequencer};
use crate::error::{Error, Result};
use crate::meters::Meters;
use crate::outbox::gather::Gather;
use crate::outbox::store::Purged;
use crate::session::ends::Ends;
use crate::session::known::Known;
use crate::session::live::Live;
use crate::settings::Settings;
use crate::store::{Store, StoreError};

/// The product on one node.
pub struct App {
    pub(crate) backing: Backing,
    pub(crate) fanout: Arc<dyn Fanout>,
    pub(crate) settings: Settings,
    pub(crate) sequencer: Sequencer,
    pub(crate) lanes: Lanes,
    pub(crate) cursors: Cursors,
    pub(crate) notices: Notices,
    pub(crate) hasher: Hasher,
    pub(crate) gather: Gather,
    pub(crate) live: Live,
    /// Held while a presence change is looked at and told.
    pub(crate) announcing: tokio::sync::Mutex<()>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) ends: Ends,
    pub(crate) known: Known,
    pub(crate) caching: Caching,
    pub(crate) standings: Standings,
    pub(crate) elsewhere: Elsewhere,
    pub(crate) epoch: String,
    tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl App {
    /// Starts the product; needs a tokio runtime.
    ///
    /// # Errors
    /// The store's.
    pub async fn start(
        backing: Backing,
        fanout: Arc<dyn Fanout>,
        settings: Settings,
    ) -> Result<Arc<Self>> {
        let (tasks, meters) = (TaskTracker::new(), Arc::new(Meters::default()));
        let (store, clock) = (Arc::clone(&backing.store), Arc::clone(&backing.clock));
        let epoch = store.log_epoch().await?;
        let stop = CancellationToken::new();
        let elsewhere = Elsewhere::from(store.outbox_end().await?);
        let notices = Notices::new(
            Arc::clone(&store),
            Arc::clone(&fanout),
            Arc::clone(&clock),
            tasks.clone(),
        );
        let cursors = Cursors::start(
            Arc::clone(&store),
            Arc::clone(&clock),
            notices.clone(),
            Arc::clone(&meters),
            &tasks,
        );
        let gather =
            Gather::start(Arc::clone(&store), Arc::clone(&clock), Arc::clone(&meters), &tasks);
        let others = (Arc::clone(&store), Arc::clone(&fanout), Arc::clone(&backing.bus));
        let sequencer = Sequencer::new(Seams::new(others, &cursors, &tasks, &stop));
        let lanes = Lanes::start(settings.lanes, &tasks, || crate::delivery::lane::Lane {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            fanout: Arc::clone(&fanout),
            sequencer: sequencer.clone(),
            cursors: cursors.clone(),
            notices: notices.clone(),
            meters: Arc::clone(&meters),
            tasks: tasks.clone(),
            apart: settings.apart,
        });
        let app = Arc::new(Self {
            hasher: Hasher::new(settings.hash_threads),
            live: Live::new(settings.session_life),
            ends: Ends::new(clock.now()),
            caching: Caching::new(Arc::clone(&backing.cache), Arc::clone(&meters)),
            backing,
            fanout,
            settings,
            sequencer,
            lanes,
            cursors,
            notices,
            gather,
            announcing: tokio::sync::Mutex::default(),
            meters,
            known: Known::default(),
            standings: Standings::default(),
            elsewhere,
            epoch,
            tasks,
            stop,
        });
        // What is read of sessions is kept from the first request on.
        app.hear_of_ends().await;
        app.start_tasks();
        Ok(app)
    }

    /// What goes on until the shutdown.
    fn start_tasks(self: &Arc<Self>) {
        self.every(Duration::from_millis(500), |app| async move { app.sweep_presence().await });
        self.every(Duration::from_millis(500), |app| async move { app.hear_of_ends().await });
        self.every(Duration::from_secs(1), |app| async move { app.look_elsewhere().await });
        let app = Arc::clone(self);
        self.spawn(app.listen());
        self.every(self.live.step() / 2, |app| async move { app.write_uses().await });
        self.every(Duration::from_secs(30), |app| async move { app.sequencer.sweep() });
        self.every(Duration::from_secs(600), |app| async move { app.purge().await });
    }

    /// What was chosen.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Puts each chat's events in order for this node's sockets.
    #[must_use]
    pub fn sequencer(&self) -> &Sequencer {
        &self.sequencer
    }

    /// Changes only when the store was restored from a backup.
    #[must_use]
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.backing.clock.now()
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// The store's.
    pub async fn ping(&self) -> Result<()> {
        self.store().log_epoch().await?;
        Ok(())
    }

    /// Whether what the nodes share for a while can be reached; `None` for a node alone.
    #[must_use]
    pub fn is_connected(&self) -> Option<bool> {
        self.backing.nodes.is_reachable()
    }

    /// How many messages wait in the lanes.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.lanes.queued()
    }

    /// Ends the periodic tasks, finishes what is queued and returns when all of it is done.
    /// No command may come any more.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.write_uses().await;
        self.lanes.close();
        self.cursors.close();
        self.gather.close();
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.backing.store
    }

    /// Runs a use case to its end even if its caller goes away.
    pub(crate) async fn detached<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        match self.tasks.spawn(work).await {
            Ok(done) => done,
            Err(join) => {
                tracing::error!(error = %join, "a use case ended early");
                Err(Error::Store(StoreError::Broken("a task ended early".to_owned())))
            }
        }
    }

    /// Runs something on a tracked task.
    pub fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Runs something again and again, until the shutdown.
    pub fn every<F>(
        self: &Arc<Self>,
        period: Duration,
        mut work: impl FnMut(Arc<Self>) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send,
    {
        let (app, stop) = (Arc::downgrade(self), self.stop.clone());
        self.tasks.spawn(async move {
            let mut tick = tokio::time::interval(period);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            tick.tick().await;
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = tick.tick() => {}
                }
                let Some(app) = app.upgrade() else { return };
                work(app).await;
            }
        });
    }

    /// Writes down which sessions were used.
    async fn write_uses(&self) {
        let uses = self.live.due(self.now());
        if uses.is_empty() {
            return;
        }
        if let Err(error) = self.store().use_sessions(&uses).await {
            tracing::warn!(%error, "the use of sessions could not be written down");
        }
    }

    /// Forgets what nobody asks for any more: old outbox rows, sessions long over.
    async fn purge(&self) {
        const HOUR: i64 = 3_600_000;
        let now = self.now();
        let keep = i64::try_from(self.settings.outbox_keep.as_millis()).unwrap_or(i64::MAX);
        let unread = now.plus_millis(keep.saturating_neg());
        let outbox = self.store().purge_outbox(now.plus_millis(-HOUR), unread).await;
        if let Ok(Purged { unread: rows @ 1.., .. }) = outbox {
            tracing::error!(rows, "outbox rows that a reader has not read were too old to keep");
            self.meters.dropped(rows);
        }
        let sessions = self.store().purge_sessions(now.plus_millis(-720 * HOUR)).await;
        for failed in [outbox.err(), sessions.err()].into_iter().flatten() {
            tracing::warn!(error = %failed, "old rows could not be dropped");
        }
    }
}
