//! How long chats keep their messages that say nothing of it themselves.

use zvon_core::retention::policy::{AGE_MAX, AGE_MIN, COUNT_MAX};
use zvon_protocol::chat::Retention;

use super::{Config, ConfigError};

impl Config {
    /// The server's own terms.
    pub(crate) fn retention(&self) -> Retention {
        let age = u64::try_from(self.retention.max_age.0.as_millis()).unwrap_or(u64::MAX);
        let bound = |most: u64| Some(most).filter(|most| *most > 0);
        Retention { max_age_ms: bound(age), max_count: bound(self.retention.max_count) }
    }

    /// Refuses terms that cannot be meant.
    pub(super) fn check_retention(&self) -> Result<(), ConfigError> {
        let Retention { max_age_ms, max_count } = self.retention();
        if !max_age_ms.is_none_or(|age| (AGE_MIN..=AGE_MAX).contains(&age)) {
            let why = "retention.max_age: must be 0, or a minute to a century";
            return Err(ConfigError(why.to_owned()));
        }
        if max_count.is_some_and(|count| count > COUNT_MAX) {
            return Err(ConfigError(format!("retention.max_count: must be 0 to {COUNT_MAX}")));
        }
        Ok(())
    }
}
