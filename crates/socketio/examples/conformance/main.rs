//! Servers for the official Socket.IO suites, one profile each.
//!
//! `cargo run --release -p zvon-socketio --example conformance -- --profile sio-suite --port 3000`
//!
//! * `eio-suite`: the Engine.IO v4 protocol suite (port 3000);
//! * `sio-suite`: the Socket.IO v5 protocol suite (port 3000);
//! * `client-suite`: the JavaScript client's own suite (port 3210);
//! * `interop`: what `tests/interop/` asks for.
//!
//! Prints `listening on PORT` when it is.

mod client_suite;
mod eio_suite;
mod interop;
mod reply;
mod sio_suite;

use std::convert::Infallible;

use anyhow::Result;
use bytes::Bytes;
use clap::{Parser, ValueEnum};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use zvon_socketio::{Io, RemoteAddr};

#[derive(Clone, Copy, ValueEnum)]
enum Profile {
    EioSuite,
    SioSuite,
    ClientSuite,
    Interop,
}

#[derive(Parser)]
struct Args {
    /// Which suite is going to ask.
    #[arg(long)]
    profile: Profile,
    /// Where to listen; 0 takes a free port. The suite's own port if not given.
    #[arg(long)]
    port: Option<u16>,
    /// End when the input does, so that no server outlives who started it.
    #[arg(long)]
    until_input_ends: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let (io, usual) = match args.profile {
        Profile::EioSuite => (eio_suite::server(), 3000),
        Profile::SioSuite => (sio_suite::server(), 3000),
        Profile::ClientSuite => (client_suite::server(), 3210),
        Profile::Interop => (interop::server(), 0),
    };
    let listener = TcpListener::bind(("::", args.port.unwrap_or(usual))).await?;
    println!("listening on {}", listener.local_addr()?.port());
    tokio::select! {
        served = serve(listener, io) => served,
        () = input_ends(), if args.until_input_ends => Ok(()),
    }
}

async fn input_ends() {
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(ended);
    });
    let _ = end.await;
}

async fn serve(listener: TcpListener, io: Io) -> Result<()> {
    loop {
        let (stream, peer) = listener.accept().await?;
        tokio::spawn(connection(stream, RemoteAddr(peer), io.clone()));
    }
}

async fn connection(stream: TcpStream, peer: RemoteAddr, io: Io) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let io = io.clone();
        async move {
            if !io.serves(request.uri().path()) {
                return Ok(not_found());
            }
            request.extensions_mut().insert(peer);
            io.service().oneshot(request).await as Result<_, Infallible>
        }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A connection that breaks off is the client's affair.
    let _ = serving.with_upgrades().await;
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
