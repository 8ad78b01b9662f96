//! The adapter over a real Redis.

mod cluster;
mod failover;
mod hostile;
mod outage;
mod properties;
mod requests;
mod slots;
mod support;
mod vectors;
