//! A node for `tests/interop/`, among JavaScript nodes on one Redis.
//!
//! `cargo run -p zvon-socketio-redis --example node -- --redis redis://127.0.0.1:6379 --port 4001`
//!
//! Prints `listening on PORT` when it is, and Redis knows of it.

mod handler;

use std::sync::Arc;

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
use zvon_socketio_redis::{Config, RedisAdapter, SubscriptionMode};

use handler::Commands;

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Static,
    Dynamic,
    DynamicPrivate,
}

#[derive(Parser)]
struct Args {
    /// Where Redis is; several addresses are some servers of a cluster.
    #[arg(long, required = true)]
    redis: Vec<String>,
    /// Which rooms have channels of their own.
    #[arg(long, default_value = "dynamic")]
    mode: Mode,
    /// Where to listen; 0 takes a free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// End when the input does, so that no server outlives who started it.
    #[arg(long)]
    until_input_ends: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let mode = match args.mode {
        Mode::Static => SubscriptionMode::Static,
        Mode::Dynamic => SubscriptionMode::Dynamic,
        Mode::DynamicPrivate => SubscriptionMode::DynamicPrivate,
    };
    let describe = Arc::new(handler::describe);
    let cluster = args.redis.len() > 1;
    let config =
        Config { urls: args.redis, cluster, mode, describe: Some(describe), ..Config::new("") };
    let adapter = RedisAdapter::start(config)?;
    let engine = zvon_socketio::Config::default();
    let io = Io::with_adapter(engine, Arc::clone(&adapter) as Arc<_>);
    for path in ["/", "/chat"] {
        let namespace = io.namespace(path, Arc::new(Commands(Arc::clone(&adapter))));
        adapter.listen(path, handler::listener(namespace));
    }
    adapter.subscribed().await;
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
    println!("listening on {}", listener.local_addr()?.port());
    tokio::select! {
        served = serve(listener, io) => served,
        () = input_ends(), if args.until_input_ends => {
            adapter.close(std::time::Duration::from_secs(1)).await;
            Ok(())
        }
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
    let service = service_fn(move |mut request: Request<Incoming>| {
        let io = io.clone();
        async move {
            if !io.serves(request.uri().path()) {
                let mut response = Response::new(Full::<Bytes>::default());
                *response.status_mut() = StatusCode::NOT_FOUND;
                return Ok(response);
            }
            request.extensions_mut().insert(peer);
            io.service().oneshot(request).await
        }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A connection that breaks off is the client's affair.
    let _ = serving.with_upgrades().await;
}
