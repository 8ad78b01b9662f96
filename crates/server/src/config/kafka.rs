//! What a node needs to tell Kafka what happens.

use super::{Config, ConfigError, Kafka};

/// How brokers may be talked to.
const SECURITY: [&str; 4] = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];
/// How a node may say who it is.
const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
/// What records may be packed with.
const COMPRESSIONS: [&str; 4] = ["none", "gzip", "snappy", "lz4"];

impl Config {
    /// Whether events go to Kafka. Chosen here alone.
    pub(crate) fn has_kafka(&self) -> bool {
        !self.kafka.brokers.0.is_empty()
    }

    /// Refuses a Kafka that could not be used.
    pub(super) fn check_kafka(&self) -> Result<(), ConfigError> {
        let kafka = &self.kafka;
        let wrong = |key: &str, why: &str| Err(ConfigError(format!("kafka.{key}: {why}")));
        if self.has_kafka() && !cfg!(feature = "kafka") {
            return wrong("brokers", "this program was built without Kafka (feature kafka)");
        }
        if let Some(broker) = kafka.brokers.0.iter().find(|broker| !is_broker(broker)) {
            return wrong("brokers", &format!("{broker:?} is not like \"host:9092\""));
        }
        for (key, text) in [("client_id", &kafka.client_id), ("group_id", &kafka.group_id)] {
            if text.is_empty()
                || !text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            {
                return wrong(key, "must be letters, digits, \".\", \"_\" and \"-\"");
            }
        }
        check_copies(kafka)?;
        one_of("compression", &kafka.compression, &COMPRESSIONS)?;
        one_of("security", &kafka.security, &SECURITY)?;
        one_of("mechanism", &kafka.mechanism, &MECHANISMS)?;
        if !kafka.ca_file.as_os_str().is_empty() && !kafka.ca_file.is_file() {
            return wrong("ca_file", &format!("{}: no such file", kafka.ca_file.display()));
        }
        #[cfg(feature = "kafka")]
        if let Some(why) = crate::kafka::settings(self).security.refuses() {
            return wrong("security", why);
        }
        let names = [&kafka.username, &kafka.password];
        if kafka.security.starts_with("sasl_") && names.iter().any(|text| text.is_empty()) {
            return wrong("security", "needs kafka.username and kafka.password");
        }
        Ok(())
    }
}

fn check_copies(kafka: &Kafka) -> Result<(), ConfigError> {
    let wrong = |key: &str, why: &str| Err(ConfigError(format!("kafka.{key}: {why}")));
    if kafka.partitions > 10_000 {
        return wrong("partitions", "at most 10000");
    }
    if kafka.replication > 100 {
        return wrong("replication", "at most 100");
    }
    let least = if kafka.replication == 0 { 100 } else { kafka.replication };
    if kafka.min_insync > least {
        return wrong("min_insync", "more than there are replicas");
    }
    Ok(())
}

fn one_of(key: &str, text: &str, known: &[&str]) -> Result<(), ConfigError> {
    if known.contains(&text) {
        return Ok(());
    }
    Err(ConfigError(format!("kafka.{key}: must be one of {}", known.join(", "))))
}

/// A name or an address, and a port.
fn is_broker(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    !host.is_empty() && host.chars().all(is_host) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::is_broker;

    /// `scripts/check` builds that program, and runs this.
    #[cfg(not(feature = "kafka"))]
    #[test]
    fn a_program_without_kafka_refuses_brokers_and_says_why() {
        use super::Config;
        use crate::config::Overrides;

        let with = |brokers: &str| {
            let environment = vec![("kafka.brokers".to_owned(), brokers.to_owned())];
            Config::merge(None, environment, Overrides::default()).err().map(|error| error.0)
        };
        let why = "kafka.brokers: this program was built without Kafka (feature kafka)";
        assert_eq!(with("kafka:9092").as_deref(), Some(why));
        assert_eq!(with(""), None, "it starts where nobody names any");
    }

    #[test]
    fn a_broker_is_a_host_and_a_port() {
        assert!(
            ["kafka:9092", "10.0.0.1:1", "[::1]:9092", "a-b.example.org:65535"]
                .iter()
                .all(|text| is_broker(text))
        );
        assert!(
            !["kafka", ":9092", "kafka:", "kafka:0", "kafka:99999", "http://kafka:9092"]
                .iter()
                .any(|text| is_broker(text))
        );
    }
}
