//! `MessagePack` as the JavaScript nodes write it (notepack 3): the smallest form of everything,
//! whole numbers never as floats, dates as timestamps.

mod decode;
mod encode;
mod timestamp;

pub use decode::decode;
pub use encode::encode;
