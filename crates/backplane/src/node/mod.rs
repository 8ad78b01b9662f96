//! Who is in the cluster.

mod alone;

pub use alone::Alone;
