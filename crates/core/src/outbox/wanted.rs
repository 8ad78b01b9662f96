//! What of the outbox somebody wants, so that no more is read for them. Pure.
//!
//! Rows name stretches of logs; what stands there costs most of the reading. Who wants none of the
//! topics that an event of some kind is told on is spared reading it. What each kind is told on is
//! said in `record`; a test holds the two together.

/// Topics that are told of messages themselves.
const MESSAGES: [&str; 4] =
    ["message.created", "message.forwarded", "analytics.message", "analytics.user.activity"];
/// Topics that are told of what else stands in a log.
const CHANGES: [&str; 9] = [
    "message.pinned",
    "message.unpinned",
    "message.deleted",
    "chat.created",
    "chat.updated",
    "user.joined.chat",
    "user.left.chat",
    "analytics.user.activity",
    "audit.log",
];
/// Topics that are told of messages that somebody's cursor passed.
const PASSED: [&str; 1] = ["message.read"];

/// The topics that somebody wants: all, or some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted(Option<&'static [&'static str]>);

impl Wanted {
    /// These topics.
    #[must_use]
    pub fn of(topics: &'static [&'static str]) -> Self {
        Self(Some(topics))
    }

    /// Whether that topic.
    pub(super) fn has(self, topic: &str) -> bool {
        self.0.is_none_or(|topics| topics.contains(&topic))
    }

    /// Whether messages are to be read in the logs.
    pub(super) fn messages(self) -> bool {
        MESSAGES.into_iter().any(|topic| self.has(topic))
    }

    /// Whether anything is to be read in the logs.
    pub(super) fn logs(self) -> bool {
        self.messages() || CHANGES.into_iter().any(|topic| self.has(topic))
    }

    /// Whether messages that were passed are to be read.
    pub(super) fn passed(self) -> bool {
        PASSED.into_iter().any(|topic| self.has(topic))
    }
}

#[cfg(test)]
mod tests {
    use zvon_protocol::record::TOPICS;

    use super::{CHANGES, MESSAGES, PASSED, Wanted};

    #[test]
    fn who_wants_all_reads_all_and_who_wants_sessions_reads_no_log() {
        let all = Wanted::default();
        assert!(all.messages() && all.logs() && all.passed());
        assert_eq!(
            [all, Wanted::of(&TOPICS)].map(|one| TOPICS.into_iter().filter(|t| one.has(t)).count()),
            [TOPICS.len(); 2]
        );
        let sessions = Wanted::of(&["session.started", "session.ended", "user.online"]);
        assert!(!sessions.messages() && !sessions.logs() && !sessions.passed());
        let audit = Wanted::of(&["audit.log"]);
        assert!(!audit.messages() && audit.logs() && !audit.passed());
    }

    #[test]
    fn topics_are_named_as_they_are_told() {
        let named = MESSAGES.iter().chain(&CHANGES).chain(&PASSED);
        assert!(named.into_iter().all(|topic| TOPICS.contains(topic)));
    }
}
