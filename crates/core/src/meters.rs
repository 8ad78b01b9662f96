//! What the product counts for operators, through the `metrics` facade.
//!
//! Handles are made once, so counting is one atomic addition, and nothing at all when the process
//! installed no recorder. Labels are words of a fixed set: never an id, an address or a text.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use metrics::{
    Counter, Histogram, Label, counter, describe_counter, describe_histogram, histogram,
};
use zvon_protocol::error::Code;

use crate::cache::Kind;
use crate::error::Error;
use crate::limiter::Decision;
use crate::limits::Class;
use crate::session::Reason;

/// Most words of one label.
const WORDS: usize = 16;

/// Counters of one name, told apart by a word of one label. Each appears when it first counts.
pub struct Family {
    name: &'static str,
    label: &'static str,
    of: Option<(&'static str, &'static str)>,
    counters: [OnceLock<Counter>; WORDS],
}

impl Family {
    /// Counters of that name with that label.
    #[must_use]
    pub fn new(name: &'static str, label: &'static str) -> Self {
        Self { name, label, of: None, counters: [const { OnceLock::new() }; WORDS] }
    }

    /// With one more label that is the same for all of them.
    #[must_use]
    pub fn of(self, label: &'static str, word: &'static str) -> Self {
        Self { of: Some((label, word)), ..self }
    }

    /// Counts one. A word has always the same index, and no other word has it.
    pub fn count(&self, index: usize, word: &'static str) {
        self.add(index, word, 1);
    }

    /// Counts several.
    pub(crate) fn add(&self, index: usize, word: &'static str, some: u64) {
        if let Some(counter) = self.counters.get(index).filter(|_| some > 0) {
            counter.get_or_init(|| self.register(word)).increment(some);
        }
    }

    /// Counts how something ended: `ok`, or the code of its error.
    pub fn outcome<T>(&self, result: &Result<T, Error>) {
        match result {
            Ok(_) => self.count(0, "ok"),
            Err(error) => self.code(error.code()),
        }
    }

    /// Counts an error.
    pub fn code(&self, code: Code) {
        self.count(1 + code as usize, word(code));
    }

    fn register(&self, word: &'static str) -> Counter {
        let mut labels = vec![Label::from_static_parts(self.label, word)];
        labels.extend(self.of.map(|(label, word)| Label::from_static_parts(label, word)));
        counter!(self.name, labels)
    }
}

/// The word of a code in labels and spans.
#[must_use]
pub const fn word(code: Code) -> &'static str {
    match code {
        Code::Invalid => "invalid",
        Code::NotFound => "not_found",
        Code::Forbidden => "forbidden",
        Code::Conflict => "conflict",
        Code::RateLimited => "rate_limited",
        Code::Unauthorized => "unauthorized",
        Code::TokenExpired => "token_expired",
        Code::SessionRevoked => "session_revoked",
        Code::UserUnknown => "user_unknown",
        Code::Unavailable => "unavailable",
        Code::Internal => "internal",
    }
}

/// Calls of the store whose time is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    /// The batches of the lanes.
    Append,
    /// The batches of the cursors.
    Cursors,
    /// Who a token belongs to.
    Authenticate,
    /// A page of a chat's messages.
    Page,
    /// All chats of a user.
    Chats,
    /// A piece of a chat's log.
    Events,
}

const VERBS: [&str; 6] = ["append", "cursors", "authenticate", "page", "chats", "events"];

/// Everything that `core` counts.
pub struct Meters {
    store: [Histogram; VERBS.len()],
    commit_messages: Histogram,
    commit_retries: Counter,
    limiter: Histogram,
    allowed: Family,
    refused: Family,
    cache_hits: Family,
    cache_fills: Family,
    sessions_begun: Counter,
    sessions_ended: Family,
    pub(crate) sign_ins: Family,
    pub(crate) sign_ups: Family,
    pub(crate) refreshes: Family,
    events_lost: Counter,
    rows_dropped: Counter,
}

