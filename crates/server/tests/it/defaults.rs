//! `config.default.toml` is the list of keys: each can be set by the environment, and a value that
//! cannot be meant is refused by the key's name.

use std::collections::BTreeSet;

use crate::process::{place, refusal, serve};

const DEFAULTS: &str = include_str!("../../../../config.default.toml");

/// A value that each key refuses. Every key of the file has to stand here.
const WRONG: [(&str, &str); 87] = [
    ("server.listen", "nowhere"),
    ("server.data", ""),
    ("server.drain", "soon"),
    ("server.user", "nobody of that name"),
    // Any text is a secret: another test shows that it is used.
    ("auth.jwt_secret", ""),
    ("auth.jwt_secret_file", "/nowhere/at/all"),
    ("auth.token_life", "for ever"),
    ("auth.password_min", "-1"),
    ("auth.frontend_url", "localhost:3000"),
    ("auth.access_token_life", "0"),
    ("auth.session_life", "long"),
    ("auth.sessions_max", "0"),
    ("auth.hash_threads", "all"),
    ("auth.accept_legacy_tokens", "perhaps"),
    ("auth.rehash_passwords", "2"),
    ("auth.jwt_secret_previous", "without one to follow it"),
    ("limits.messages_per_minute", "many"),
    ("limits.socket_events_per_minute", "-1"),
    ("limits.pins_per_minute", "1.5"),
    ("limits.forwards_per_minute", "true"),
    ("limits.sign_in_per_minute", "99999999999"),
    ("limits.sign_up_per_minute", "10/min"),
    ("limits.connections_per_user", "-1"),
    ("limits.connections_per_address", "all"),
    ("server.trusted_proxies", "10.0.0.0/8, everybody"),
    ("server.tls_cert", "/nowhere/cert.pem"),
    ("server.tls_key", "/nowhere/key.pem"),
    ("presence.audience", "nobody"),
    ("presence.everyone_max", "-1"),
    ("presence.grace", "10 seconds"),
    ("chat.text_max_bytes", "0"),
    ("chat.pins_max", "0"),
    ("chat.group_max", "all"),
    ("chat.history_page", "0"),
    ("retention.max_age", "1s"),
    ("retention.max_count", "-1"),
    ("retention.sweep_every", "0"),
    ("cache.enabled", "perhaps"),
    ("cache.local_bytes", "64 MB"),
    ("socket.ping_interval", "0s"),
    ("socket.ping_timeout", "0"),
    ("socket.connect_timeout", "x"),
    ("socket.max_payload", "1MB"),
    ("socket.queue_bytes", "0"),
    ("store.url", "mysql://host/database"),
    ("store.read_connections", "0"),
    ("store.send_connections", "0"),
    ("store.write_connections", "-1"),
    ("store.pooled", "perhaps"),
    ("store.migrate", "2"),
    ("store.outbox_keep", "1m"),
    ("redis.url", "localhost:6379"),
    ("cluster.key", "too short"),
    ("cluster.key_previous", "without one to follow it"),
    ("cluster.key_file", "/nowhere/at/all"),
    ("cluster.internal_listen", "4100"),
    ("cluster.internal_address", "10.0.0.5"),
    ("cluster.relayed_max", "0"),
    ("kafka.brokers", "kafka"),
    ("kafka.client_id", "two words"),
    ("kafka.group_id", ""),
    ("kafka.create_topics", "perhaps"),
    ("kafka.partitions", "0"),
    ("kafka.replication", "-1"),
    ("kafka.min_insync", "101"),
    ("kafka.retention", "for ever"),
    ("kafka.compression", "zip"),
    ("kafka.security", "sasl_plaintext"),
    ("kafka.mechanism", "GSSAPI"),
    // Any text is a name or a password: they are used in tests/kafka.
    ("kafka.username", ""),
    ("kafka.password", ""),
    ("kafka.ca_file", "/nowhere/at/all"),
    ("jobs.in_process", "perhaps"),
    ("webhooks.most", "0"),
    ("webhooks.timeout", "0s"),
    ("webhooks.disable_after", "soon"),
    ("webhooks.waiting_max", "0"),
    ("webhooks.at_once", "0"),
    ("webhooks.keep", "0d"),
    ("webhooks.allowed_networks", "localhost"),
    ("health.heap_max", "lots"),
    ("health.rss_max", "-1"),
    ("metrics.listen", "9464"),
    ("metrics.token", "two words"),
    ("telemetry.otlp_endpoint", "https://collector:4318"),
    ("log.format", "xml"),
    ("log.level", "loud"),
];

fn keys() -> BTreeSet<String> {
    let mut section = "";
    let lines = DEFAULTS.lines().filter(|line| !line.starts_with('#'));
    let keys = lines.filter_map(|line| {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        }
        let (key, _) = line.split_once(" = ")?;
        Some(format!("{section}.{key}"))
    });
    keys.collect()
}

fn variable(key: &str) -> String {
    format!("ZVON_{}", key.replace('.', "__").to_uppercase())
}

#[test]
fn every_key_stands_in_the_table() {
    let table: BTreeSet<String> = WRONG.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(keys(), table);
}

#[test]
fn every_key_can_be_set_by_the_environment_and_refuses_what_cannot_be_meant() {
    let any = ["auth.jwt_secret", "kafka.username", "kafka.password"];
    for (key, value) in WRONG.iter().filter(|(key, _)| !any.contains(key)) {
        let dir = place();
        let mut command = serve(dir.path(), &[(&variable(key), value)]);
        if *key == "server.listen" {
            command = crate::process::zvon(dir.path(), &["serve"]);
            command.env(variable(key), value);
        }
        let said = refusal(command);
        assert!(said.contains(key), "{key} = {value:?}: {said}");
        assert!(!dir.path().join("data").exists(), "{key}: nothing was made");
    }
}

#[test]
fn unknown_keys_are_refused_by_their_names() {
    for (name, named) in [
        ("ZVON_LIMITS__MESAGES_PER_MINUTE", "mesages_per_minute"),
        ("ZVON_LIMIT__MESSAGES_PER_MINUTE", "limit"),
        ("ZVON_SERVER__LISTEN__PORT", "listen"),
    ] {
        let said = refusal(serve(place().path(), &[(name, "1")]));
        assert!(said.contains(named), "{name}: {said}");
    }
}
