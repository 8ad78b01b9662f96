//! What is set, and what librdkafka is told of it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rdkafka::ClientConfig;

/// Where Kafka is, and how it is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Some of the brokers, as `host:port`.
    pub brokers: Vec<String>,
    /// How this program calls itself there.
    pub client_id: String,
    /// What the names of the jobs' groups begin with.
    pub group_id: String,
    /// `none`, `gzip`, `snappy` or `lz4`: what every consumer has to understand.
    pub compression: String,
    /// How topics are made.
    pub topics: TopicSettings,
    /// How brokers are talked to.
    pub security: Security,
}

/// What a topic is like that is made here.
#[derive(Clone, Debug)]
pub struct TopicSettings {
    /// Whether missing ones are made.
    pub create: bool,
    /// How many partitions one has.
    pub partitions: i32,
    /// How many brokers keep it; 0: as many as the brokers' own default says.
    pub replication: i32,
    /// How many of them must have a record before it counts; 0: the brokers' own default.
    pub min_insync: u32,
    /// How long records are kept.
    pub retention: Duration,
}

/// How brokers are talked to.
#[derive(Clone, Default)]
pub struct Security {
    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.
    pub protocol: String,
    /// With SASL: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub mechanism: String,
    /// With SASL: who this is.
    pub username: String,
    /// With SASL: and its password.
    pub password: String,
    /// With TLS: a file with the authorities that vouch for the brokers; empty: the system's.
    pub ca_file: PathBuf,
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Security").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

impl Security {
    /// Whether this program can do it, as it was built; if not, why.
    #[must_use]
    pub fn refuses(&self) -> Option<&'static str> {
        let (tls, sasl) = (self.protocol.ends_with("ssl"), self.protocol.starts_with("sasl_"));
        let openssl = cfg!(feature = "kafka-tls");
        if tls && !openssl {
            return Some("this program was built without TLS for Kafka (feature kafka-tls)");
        }
        if sasl && self.mechanism != "PLAIN" && !openssl {
            return Some("this program was built without SCRAM for Kafka (feature kafka-tls)");
        }
        None
    }
}

impl Settings {
    /// What every client is told.
    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", self.brokers.join(","))
            .set("client.id", &self.client_id)
            .set("socket.keepalive.enable", "true")
            .set("socket.timeout.ms", "10000")
            .set("socket.connection.setup.timeout.ms", "5000")
            .set("reconnect.backoff.ms", "100")
            .set("reconnect.backoff.max.ms", "2000")
            .set("allow.auto.create.topics", "false");
        self.secure(&mut config);
        config
    }

    fn secure(&self, config: &mut ClientConfig) {
        let Security { protocol, mechanism, username, password, ca_file } = &self.security;
        if protocol.is_empty() || protocol == "plaintext" {
            return;
        }
        config.set("security.protocol", protocol);
        if protocol.starts_with("sasl_") {
            config.set("sasl.mechanism", mechanism);
            config.set("sasl.username", username).set("sasl.password", password);
        }
        if protocol.ends_with("ssl") && !ca_file.as_os_str().is_empty() {
            config.set("ssl.ca.location", ca_file.to_string_lossy());
        }
    }

    /// What the one who appends is told, too.
    pub(super) fn writer(&self, transactional_id: &str) -> ClientConfig {
        let mut config = self.client();
        config
            .set("transactional.id", transactional_id)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // A transaction that its owner left behind holds up readers for as long as this, or until
            // another one begins.
            .set("transaction.timeout.ms", "60000")
            .set("message.timeout.ms", "8000")
            .set("request.timeout.ms", "5000")
            .set("retry.backoff.ms", "50")
            // A batch comes whole; there is little to wait for.
            .set("linger.ms", "1")
            // As Java's producers find the partition of a key.
            .set("partitioner", "murmur2_random")
            .set("compression.type", &self.compression);
        config
    }

    /// What a reader of that group is told, too.
    pub(super) fn reader(&self, group: &str) -> ClientConfig {
        let mut config = self.client();
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("isolation.level", "read_committed")
            // What others take over is taken from one member, not from all.
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "10000")
            .set("heartbeat.interval.ms", "1000")
            .set("fetch.wait.max.ms", "100")
            .set("queued.max.messages.kbytes", "16384")
            .set("topic.metadata.refresh.interval.ms", "10000");
        config
    }
}

#[cfg(test)]
mod tests {
    use super::Security;

    #[test]
    fn what_the_program_was_not_built_for_is_refused() {
        let of = |protocol: &str, mechanism: &str| {
            let (protocol, mechanism) = (protocol.to_owned(), mechanism.to_owned());
            Security { protocol, mechanism, ..Security::default() }.refuses().is_some()
        };
        let openssl = cfg!(feature = "kafka-tls");
        assert!(!of("plaintext", "") && !of("", "") && !of("sasl_plaintext", "PLAIN"));
        assert_eq!(of("ssl", ""), !openssl);
        assert_eq!(of("sasl_ssl", "PLAIN"), !openssl);
        assert_eq!(of("sasl_plaintext", "SCRAM-SHA-256"), !openssl);
    }
}
