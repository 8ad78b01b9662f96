//! Connections to Redis: to one, to the one that Sentinels name, to any of a cluster.

use std::fmt;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    ProtocolVersion, RedisConnectionInfo, RedisError, TlsMode,
};

use super::map::{Map, Server, split};
use crate::config::Config;

/// Between attempts: at first, and at most.
const FIRST: Duration = Duration::from_millis(20);
const MOST: Duration = Duration::from_millis(500);

pub(super) struct Dialer {
    target: Target,
    timeout: Duration,
}

enum Target {
    One(Client),
    /// The addresses of Sentinels, and the name that they know the primary by.
    Sentinels(Vec<String>, String),
    /// Where to begin; whoever is found has the first's settings.
    Cluster(Vec<ConnectionInfo>),
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").finish_non_exhaustive()
    }
}

impl Dialer {
    pub(super) fn new(config: &Config) -> Result<Self, RedisError> {
        // Without one, the first TLS connection would panic. Another's choice stands.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let target = match (&config.sentinel, config.cluster, config.urls.as_slice()) {
            (Some(name), false, [_, ..]) => Target::Sentinels(config.urls.clone(), name.clone()),
            (None, false, [url]) => Target::One(Client::open(info(url)?)?),
            (None, true, [_, ..]) => {
                Target::Cluster(config.urls.iter().map(|url| info(url)).collect::<Result<_, _>>()?)
            }
            _ => {
                let wrong = "one address of Redis is needed, or some of Sentinels or a cluster";
                return Err((ErrorKind::InvalidClientConfig, wrong).into());
            }
        };
        Ok(Self { target, timeout: config.timeout })
    }

    /// What is known of the servers before any was asked, and who can be asked.
    pub(super) fn beginning(&self) -> (Map, Vec<Server>) {
        match &self.target {
            Target::One(_) | Target::Sentinels(..) => (Map::one(), Vec::new()),
            Target::Cluster(seeds) => {
                let name = |seed: &ConnectionInfo| seed.addr().to_string().into();
                (Map::unknown(), seeds.iter().map(name).collect())
            }
        }
    }

    /// A connection to a server; with `config`, one that hands on what it is pushed.
    pub(super) async fn dial(
        &self,
        server: &Server,
        config: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, RedisError> {
        let config = config
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        let dialing = async {
            match &self.target {
                Target::One(client) => {
                    client.get_multiplexed_async_connection_with_config(&config).await
                }
                Target::Sentinels(urls, name) => {
                    sentinel(urls, name)?.get_async_connection_with_config(&config).await
                }
                Target::Cluster(seeds) => {
                    let client = Client::open(of_cluster(seeds, server)?)?;
                    client.get_multiplexed_async_connection_with_config(&config).await
                }
            }
        };
        // Asking Sentinels who it is takes a while of its own.
        match tokio::time::timeout(self.timeout * 3, dialing).await {
            Ok(dialed) => dialed,
            Err(_) => Err((ErrorKind::Io, "Redis does not answer").into()),
        }
    }
}

fn info(url: &str) -> Result<ConnectionInfo, RedisError> {
    let info = url.into_connection_info()?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

/// A server of a cluster: its name, the seeds' credentials and TLS.
fn of_cluster(seeds: &[ConnectionInfo], server: &str) -> Result<ConnectionInfo, RedisError> {
    let (Some(first), Some((host, port))) = (seeds.first(), split(server)) else {
        return Err((ErrorKind::InvalidClientConfig, "no name of a server").into());
    };
    let host = host.to_owned();
    let addr = match first.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    };
    Ok(first.clone().set_addr(addr))
}

/// The credentials in a Sentinel's address are for Redis; Sentinels are asked without any.
fn sentinel(urls: &[String], name: &str) -> Result<SentinelClient, RedisError> {
    let infos = urls.iter().map(|url| url.as_str().into_connection_info());
    let infos = infos.collect::<Result<Vec<_>, _>>()?;
    let mut node = SentinelNodeConnectionInfo::default();
    if let Some(first) = infos.first() {
        let settings = first.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        node = node.set_redis_connection_info(settings);
        if matches!(first.addr(), ConnectionAddr::TcpTls { .. }) {
            node = node.set_tls_mode(TlsMode::Secure);
        }
    }
    let bare = |info: ConnectionInfo| info.set_redis_settings(RedisConnectionInfo::default());
    let sentinels = infos.into_iter().map(bare).collect();
    SentinelClient::build(sentinels, name, Some(node), SentinelServerType::Master)
}

/// How long to wait before the next attempt: twice as long each time, and not the same for all
/// nodes.
pub(super) struct Patience(Duration);

impl Patience {
    pub(super) fn new() -> Self {
        Self(FIRST)
    }

    pub(super) async fn wait(&mut self) {
        let mut chance = [0_u8; 1];
        let _ = getrandom::fill(&mut chance);
        let part = 0.5 + f64::from(chance[0]) / 512.0;
        tokio::time::sleep(self.0.mul_f64(part)).await;
        self.0 = (self.0 * 2).min(MOST);
    }
}
