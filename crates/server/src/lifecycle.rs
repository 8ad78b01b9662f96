//! From the start to the end.
//!
//! SIGTERM or SIGINT: not ready → no new connections → the live ones are closed by transport, so
//! that clients come back by themselves → what is queued is committed → other nodes are told → the
//! store is closed. A second signal ends the process at once.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zvon_core::limits::Limits;
use zvon_core::settings::{Audience as CoreAudience, Settings as Core};
use zvon_gateway::{Gateway, HealthLimits, Settings, SocketSettings, TokenSettings};

use crate::cluster::Member;
use crate::config::{Audience, Config};
use crate::jobs::Jobs;
use crate::listener::{Door, Tls};
use crate::relay::Relaying;
use crate::watch::Watch;
use crate::{backing, data_dir, listener, open_files, privilege, secret};

/// How long open requests may take at the end.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
/// Least time between two commits of a node's sends to PostgreSQL where many come: each costs it as
/// much as some twenty messages.
const APART: Duration = Duration::from_millis(10);

/// Runs the chat until it is told to stop.
pub(crate) async fn serve(config: Config) -> Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tell_of_unused(&config);
    let listen = config.listen().map_err(|error| anyhow::anyhow!(error.to_string()))?;
    let early = early(&config, listen)?;
    tracing::debug!(files = open_files::raise(), "may have open");
    let _held = (!config.is_cluster()).then(|| data_dir::take(&config.server.data)).transpose()?;
    let member = Member::open(&config)?;
    let relay = member.as_ref().map(Member::relay);
    let node = relay.as_ref().map(|relay| relay.node.clone());
    let settings = Settings { relay, ..settings(&config)? };
    let watch = Watch::open(&config)?;
    let opened = backing::open(&config, node).await?;
    let tls = tls(&config)?;
    let counted = (settings.trusted_proxies.clone(), settings.socket.per_address);
    let gateway =
        Gateway::start(opened.backing.clone(), Arc::clone(&opened.adapter), settings).await?;
    let door = early.map_or_else(|| listener::bind(listen), Ok)?;
    let address = door.local_addr()?;
    let (stop, url) = (CancellationToken::new(), url(address, tls.is_some()));
    let serving = let_in(door, &gateway, tls, counted, &stop);
    let metrics = watch.as_ref().map(Watch::address).transpose()?;
    let watching = watch.map(|watch| watch.serve(&gateway));
    let internal = match member {
        Some(member) => Some(member.join(&gateway, &opened.backing.nodes).await),
        None => None,
    };
    let relaying = Relaying::start(&config, &opened, &gateway).await?;
    gateway.sweep(Arc::clone(&opened.leases));
    let jobs = Jobs::of_node(&config, &opened.means(&config));
    gateway.set_ready(true);
    announce(&url, metrics, &config);

    stopped(&mut term, &mut int).await;
    tracing::info!(connections = gateway.connections(), "going down");
    let finish = async {
        gateway.set_ready(false);
        opened.draining();
        stop.cancel();
        gateway.drain(config.server.drain.0).await;
        if tokio::time::timeout(LAST_REQUESTS, serving).await.is_err() {
            tracing::warn!("open requests took too long");
        }
        if let Some(internal) = internal {
            internal.close().await;
        }
        jobs.close().await;
        relaying.close().await;
        opened.close().await;
        if let Some(watching) = watching {
            watching.close().await;
        }
    };
    tokio::select! {
        () = finish => Ok(()),
        () = stopped(&mut term, &mut int) => anyhow::bail!("stopped at once by a second signal"),
    }
}

/// Serves who comes through the door, until `stop`; `counted` is who comes with everybody's connections
/// and how many an address may have.
fn let_in(
    door: TcpListener,
    gateway: &Gateway,
    tls: Option<Tls>,
    (trusted, per_address): (Vec<IpNet>, Option<usize>),
    stop: &CancellationToken,
) -> JoinHandle<()> {
    if let Some(tls) = tls.clone() {
        tokio::spawn(stop.clone().run_until_cancelled_owned(tls.watch()));
    }
    // A client that polls has two connections.
    let per_address = per_address.map(|most| most.saturating_mul(2));
    let serves = Door { router: gateway.router(), tls, per_address, trusted };
    tokio::spawn(listener::serve(door, serves, stop.clone()))
}

fn tell_of_unused(config: &Config) {
    if config.has_idle_redis() {
        tracing::warn!("redis.url is set: a node alone, on SQLite, does without it");
    }
}

/// The port, open before this process becomes another user, if it is to.
fn early(config: &Config, listen: SocketAddr) -> Result<Option<TcpListener>> {
    let Some(user) = privilege::other(&config.server.user)? else { return Ok(None) };
    let door = listener::bind(listen)?;
    privilege::become_user(&user, &config.server.data)?;
    Ok(Some(door))
}

fn tls(config: &Config) -> Result<Option<Tls>> {
    let tls = config.tls().map_err(|error| anyhow::anyhow!(error.to_string()))?;
    tls.map(|(cert, key)| Tls::load(cert, key)).transpose()
}

