//! zvon-core
