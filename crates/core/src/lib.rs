//! The product: rules, use cases, seams. No SQL, no Redis, no HTTP, no sockets.
//!
//! [`App`] is what the gateway calls; [`backing::Backing`] is everything that can be swapped.
//! Decisions are pure functions over plain data (`chat::rules`, `message::status`,
//! `delivery::order`, `presence::ledger`); the files beside them wrap them in I/O.
//! A feature has the same file name here, in `store`, in `backplane` and in `gateway`.

pub mod account;
pub mod analytics;
mod app;
pub mod audit;
pub mod backing;
pub mod cache;
pub mod caller;
pub mod chat;
pub mod clock;
pub mod contract;
pub mod delivery;
pub mod error;
pub mod event_log;
pub mod job;
pub mod lease;
pub mod limiter;
pub mod limits;
pub mod message;
pub mod meters;
pub mod node;
pub mod outbox;
pub mod presence;
pub mod retention;
pub mod session;
pub mod settings;
pub mod store;
pub mod webhook;

pub use app::App;
