//! What a value must be like beyond its type.

use std::time::Duration;

use super::{Config, ConfigError};
use crate::{privilege, telemetry};

impl Config {
    /// Refuses values with which the server could not work.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.listen()?;
        self.metrics_listen()?;
        self.jwt_secrets()?;
        self.trusted_proxies()?;
        self.allowed_networks()?;
        self.tls()?;
        self.check_cluster()?;
        self.check_kafka()?;
        self.check_retention()?;
        self.check_positive()?;
        let wrong = |key: &str, why: &str| Err(ConfigError(format!("{key}: {why}")));
        if self.store.outbox_keep.0 < Duration::from_secs(3600) {
            return wrong("store.outbox_keep", "must be an hour at least");
        }
        if self.server.data.as_os_str().is_empty() {
            return wrong("server.data", "must name a directory");
        }
        let user = &self.server.user;
        if !user.is_empty() && !privilege::is_user(user) {
            return wrong("server.user", "there is no user of that name");
        }
        if !is_origin(&self.auth.frontend_url) {
            return wrong("auth.frontend_url", "must be an origin like \"http://localhost:3000\"");
        }
        if !self.metrics.token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return wrong(
                "metrics.token",
                "must be ASCII without blanks, as it stands in a header",
            );
        }
        if let Some(why) = telemetry::refuses(&self.telemetry.otlp_endpoint) {
            return wrong("telemetry.otlp_endpoint", why);
        }
        if !telemetry::is_filter(&self.log.level) {
            return wrong("log.level", "must be a level or a filter like \"info,zvon_core=debug\"");
        }
        Ok(())
    }

    fn check_positive(&self) -> Result<(), ConfigError> {
        let millis = |span: super::Span| u64::try_from(span.0.as_millis()).unwrap_or(u64::MAX);
        let positive = [
            ("auth.token_life", millis(self.auth.token_life)),
            ("auth.access_token_life", millis(self.auth.access_token_life)),
            ("auth.session_life", millis(self.auth.session_life)),
            ("auth.sessions_max", u64::from(self.auth.sessions_max)),
            ("chat.text_max_bytes", self.chat.text_max_bytes as u64),
            ("chat.pins_max", u64::from(self.chat.pins_max)),
            ("chat.group_max", u64::from(self.chat.group_max)),
            ("chat.history_page", u64::from(self.chat.history_page)),
            ("socket.ping_interval", millis(self.socket.ping_interval)),
            ("socket.ping_timeout", millis(self.socket.ping_timeout)),
            ("socket.connect_timeout", millis(self.socket.connect_timeout)),
            ("socket.max_payload", self.socket.max_payload as u64),
            ("socket.queue_bytes", self.socket.queue_bytes as u64),
            ("store.read_connections", u64::from(self.store.read_connections)),
            ("store.send_connections", u64::from(self.store.send_connections)),
            ("store.write_connections", u64::from(self.store.write_connections)),
            ("retention.sweep_every", millis(self.retention.sweep_every)),
            ("webhooks.most", u64::from(self.webhooks.most)),
            ("webhooks.timeout", millis(self.webhooks.timeout)),
            ("webhooks.disable_after", millis(self.webhooks.disable_after)),
            ("webhooks.waiting_max", u64::from(self.webhooks.waiting_max)),
            ("webhooks.at_once", self.webhooks.at_once as u64),
            ("webhooks.keep", millis(self.webhooks.keep)),
            ("cluster.relayed_max", self.cluster.relayed_max as u64),
            ("kafka.partitions", u64::from(self.kafka.partitions)),
            ("kafka.retention", millis(self.kafka.retention)),
        ];
        match positive.iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => Err(ConfigError(format!("{key}: must be more than 0"))),
            None => Ok(()),
        }
    }
}

/// Scheme, host and perhaps a port, as browsers write it: nothing after that.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]_".contains(c))
    })
}