impl Default for Meters {
    fn default() -> Self {
        describe();
        Self {
            store: VERBS.map(|verb| histogram!("zvon_store_seconds", "verb" => verb)),
            commit_messages: histogram!("zvon_commit_messages"),
            commit_retries: counter!("zvon_commit_retries_total"),
            limiter: histogram!("zvon_limiter_seconds"),
            allowed: Family::new("zvon_limiter_allowed_total", "class"),
            refused: Family::new("zvon_limiter_refused_total", "class"),
            cache_hits: Family::new("zvon_cache_hits_total", "kind"),
            cache_fills: Family::new("zvon_cache_fills_total", "kind"),
            sessions_begun: counter!("zvon_sessions_begun_total"),
            sessions_ended: Family::new("zvon_sessions_ended_total", "reason"),
            sign_ins: Family::new("zvon_sign_ins_total", "outcome"),
            sign_ups: Family::new("zvon_sign_ups_total", "outcome"),
            refreshes: Family::new("zvon_refreshes_total", "outcome"),
            events_lost: counter!("zvon_account_events_lost_total"),
            rows_dropped: counter!("zvon_outbox_dropped_total"),
        }
    }
}

impl Meters {
    /// Takes the time of a call of the store.
    pub(crate) async fn timed<T>(&self, verb: Verb, call: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let answer = call.await;
        self.store[verb as usize].record(begun.elapsed());
        answer
    }

    /// A batch of messages goes into the store.
    pub(crate) fn commits(&self, messages: usize) {
        self.commit_messages.record(messages as f64);
    }

    /// It has to be tried again.
    pub(crate) fn retries(&self) {
        self.commit_retries.increment(1);
    }

    /// The limiter decided.
    pub(crate) fn decided(&self, class: Class, decision: &Decision, took: Duration) {
        self.limiter.record(took);
        let family = match decision {
            Decision::Allowed { .. } => &self.allowed,
            Decision::Refused { .. } => &self.refused,
        };
        family.count(class as usize, class.name());
    }

    /// So many things were found in the cache.
    pub(crate) fn cache_hit(&self, kind: Kind, some: u64) {
        self.cache_hits.add(kind as usize, kind.word(), some);
    }

    /// So many were read from the store in its place.
    pub(crate) fn cache_filled(&self, kind: Kind, some: u64) {
        self.cache_fills.add(kind as usize, kind.word(), some);
    }

    /// A session began.
    pub(crate) fn began(&self) {
        self.sessions_begun.increment(1);
    }

    /// So many account events are not recorded.
    pub(crate) fn lost(&self, events: usize) {
        self.events_lost.increment(events as u64);
    }

    /// So many rows of the outbox were dropped that some reader had not read.
    pub(crate) fn dropped(&self, rows: u64) {
        self.rows_dropped.increment(rows);
    }

    /// A session was ended.
    pub(crate) fn ended(&self, reason: Reason) {
        self.sessions_ended.count(reason as usize, reason.word());
    }
}

fn describe() {
    describe_histogram!("zvon_store_seconds", "Time of calls of the store.");
    describe_histogram!("zvon_commit_messages", "Messages of one commit.");
    describe_counter!("zvon_commit_retries_total", "Commits that had to be tried again.");
    describe_histogram!("zvon_limiter_seconds", "Time of the limiter's decisions.");
    describe_counter!("zvon_limiter_allowed_total", "What the limits let through.");
    describe_counter!("zvon_limiter_refused_total", "What the limits refused.");
    describe_counter!("zvon_cache_hits_total", "What was found in the cache.");
    describe_counter!("zvon_cache_fills_total", "What was not, and so read from the store.");
    describe_counter!("zvon_sessions_begun_total", "Sessions that began.");
    describe_counter!("zvon_sessions_ended_total", "Sessions that somebody or something ended.");
    describe_counter!("zvon_sign_ins_total", "Sign-ins by how they went.");
    describe_counter!("zvon_sign_ups_total", "Sign-ups by how they went.");
    describe_counter!("zvon_refreshes_total", "Uses of refresh tokens by how they went.");
    describe_counter!("zvon_account_events_lost_total", "Account events that are not recorded.");
    describe_counter!("zvon_outbox_dropped_total", "Outbox rows dropped before all had read them.");
}

#[cfg(test)]
mod tests {
    use super::{Code, WORDS, word};
    use crate::limits::Class;
    use crate::session::Reason;

    #[test]
    fn every_word_of_a_label_has_its_place() {
        assert!(1 + (Code::Internal as usize) < WORDS, "the last of the codes");
        assert!((Class::Webhook as usize) < WORDS, "the last of the classes");
        assert!((Reason::Operator as usize) < WORDS, "the last of the reasons");
        assert_eq!(word(Code::RateLimited), "rate_limited");
    }
}
