//! The link to Redis, for all of its roles.
//!
//! Redis is soft state: it may be away, slow, empty or somebody else at any time, and nothing may
//! hang or stop because of it. So:
//!
//! * one multiplexed connection carries the commands of all roles; a call has 100 ms, a
//!   connection 250 ms to come about;
//! * after five failures in a row calls fail at once (the [`breaker`]); a second later, and a bit,
//!   the [`keeper`] tries again by itself, so no call is sacrificed to find out;
//! * the keeper looks after the connection four times a second: it dials anew after an I/O error,
//!   a restart, a failover (Sentinel is asked who is master; `READONLY` counts as gone);
//!   `MOVED` is followed by the cluster's connection;
//! * scripts go by their hash and are loaded where they are not known;
//! * the [`subscriber`] has a connection of its own, and subscribes again by itself.
//!
//! Whoever calls decides what to do without an answer; [`Health`] says since when that is so.

mod address;
mod breaker;
mod dial;
mod error;
pub mod inspect;
mod keeper;
mod link;
mod listen;
mod queue;
mod script;
mod subscriber;
mod wire;

pub use address::Address;
pub use error::LinkError;
pub(crate) use link::read;
pub use link::{Health, Link};
pub(crate) use queue::{Queue, Weight};
pub(crate) use script::{Call, Script};
pub(crate) use subscriber::{Packet, Subscriber};

/// A whole number below `bound`, at random; 0 if there is no randomness.
pub(crate) fn random_below(bound: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_or(0, |()| u64::from_le_bytes(bytes) % bound.max(1))
}
