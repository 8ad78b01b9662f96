//! Durable truth behind `core`'s `Store`.
//!
//! [`sqlite`] needs no service and is for one node; [`postgres`] stands beside it with the same file
//! names and is for several. Both pass `zvon_core::contract::store`. What does not depend on the
//! database stands here: receipts, group changes, rows as values.

mod columns;
mod entry;
mod fresh;
mod group;
pub mod postgres;
mod receipt;
mod row;
pub mod sqlite;
mod told;
