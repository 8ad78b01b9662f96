//! zvon-store
