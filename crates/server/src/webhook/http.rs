//! Posting over HTTP/1.1: one connection for each try, all of it in bounded time.
//!
//! The name is looked up once, an address is chosen among those that may be posted to, and that very
//! address is connected to. Certificates are checked against the system's authorities. Of an answer
//! the status is read and nothing else, and nothing is followed.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;
use zvon_core::webhook::post::{Post, Request};

use super::target::Target;

/// Most bytes of an answer's head.
const HEAD: usize = 16 * 1024;

/// The poster.
pub(crate) struct Http {
    allowed: Vec<IpNet>,
    patience: Duration,
    tls: OnceLock<Result<TlsConnector, String>>,
}

impl Http {
    /// Posts to public addresses and those of these networks, each in this time.
    pub(crate) fn new(allowed: Vec<IpNet>, patience: Duration) -> Self {
        Self { allowed, patience, tls: OnceLock::new() }
    }

    async fn send(&self, request: &Request) -> Result<u16, String> {
        let target = Target::of(&request.url)?;
        let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
        let found = found.map_err(|_| "its host is not found".to_owned())?;
        let address = target.choose(found, &self.allowed)?;
        let stream = TcpStream::connect(address).await;
        let stream = stream.map_err(|error| format!("no connection: {}", plain(&error)))?;
        if !target.tls {
            return exchange(stream, &target, request).await;
        }
        let connector = self.tls.get_or_init(connector).clone()?;
        let name = match target.host.parse::<IpAddr>() {
            Ok(address) => ServerName::IpAddress(address.into()),
            Err(_) => ServerName::try_from(target.host.clone())
                .map_err(|_| "its host is no name".to_owned())?,
        };
        let stream = connector.connect(name, stream).await;
        let stream = stream.map_err(|error| format!("no TLS: {}", plain(&error)))?;
        exchange(stream, &target, request).await
    }
}

#[async_trait]
impl Post for Http {
    fn check(&self, url: &str) -> Result<(), String> {
        let target = Target::of(url)?;
        match target.literal() {
            Some(address) => target.may(address, &self.allowed).map_err(str::to_owned),
            None if target.tls || !self.allowed.is_empty() => Ok(()),
            None => Err("it must begin with https://".to_owned()),
        }
    }

    async fn post(&self, request: &Request) -> Result<u16, String> {
        let sent = tokio::time::timeout(self.patience, self.send(request)).await;
        sent.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }
}

/// One request on a connection of its own; the status of the answer. What else is answered is never
/// read: the connection ends here.
async fn exchange<S>(stream: S, target: &Target, request: &Request) -> Result<u16, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let wrong = |error: hyper::Error| format!("no answer: {}", plain(&error));
    let mut client = http1::Builder::new();
    client.max_buf_size(HEAD);
    let (mut sender, connection) = client.handshake(TokioIo::new(stream)).await.map_err(wrong)?;
    let _open = AbortOnDropHandle::new(tokio::spawn(connection));
    let mut post = axum::http::Request::post(&target.path)
        .header(HOST, &target.authority)
        .header(CONNECTION, "close")
        .header(CONTENT_LENGTH, request.body.len());
    for (name, value) in &request.headers {
        post = post.header(*name, value);
    }
    let post = post.body(Body::from(request.body.clone()));
    let post = post.map_err(|_| "it can not be asked so".to_owned())?;
    Ok(sender.send_request(post).await.map_err(wrong)?.status().as_u16())
}

fn connector() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for certificate in found.certs {
        // One that can not be read is no authority.
        let _ = roots.add(certificate);
    }
    if roots.is_empty() {
        return Err("this server has no certificate authorities to check it by".to_owned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What went wrong, on one line and not too long: some of it may be the receiver's words.
fn plain(error: &dyn std::error::Error) -> String {
    let text = match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
