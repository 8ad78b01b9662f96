//! What a node needs to be one of several.

use std::net::SocketAddr;

use super::{Cluster, Config, ConfigError, address, secrets};

/// Least characters of the key that nodes share.
const KEY_MIN: usize = 32;
/// How a database that nodes can share is named.
const DATABASES: [&str; 2] = ["postgres://", "postgresql://"];
/// How Redis is named: alone, behind sentinels, or as a cluster, each with TLS or without.
const REDIS: [&str; 6] = [
    "redis://",
    "rediss://",
    "redis+sentinel://",
    "rediss+sentinel://",
    "redis+cluster://",
    "rediss+cluster://",
];

impl Config {
    /// Whether this node is one of several: on PostgreSQL and Redis. Chosen here alone.
    pub(crate) fn is_cluster(&self) -> bool {
        !self.store.url.is_empty()
    }

    /// Whether a Redis was named that is not used.
    pub(crate) fn has_idle_redis(&self) -> bool {
        !self.is_cluster() && self.redis.url != "redis://localhost:6379"
    }

    /// The keys that nodes share, what signs first.
    pub(crate) fn cluster_keys(&self) -> Result<Vec<Vec<u8>>, ConfigError> {
        let Cluster { key, key_previous, key_file, .. } = &self.cluster;
        let keys = secrets("cluster.key", [key, key_previous], key_file)?;
        if keys.iter().any(|key| key.len() < KEY_MIN) {
            return Err(ConfigError(format!("cluster.key: needs {KEY_MIN} characters or more")));
        }
        Ok(keys.into_iter().map(String::into_bytes).collect())
    }

    /// Where other nodes may relay requests to, if anywhere, and the address that they are told if
    /// it is another one.
    pub(crate) fn internal(&self) -> Result<Option<(SocketAddr, Option<SocketAddr>)>, ConfigError> {
        let Cluster { internal_listen: listen, internal_address: told, .. } = &self.cluster;
        let wrong = |why: &str| Err(ConfigError(format!("cluster.internal_address: {why}")));
        let told = (!told.is_empty()).then(|| address("cluster.internal_address", told));
        let told = told.transpose()?;
        if listen.is_empty() {
            return match told {
                None => Ok(None),
                Some(_) => wrong("there is no cluster.internal_listen"),
            };
        }
        let listen = address("cluster.internal_listen", listen)?;
        match told {
            None if listen.ip().is_unspecified() => {
                wrong("cluster.internal_listen is all addresses; name the one to reach it at")
            }
            told => Ok(Some((listen, told))),
        }
    }

    /// Refuses a cluster that lacks what its nodes must share.
    pub(super) fn check_cluster(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, why: &str| Err(ConfigError(format!("{key}: {why}")));
        let (keys, internal) = (self.cluster_keys()?, self.internal()?);
        if !REDIS.iter().any(|scheme| self.redis.url.starts_with(scheme)) {
            return wrong("redis.url", "must be like \"redis://host:6379\"");
        }
        if !self.is_cluster() {
            return Ok(());
        }
        if !DATABASES.iter().any(|scheme| self.store.url.starts_with(scheme)) {
            return wrong("store.url", "must be like \"postgres://user:password@host/database\"");
        }
        if keys.is_empty() {
            let why = "the nodes of a cluster share a key; `openssl rand -hex 32` makes one";
            return wrong("cluster.key", why);
        }
        if internal.is_none() {
            let why = "nodes relay to each other; name a private address, like \"10.0.0.5:4100\"";
            return wrong("cluster.internal_listen", why);
        }
        if self.jwt_secrets()?.is_empty() {
            return wrong("auth.jwt_secret", "the nodes of a cluster share one");
        }
        Ok(())
    }
}
