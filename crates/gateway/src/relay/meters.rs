//! What relaying counts. See [`crate::meters`].

use metrics::{Counter, counter, describe_counter, describe_gauge, gauge};
use zvon_core::meters::Family;

use super::Lost;
use super::sign::Refusal;

/// The counts of both directions.
pub(super) struct Meters {
    sent: Family,
    connects: Counter,
    accepted: Counter,
    refused: Family,
}

impl Meters {
    pub(super) fn new() -> Self {
        describe_counter!("zvon_relay_sent_total", "Requests sent on to the node that owns them.");
        describe_counter!("zvon_relay_connects_total", "Connections made to other nodes.");
        describe_counter!("zvon_relay_accepted_total", "Requests that other nodes sent on.");
        describe_counter!("zvon_relay_refused_total", "Those that were not believed.");
        describe_gauge!("zvon_relay_open", "Relayed requests and WebSockets that are open.");
        Self {
            sent: Family::new("zvon_relay_sent_total", "outcome"),
            connects: counter!("zvon_relay_connects_total"),
            accepted: counter!("zvon_relay_accepted_total"),
            refused: Family::new("zvon_relay_refused_total", "reason"),
        }
    }

    /// A request is sent on.
    pub(super) fn outward(&self) -> Outward<'_> {
        Outward { sent: &self.sent, is_counted: false }
    }

    /// A connection to another node was made.
    pub(super) fn connected(&self) {
        self.connects.increment(1);
    }

    /// A request came from another node.
    pub(super) fn accepted(&self) {
        self.accepted.increment(1);
    }

    /// One was refused.
    pub(super) fn refused(&self, refusal: Refusal) {
        let word = match refusal {
            Refusal::Malformed => "malformed",
            Refusal::UnknownKey => "unknown_key",
            Refusal::BadSignature => "bad_signature",
            Refusal::OtherTarget => "other_target",
            Refusal::Loop => "loop",
            Refusal::Expired => "expired",
            Refusal::Replayed => "replayed",
            Refusal::NoSession => "no_session",
            Refusal::Full => "full",
        };
        self.refused.count(refusal as usize, word);
    }

    /// What is open just now, by direction.
    pub(super) fn look(&self, out: usize, within: usize) {
        gauge!("zvon_relay_open", "direction" => "out").set(out as f64);
        gauge!("zvon_relay_open", "direction" => "in").set(within as f64);
    }
}

/// A request that was sent on. Counts as aborted if its client goes away before it has ended.
pub(super) struct Outward<'a> {
    sent: &'a Family,
    is_counted: bool,
}

impl Outward<'_> {
    pub(super) fn ended(mut self, outcome: Result<(), &Lost>) {
        self.is_counted = true;
        let (index, word) = match outcome {
            Ok(()) => (0, "ok"),
            Err(Lost::Full) => (2, "full"),
            Err(Lost::UnknownNode) => (3, "unknown_node"),
            Err(Lost::Unreachable) => (4, "unreachable"),
            Err(Lost::Silent) => (5, "silent"),
            Err(Lost::Refused) => (6, "refused"),
            Err(Lost::Broken) => (7, "broken"),
        };
        self.sent.count(index, word);
    }
}

impl Drop for Outward<'_> {
    fn drop(&mut self) {
        if !self.is_counted {
            self.sent.count(1, "aborted");
        }
    }
}