pub(crate) async fn stopped(term: &mut Signal, int: &mut Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

/// The address as a browser on this machine opens it.
fn url(address: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    if address.ip().is_unspecified() || address.ip().is_loopback() {
        format!("{scheme}://localhost:{}", address.port())
    } else {
        format!("{scheme}://{address}")
    }
}

fn announce(url: &str, metrics: Option<SocketAddr>, config: &Config) {
    let data = config.server.data.canonicalize().unwrap_or_else(|_| config.server.data.clone());
    let place = if config.is_cluster() { "PostgreSQL".into() } else { data.display().to_string() };
    tracing::info!(url, data = place, version = env!("CARGO_PKG_VERSION"), "serving");
    if std::io::stdout().is_terminal() {
        println!("\n  Zvon is at {url}\n  Its data lies in {place}\n");
    } else {
        let metrics = metrics.map(|at| format!(", its metrics are at http://{at}/metrics"));
        let metrics = metrics.unwrap_or_default();
        println!("Zvon is at {url}, its data lies in {place}{metrics}");
    }
}

fn settings(config: &Config) -> Result<Settings> {
    let auth = &config.auth;
    let some = |most: usize| Some(most).filter(|most| *most > 0);
    let trusted_proxies =
        config.trusted_proxies().map_err(|error| anyhow::anyhow!(error.to_string()))?;
    let non_zero = |bytes: u64| Some(bytes).filter(|bytes| *bytes > 0);
    Ok(Settings {
        core: core(config, secret::cluster_keys(config)?.swap_remove(0)),
        tokens: TokenSettings {
            secrets: jwt_secrets(config)?,
            life: auth.token_life.0,
            short_life: auth.access_token_life.0,
            accept_legacy: auth.accept_legacy_tokens,
        },
        trusted_proxies,
        frontend_url: config.auth.frontend_url.clone(),
        socket: SocketSettings {
            ping_interval: config.socket.ping_interval.0,
            ping_timeout: config.socket.ping_timeout.0,
            connect_timeout: config.socket.connect_timeout.0,
            max_payload: config.socket.max_payload,
            queue_bytes: config.socket.queue_bytes,
            per_address: some(config.limits.connections_per_address),
            per_user: some(config.limits.connections_per_user),
        },
        health: HealthLimits {
            heap_max: non_zero(config.health.heap_max),
            rss_max: non_zero(config.health.rss_max),
        },
        relay: None,
    })
}

/// As many as configured, or one less than there are processors, so that whatever sign-ins come, one
/// is there for everything else: up to 8, for each takes its memory.
fn hash_threads(configured: usize) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    match configured {
        0 => processors().saturating_sub(1).clamp(1, 8),
        threads => threads,
    }
}

fn core(config: &Config, cluster_key: Vec<u8>) -> Core {
    let limits = &config.limits;
    Core {
        cluster_key,
        // A token is good for as long as it says.
        session_life: config.auth.session_life.0.max(config.auth.token_life.0),
        sessions_max: config.auth.sessions_max,
        hash_threads: hash_threads(config.auth.hash_threads),
        rehash: config.auth.rehash_passwords,
        password_min: config.auth.password_min,
        limits: Limits {
            messages: limits.messages_per_minute,
            events: limits.socket_events_per_minute,
            pins: limits.pins_per_minute,
            forwards: limits.forwards_per_minute,
            sign_in: limits.sign_in_per_minute,
            sign_up: limits.sign_up_per_minute,
        },
        audience: match config.presence.audience {
            Audience::Auto => CoreAudience::Auto,
            Audience::Everyone => CoreAudience::Everyone,
            Audience::CoMembers => CoreAudience::CoMembers,
        },
        everyone_max: config.presence.everyone_max,
        text_max: config.chat.text_max_bytes,
        pins_max: config.chat.pins_max,
        group_max: config.chat.group_max,
        history_page: config.chat.history_page,
        retention: config.retention(),
        sweep_every: config.retention.sweep_every.0,
        webhooks_max: config.webhooks.most,
        cached: config.cache.enabled,
        outbox_keep: config.store.outbox_keep.0,
        // One commit at a time where one writer is all there is.
        lanes: if config.is_cluster() { config.store.send_connections as usize } else { 1 },
        apart: if config.is_cluster() { APART } else { Duration::ZERO },
    }
}

/// The configured secrets, or one made and kept.
fn jwt_secrets(config: &Config) -> Result<Vec<Vec<u8>>> {
    let configured = config.jwt_secrets().map_err(|error| anyhow::anyhow!(error.to_string()))?;
    if configured.is_empty() {
        return Ok(vec![secret::keep(&config.server.data, secret::JWT_KEY)?]);
    }
    if configured.iter().any(|secret| secret == secret::KNOWN) {
        tracing::warn!("auth.jwt_secret is the one everybody knows: set another");
    }
    Ok(configured.into_iter().map(String::into_bytes).collect())
}
