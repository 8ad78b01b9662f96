//! How long statements may take, and whether they may write, by what a connection is for.

use std::time::Duration;

/// What a line is for: how long statements may take, and whether they may write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The limits that the database enforces.
    pub(super) limits: &'static [(&'static str, &'static str)],
    /// The same as the beginning of a transaction.
    pub(super) begin: &'static str,
    /// How long a statement may go unanswered: beyond the database's limits.
    pub(super) patience: Duration,
    /// How long to wait for a connection.
    pub(super) queue: Duration,
}

/// What people wait for.
pub(super) const PROMPT: Terms = Terms {
    limits: &[
        ("statement_timeout", "5s"),
        ("lock_timeout", "4s"),
        ("idle_in_transaction_session_timeout", "5s"),
        ("jit", "off"),
    ],
    begin: "BEGIN; SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '4s'; \
        SET LOCAL idle_in_transaction_session_timeout = '5s'; SET LOCAL jit = off",
    patience: Duration::from_secs(8),
    queue: Duration::from_secs(5),
};

/// What people send. A lane has a connection to itself; whoever has to wait for one waits for the
/// database to come back, and is told soon.
pub(super) const SENDING: Terms = Terms { queue: Duration::from_secs(2), ..PROMPT };

/// What an operator reads at length. It writes nothing.
pub(super) const AT_LENGTH: Terms = Terms {
    limits: &[
        ("statement_timeout", "600s"),
        ("lock_timeout", "4s"),
        ("idle_in_transaction_session_timeout", "5s"),
        ("jit", "off"),
        ("default_transaction_read_only", "on"),
    ],
    begin: "BEGIN READ ONLY; SET LOCAL statement_timeout = '600s'; SET LOCAL lock_timeout = '4s'; \
        SET LOCAL idle_in_transaction_session_timeout = '5s'; SET LOCAL jit = off",
    patience: Duration::from_secs(610),
    queue: PROMPT.queue,
};
