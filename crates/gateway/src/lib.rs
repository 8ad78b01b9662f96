//! zvon-gateway
