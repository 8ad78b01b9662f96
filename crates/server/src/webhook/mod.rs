//! HTTP to other systems: [`Post`](zvon_core::webhook::post::Post) over hyper and rustls.

mod address;
mod http;
mod target;

pub(crate) use http::Http;
