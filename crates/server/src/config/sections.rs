//! The sections, one struct each. What a key means stands in `config.default.toml`.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::{List, Span};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) listen: String,
    pub(crate) data: PathBuf,
    pub(crate) drain: Span,
    pub(crate) trusted_proxies: List,
    pub(crate) tls_cert: PathBuf,
    pub(crate) tls_key: PathBuf,
    pub(crate) user: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    pub(crate) jwt_secret: String,
    pub(crate) jwt_secret_previous: String,
    pub(crate) jwt_secret_file: PathBuf,
    pub(crate) token_life: Span,
    pub(crate) access_token_life: Span,
    pub(crate) session_life: Span,
    pub(crate) sessions_max: u32,
    pub(crate) accept_legacy_tokens: bool,
    pub(crate) password_min: usize,
    pub(crate) rehash_passwords: bool,
    pub(crate) hash_threads: usize,
    pub(crate) frontend_url: String,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("token_life", &self.token_life).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) messages_per_minute: u32,
    pub(crate) socket_events_per_minute: u32,
    pub(crate) pins_per_minute: u32,
    pub(crate) forwards_per_minute: u32,
    pub(crate) sign_in_per_minute: u32,
    pub(crate) sign_up_per_minute: u32,
    pub(crate) connections_per_user: usize,
    pub(crate) connections_per_address: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Presence {
    pub(crate) audience: Audience,
    pub(crate) everyone_max: u64,
    pub(crate) grace: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Audience {
    Auto,
    Everyone,
    CoMembers,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chat {
    pub(crate) text_max_bytes: usize,
    pub(crate) pins_max: u32,
    pub(crate) group_max: u32,
    pub(crate) history_page: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    pub(crate) max_age: Span,
    pub(crate) max_count: u64,
    pub(crate) sweep_every: Span,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cache {
    pub(crate) enabled: bool,
    pub(crate) local_bytes: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Socket {
    pub(crate) ping_interval: Span,
    pub(crate) ping_timeout: Span,
    pub(crate) connect_timeout: Span,
    pub(crate) max_payload: usize,
    pub(crate) queue_bytes: usize,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    pub(crate) url: String,
    pub(crate) read_connections: u32,
    pub(crate) send_connections: u32,
    pub(crate) write_connections: u32,
    pub(crate) pooled: bool,
    pub(crate) migrate: bool,
    pub(crate) outbox_keep: Span,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("pooled", &self.pooled).finish_non_exhaustive()
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redis {
    pub(crate) url: String,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cluster {
    pub(crate) internal_listen: String,
    pub(crate) internal_address: String,
    pub(crate) relayed_max: usize,
    pub(crate) key: String,
    pub(crate) key_previous: String,
    pub(crate) key_file: PathBuf,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = f.debug_struct("Cluster");
        written.field("internal_listen", &self.internal_listen).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jobs {
    pub(crate) in_process: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhooks {
    pub(crate) most: u32,
    pub(crate) timeout: Span,
    pub(crate) disable_after: Span,
    pub(crate) waiting_max: u32,
    pub(crate) at_once: usize,
    pub(crate) keep: Span,
    pub(crate) allowed_networks: List,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Health {
    pub(crate) heap_max: u64,
    pub(crate) rss_max: u64,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kafka {
    pub(crate) brokers: List,
    pub(crate) client_id: String,
    pub(crate) group_id: String,
    #[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "nothing makes topics then"))]
    pub(crate) create_topics: bool,
    pub(crate) partitions: u32,
    pub(crate) replication: u32,
    pub(crate) min_insync: u32,
    pub(crate) retention: Span,
    pub(crate) compression: String,
    pub(crate) security: String,
    pub(crate) mechanism: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) ca_file: PathBuf,
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka").field("brokers", &self.brokers).finish_non_exhaustive()
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metrics {
    pub(crate) listen: String,
    pub(crate) token: String,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("listen", &self.listen).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    pub(crate) otlp_endpoint: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) level: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}
