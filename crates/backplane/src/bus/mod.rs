//! News of the log between nodes.

mod alone;

pub use alone::Alone;
