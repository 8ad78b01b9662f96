//! Durable truth behind `core`'s `Store`.
//!
//! [`sqlite`] needs no service; PostgreSQL will stand beside it with the same file names. Both
//! pass `zvon_core::contract::store`.

mod entry;
mod fresh;
mod group;
mod receipt;
mod row;
pub mod sqlite;
