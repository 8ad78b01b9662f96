//! Who is online.

mod ledger;
mod memory;

pub use memory::MemoryPresence;
