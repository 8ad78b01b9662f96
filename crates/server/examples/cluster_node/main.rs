//! A node of a cluster whose registry is a folder: the real listeners and the real edge, on one
//! SQLite file for all nodes. The tests of relaying run several of it.
//!
//! It says `public=ADDR internal=ADDR node=ID` and serves until SIGTERM, then drains as `zvon` does.
//! `/metrics` is on its public port.

#[path = "../../src/listener/mod.rs"]
#[expect(dead_code, unused_imports, reason = "a node of the tests speaks no TLS")]
mod listener;
mod registry;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::routing::get;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use zvon_backplane::bus;
use zvon_backplane::cache::MemoryCache;
use zvon_backplane::limiter::MemoryLimiter;
use zvon_backplane::presence::MemoryPresence;
use zvon_core::backing::Backing;
use zvon_core::clock::SystemClock;
use zvon_core::limits::Limits;
use zvon_core::settings::Settings as Core;
use zvon_gateway::{Gateway, RelaySettings, Settings, SocketSettings, TokenSettings};
use zvon_store::sqlite::Sqlite;

use listener::{Door, Internal};

/// What a node is started with.
#[derive(Parser)]
struct Cli {
    /// The folder of the registry.
    #[arg(long)]
    registry: PathBuf,
    /// The database.
    #[arg(long)]
    store: PathBuf,
    /// The cluster's keys; the first signs.
    #[arg(long, required = true)]
    key: Vec<String>,
    /// Where other nodes reach it.
    #[arg(long, default_value = "127.0.0.1:0")]
    internal: std::net::SocketAddr,
    /// Most that is relayed.
    #[arg(long, default_value_t = 1000)]
    most: usize,
    /// Most connections of an address.
    #[arg(long)]
    per_address: Option<usize>,
    /// Milliseconds between pings, and for their answers.
    #[arg(long, default_value_t = 10_000)]
    ping: u64,
    /// Milliseconds over which connections are closed at the end.
    #[arg(long, default_value_t = 100)]
    drain: u64,
}

impl Cli {
    fn settings(&self, internal: &Internal) -> Settings {
        let keys = self.key.iter().map(|key| key.clone().into_bytes()).collect();
        let ping = Duration::from_millis(self.ping);
        let secrets = vec![b"the secret that signs this cluster's tokens".to_vec()];
        let off = Limits { messages: 0, events: 0, pins: 0, forwards: 0, sign_in: 0, sign_up: 0 };
        Settings {
            core: Core { cluster_key: vec![7; 32], limits: off, ..Core::default() },
            tokens: TokenSettings { secrets, ..TokenSettings::default() },
            trusted_proxies: vec![ipnet::IpNet::from(std::net::IpAddr::from([127, 0, 0, 1]))],
            socket: SocketSettings {
                per_address: self.per_address,
                ping_interval: ping,
                ping_timeout: ping,
                ..SocketSettings::default()
            },
            relay: Some(RelaySettings { node: internal.node.clone(), keys, most: self.most }),
            ..Settings::default()
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("debug").init();
    let cli = Cli::parse();
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;
    let mut term = signal(SignalKind::terminate())?;
    let internal = Internal::open(cli.internal, None)?;
    let settings = cli.settings(&internal);
    let store = Sqlite::open(&cli.store, 1).await?;
    let nodes: Arc<dyn zvon_core::node::Nodes> = Arc::new(registry::Folder(cli.registry.clone()));
    let clock = Arc::new(SystemClock);
    let grace = Duration::from_millis(100);
    let backing = Backing {
        store: Arc::new(store.clone()),
        bus: Arc::new(bus::Alone),
        nodes: Arc::clone(&nodes),
        presence: Arc::new(MemoryPresence::new(Arc::clone(&clock) as _, grace)),
        limiter: Arc::new(MemoryLimiter::default()),
        cache: Arc::new(MemoryCache::of(0)),
        post: Arc::new(zvon_core::webhook::post::Nowhere),
        clock,
    };
    let gateway = Gateway::start(backing, Arc::new(zvon_socketio::Alone), settings).await?;
    let shown = gateway.clone();
    let metrics = get(async move || {
        shown.look();
        recorder.render()
    });
    let stop = CancellationToken::new();
    let door = listener::bind(([127, 0, 0, 1], 0).into())?;
    let (public, node) = (door.local_addr()?, internal.node.clone());
    let serves = Door::plain(gateway.router().route("/metrics", metrics));
    let serving = tokio::spawn(listener::serve(door, serves, stop.clone()));
    let address = internal.address;
    let internal = internal.serve(gateway.internal(), nodes, cli.most).await;
    gateway.set_ready(true);
    println!("public={public} internal={address} node={node}");

    term.recv().await;
    stop.cancel();
    gateway.drain(Duration::from_millis(cli.drain)).await;
    let _ = tokio::time::timeout(Duration::from_secs(5), serving).await;
    internal.close().await;
    store.close().await;
    Ok(())
}
