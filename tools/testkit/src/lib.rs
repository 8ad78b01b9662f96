//! Real servers for tests, started privately: on free ports, in directories of their own, and
//! stopped when dropped or when the test process ends, however it ends.
//!
//! A server that is not installed fails the test and says what to install.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

pub mod cpu;
pub mod guard;
pub mod kafka;
pub mod pgbouncer;
pub mod ports;
pub mod postgres;
pub mod redis;
