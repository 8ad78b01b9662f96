//! What an operator's command may do to a store, beside the servers that may be running on it.

/// What a command may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Look.
    Read,
    /// Look, and call the verbs that write.
    Write,
}
