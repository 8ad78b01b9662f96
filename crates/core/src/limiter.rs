//! The seam to rate limits: exact sliding windows.

use std::time::Duration;

use async_trait::async_trait;

/// At most `limit` in any window of that length; a limit of 0 switches it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Most calls in a window.
    pub limit: u32,
    /// Its length.
    pub length: Duration,
}

impl Window {
    /// At most `limit` in any minute.
    #[must_use]
    pub fn per_minute(limit: u32) -> Self {
        Self { limit, length: Duration::from_secs(60) }
    }
}

/// What the limiter says of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Counted, and so many are left in this window.
    Allowed {
        /// How many more would be allowed right now.
        remaining: u32,
    },
    /// Not counted; it will be allowed after this time if nothing else is counted before.
    Refused {
        /// At least one millisecond.
        retry_after: Duration,
    },
}

/// Exact sliding windows. One call = one decision, atomic over all callers anywhere: in every
/// window no more than `limit` calls are allowed. A refused call costs nothing.
#[async_trait]
pub trait Limiter: Send + Sync {
    /// Decides for `subject` (a user id or an address) in the class `class`
    /// (`message`, `event`, `pin`, `forward`, `sign-in` …).
    async fn check(&self, subject: &str, class: &'static str, window: Window) -> Decision;
}
