//! The exporter's HTTP client: one connection for each batch, in plain HTTP, in bounded time.
//!
//! The exporter waits on a thread without a reactor, so the sending itself is a task of the
//! server's runtime. What goes wrong is logged now and then, not each time.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::runtime::Handle;

/// How long a batch may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes of an answer.
const ANSWER: usize = 64 * 1024;
/// How often a collector's absence is told.
const QUIET: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Client {
    runtime: Handle,
    warned: Mutex<Option<Instant>>,
}

impl Client {
    pub(super) fn new(runtime: Handle) -> Self {
        Self { runtime, warned: Mutex::new(None) }
    }

    fn warn(&self, why: &str) {
        let mut warned = self.warned.lock();
        if warned.is_none_or(|at| at.elapsed() >= QUIET) {
            *warned = Some(Instant::now());
            tracing::warn!(why, "the collector does not take traces");
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sending = async { tokio::time::timeout(PATIENCE, send(request)).await };
        let sent = self.runtime.spawn(sending).await;
        let sent = sent.map_err(anyhow::Error::from);
        match sent.and_then(|sent| sent.context("no answer in time")).and_then(|sent| sent) {
            Ok(response) => {
                if !response.status().is_success() {
                    self.warn(&format!("it answers {}", response.status()));
                }
                Ok(response)
            }
            Err(error) => {
                self.warn(&format!("{error:#}"));
                Err(error.into())
            }
        }
    }
}

async fn send(mut request: Request<Bytes>) -> Result<Response<Bytes>> {
    let uri = std::mem::take(request.uri_mut());
    let authority = uri.authority().context("an address without a host")?;
    let host = authority.host().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    request.headers_mut().insert(HOST, HeaderValue::from_str(authority.as_str())?);
    *request.uri_mut() = uri.path().parse()?;
    let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
    let body = Limited::new(body, ANSWER).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(Response::from_parts(head, body.to_bytes()))
}
