//! What brokers may do.
