//! Connections to Redis: to the only one, or to whichever is named.

use std::fmt;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    ProtocolVersion, RedisConnectionInfo, RedisError, Role,
};

use super::map::{Server, split};
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
    /// A server of a cluster, or a Sentinel, with these settings and an address of its own.
    Named(ConnectionInfo),
    /// Who is named by Sentinels, and must be a primary: one may have been put back meanwhile.
    Primary(ConnectionInfo),
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").finish_non_exhaustive()
    }
}

impl Dialer {
    /// To the servers of that configuration.
    pub(super) fn new(config: &Config) -> Result<Self, RedisError> {
        // Without one, the first TLS connection would panic. Another's choice stands.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let target = match (&config.sentinel, config.cluster, config.urls.as_slice()) {
            (None, false, [url]) => Target::One(Client::open(info(url)?)?),
            (None, true, [first, ..]) => Target::Named(info(first)?),
            (Some(_), false, [first, ..]) => Target::Primary(info(first)?),
            _ => {
                let wrong = "one address of Redis is needed, or some of Sentinels or a cluster";
                return Err((ErrorKind::InvalidClientConfig, wrong).into());
            }
        };
        Ok(Self { target, timeout: config.timeout })
    }

    /// To its Sentinels. The credentials in a Sentinel's address are for Redis; Sentinels are asked
    /// without any.
    pub(super) fn of_sentinels(&self) -> Self {
        let target = match &self.target {
            // One alone has none.
            Target::One(client) => Target::One(client.clone()),
            Target::Named(like) | Target::Primary(like) => {
                Target::Named(like.clone().set_redis_settings(RedisConnectionInfo::default()))
            }
        };
        Self { target, timeout: self.timeout }
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
        let client = match &self.target {
            Target::One(client) => client.clone(),
            Target::Named(like) | Target::Primary(like) => Client::open(named(like, server)?)?,
        };
        let dialing = async {
            let mut connection =
                client.get_multiplexed_async_connection_with_config(&config).await?;
            if matches!(self.target, Target::Primary(_)) {
                is_primary(&mut connection).await?;
            }
            Ok(connection)
        };
        // Asking who it is takes a while of its own.
        match tokio::time::timeout(self.timeout * 2, dialing).await {
            Ok(dialed) => dialed,
            Err(_) => Err((ErrorKind::Io, "Redis does not answer").into()),
        }
    }
}

/// The names of all that were given.
pub(super) fn seeds(config: &Config) -> Result<Vec<Server>, RedisError> {
    config.urls.iter().map(|url| Ok(info(url)?.addr().to_string().into())).collect()
}

fn info(url: &str) -> Result<ConnectionInfo, RedisError> {
    let info = url.into_connection_info()?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

/// A server by its name, with the credentials and TLS of another.
fn named(like: &ConnectionInfo, server: &str) -> Result<ConnectionInfo, RedisError> {
    let Some((host, port)) = split(server) else {
        return Err((ErrorKind::InvalidClientConfig, "no name of a server").into());
    };
    let host = host.to_owned();
    let addr = match like.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    };
    Ok(like.clone().set_addr(addr))
}

async fn is_primary(connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
    match redis::cmd("ROLE").query_async(connection).await? {
        Role::Primary { .. } => Ok(()),
        _ => Err((ErrorKind::Io, "it is no primary").into()),
    }
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
