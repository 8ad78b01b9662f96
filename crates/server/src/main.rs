//! The process `zvon`.

fn main() {}
