//! The seam to leases: the right to be the only one who does something, for a while.
//!
//! A lease spares work, it does not protect anything: its holder may sleep through its end, and who
//! keeps leases may forget them. So whoever acts under one is fenced where it acts: in the store by
//! the number of its position ([`PositionStore`](crate::outbox::position::PositionStore)), in the
//! event log by its own means.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How long a lease lives that is not held any longer.
pub const LIFE: Duration = Duration::from_secs(10);

/// Nobody can say who has the lease.
#[derive(Debug, thiserror::Error)]
#[error("leases are unavailable: {0}")]
pub struct LeaseError(pub String);

/// Leases.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes `name` for `holder`, or goes on holding it: for `life` from now on. `false`: somebody
    /// else has it. At any time one holder at most is told `true`, unless what is known of leases
    /// was lost meanwhile.
    ///
    /// # Errors
    /// [`LeaseError`].
    async fn hold(&self, name: &str, holder: Uuid, life: Duration) -> Result<bool, LeaseError>;

    /// Gives it up, if `holder` has it. May be lost: it ends by itself.
    async fn release(&self, name: &str, holder: Uuid);

    /// Whether other processes want them, too.
    fn are_shared(&self) -> bool;
}

/// A lease that is held until this is dropped, or until somebody else has it.
pub struct Held {
    leases: Arc<dyn Leases>,
    name: String,
    holder: Uuid,
    lost: Arc<AtomicBool>,
    keeper: JoinHandle<()>,
}

impl Held {
    /// Goes on holding what `holder` has.
    #[must_use]
    pub fn keep(leases: Arc<dyn Leases>, name: &str, holder: Uuid) -> Self {
        let lost = Arc::new(AtomicBool::new(false));
        let keeper =
            tokio::spawn(keep(Arc::clone(&leases), name.to_owned(), holder, Arc::clone(&lost)));
        Self { leases, name: name.to_owned(), holder, lost, keeper }
    }

    /// Whether somebody else has it. Only a hint: it may be so already when this says no.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.keeper.abort();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (leases, name, holder) =
            (Arc::clone(&self.leases), std::mem::take(&mut self.name), self.holder);
        runtime.spawn(async move { leases.release(&name, holder).await });
    }
}

/// While nobody can say, it is held on: who acts under it is fenced anyway.
async fn keep(leases: Arc<dyn Leases>, name: String, holder: Uuid, lost: Arc<AtomicBool>) {
    loop {
        tokio::time::sleep(LIFE / 3).await;
        match leases.hold(&name, holder, LIFE).await {
            Ok(true) => {}
            Ok(false) => {
                lost.store(true, Ordering::Release);
                return;
            }
            Err(error) => tracing::debug!(%error, name, "a lease cannot be renewed"),
        }
    }
}
