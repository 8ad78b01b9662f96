//! Durable truth behind `core`'s `Store`.
//!
//! [`sqlite`] needs no service; PostgreSQL will stand beside it with the same file names. Both
//! pass `zvon_core::contract::store`.

pub mod sqlite;
