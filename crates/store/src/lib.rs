//! Durable truth behind `core`'s `Store`.
//!
//! [`sqlite`] needs no service and is for one node; [`postgres`] stands beside it with the same file
//! names and is for several. Both pass `zvon_core::contract::store`. What does not depend on the
//! database stands here: receipts, group changes, counts, rows as values, which schema a program may
//! run on, what an operator reads out.

mod beside;
mod columns;
mod counted;
mod entry;
mod expired;
pub mod export;
mod fresh;
mod group;
mod kept;
pub mod postgres;
mod receipt;
mod row;
pub mod schema;
pub mod sqlite;
mod told;

pub use beside::Access;
