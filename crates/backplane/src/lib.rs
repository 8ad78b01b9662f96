//! zvon-backplane
