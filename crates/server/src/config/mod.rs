//! Configuration: `config.default.toml`, a file, the environment, the command line, in this
//! order. Unknown keys and values that do not fit are refused in one line.

mod check;
mod cluster;
mod environment;
mod kafka;
mod list;
mod retention;
mod sections;
mod services;
mod span;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::Value;
use ipnet::IpNet;
use serde::Deserialize;

pub(crate) use list::List;
pub(crate) use sections::{
    Audience, Auth, Cache, Chat, Cluster, Health, Jobs, Kafka, Limits, Log, LogFormat, Metrics,
    Presence, Redis, Retention, Server, Socket, Store, Telemetry, Webhooks,
};
pub(crate) use span::Span;

/// Every key with its default and what it means.
const DEFAULTS: &str = include_str!("../../../../config.default.toml");

/// The whole configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) auth: Auth,
    pub(crate) limits: Limits,
    pub(crate) presence: Presence,
    pub(crate) chat: Chat,
    pub(crate) retention: Retention,
    pub(crate) cache: Cache,
    pub(crate) socket: Socket,
    pub(crate) store: Store,
    pub(crate) redis: Redis,
    pub(crate) cluster: Cluster,
    pub(crate) kafka: Kafka,
    pub(crate) jobs: Jobs,
    pub(crate) webhooks: Webhooks,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    pub(crate) telemetry: Telemetry,
    pub(crate) log: Log,
}

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) listen: Option<String>,
    pub(crate) data: Option<PathBuf>,
}

/// What is wrong with a configuration, in one line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigError(pub(crate) String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Config {
    /// Reads everything there is.
    pub(crate) fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, ConfigError> {
        Self::merge(file, environment::read()?, overrides)
    }

    fn merge(
        file: Option<&Path>,
        environment: Vec<(String, String)>,
        overrides: Overrides,
    ) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError(format!("{}: no such file", file.display())));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        for (key, text) in environment {
            let is_text = matches!(figment.find_value(&key), Ok(Value::String(..)));
            let value = if is_text { text.into() } else { environment::value(&text) };
            figment = figment.merge(Serialized::default(&key, value));
        }
        if let Some(listen) = overrides.listen {
            figment = figment.merge(Serialized::default("server.listen", listen));
        }
        if let Some(data) = overrides.data {
            figment = figment.merge(Serialized::default("server.data", data));
        }
        let config: Self = figment.extract().map_err(|error| one_line(&error))?;
        config.check()?;
        Ok(config)
    }

    /// The keys that the environment sets, in order.
    pub(crate) fn keys_of_environment() -> Vec<String> {
        let mut keys: Vec<String> =
            environment::read().unwrap_or_default().into_iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Where to listen.
    pub(crate) fn listen(&self) -> Result<SocketAddr, ConfigError> {
        address("server.listen", &self.server.listen)
    }

    /// Where to serve metrics, if anywhere.
    pub(crate) fn metrics_listen(&self) -> Result<Option<SocketAddr>, ConfigError> {
        let text = &self.metrics.listen;
        (!text.is_empty()).then(|| address("metrics.listen", text)).transpose()
    }

    /// The certificate chain and its key, if TLS is to be spoken; both or neither.
    pub(crate) fn tls(&self) -> Result<Option<(&Path, &Path)>, ConfigError> {
        let (cert, key) = (&self.server.tls_cert, &self.server.tls_key);
        let is_set = |path: &Path| !path.as_os_str().is_empty();
        match (is_set(cert), is_set(key)) {
            (false, false) => Ok(None),
            (true, true) => Ok(Some((cert, key))),
            _ => Err(ConfigError("server.tls_cert, server.tls_key: one needs the other".into())),
        }
    }

    /// The balancers whose word on a client's address is taken.
    pub(crate) fn trusted_proxies(&self) -> Result<Vec<IpNet>, ConfigError> {
        networks("server.trusted_proxies", &self.server.trusted_proxies)
    }

    /// The networks that webhooks may post to although they are not public.
    pub(crate) fn allowed_networks(&self) -> Result<Vec<IpNet>, ConfigError> {
        networks("webhooks.allowed_networks", &self.webhooks.allowed_networks)
    }

    /// The configured secrets, or those of the configured file: what signs first. None if one is
    /// to be made.
    pub(crate) fn jwt_secrets(&self) -> Result<Vec<String>, ConfigError> {
        let Auth { jwt_secret, jwt_secret_previous, jwt_secret_file, .. } = &self.auth;
        secrets("auth.jwt_secret", [jwt_secret, jwt_secret_previous], jwt_secret_file)
    }
}

/// A secret and the one before it, as configured or as the lines of a file.
fn secrets(key: &str, both: [&String; 2], file: &Path) -> Result<Vec<String>, ConfigError> {
    let [secret, previous] = both;
    if !secret.is_empty() {
        return Ok(both.into_iter().filter(|secret| !secret.is_empty()).cloned().collect());
    }
    if !previous.is_empty() {
        return Err(ConfigError(format!("{key}_previous: there is no {key} to follow it")));
    }
    if file.as_os_str().is_empty() {
        return Ok(Vec::new());
    }
    let wrong =
        |why: &dyn fmt::Display| ConfigError(format!("{key}_file: {}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let secrets: Vec<String> = lines.map(str::to_owned).collect();
    if secrets.is_empty() { Err(wrong(&"it is empty")) } else { Ok(secrets) }
}

fn networks(key: &str, list: &List) -> Result<Vec<IpNet>, ConfigError> {
    let network = |text: &String| {
        let address = text.parse::<IpAddr>().map(IpNet::from).ok();
        address.or_else(|| text.parse().ok()).ok_or_else(|| {
            let why = "is not an address or a network like \"10.0.0.0/8\"";
            ConfigError(format!("{key}: {text:?} {why}"))
        })
    };
    list.0.iter().map(network).collect()
}

fn address(key: &str, text: &str) -> Result<SocketAddr, ConfigError> {
    text.parse().map_err(|_| ConfigError(format!("{key}: {text:?} is not an address and port")))
}

fn one_line(error: &figment::Error) -> ConfigError {
    let Some(first) = error.clone().into_iter().next() else {
        return ConfigError("the configuration cannot be read".to_owned());
    };
    let key = first.path.join(".");
    let text = first.kind.to_string().replace('\n', " ");
    ConfigError(if key.is_empty() { text } else { format!("{key}: {text}") })
}

#[cfg(test)]
mod tests {
    use super::{Audience, Config, Overrides};
    use std::io::Write;
    use std::time::Duration;

    fn with(environment: &[(&str, &str)]) -> Result<Config, super::ConfigError> {
        let pairs = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::merge(None, pairs.collect(), Overrides::default())
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let config = with(&[]).unwrap();
        assert_eq!(config.server.listen, "127.0.0.1:4000");
        assert_eq!(config.limits.messages_per_minute, 10);
        assert_eq!(config.presence.audience, Audience::Auto);
        assert_eq!(config.presence.grace.0, Duration::from_secs(10));
    }

    #[test]
    fn the_environment_wins_over_a_file_and_the_command_line_over_both() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "[server]\nlisten = \"127.0.0.1:1\"\n[chat]\npins_max = 7").unwrap();
        let environment = vec![("server.listen".to_owned(), "127.0.0.1:2".to_owned())];
        let config =
            Config::merge(Some(file.path()), environment.clone(), Overrides::default()).unwrap();
        assert_eq!((config.server.listen.as_str(), config.chat.pins_max), ("127.0.0.1:2", 7));
        let overrides = Overrides { listen: Some("127.0.0.1:3".into()), data: None };
        let config = Config::merge(Some(file.path()), environment, overrides).unwrap();
        assert_eq!(config.server.listen, "127.0.0.1:3");
    }

    #[test]
    fn a_text_may_look_like_a_number() {
        let config = with(&[("auth.jwt_secret", "123456"), ("server.data", "2026")]).unwrap();
        assert_eq!(config.auth.jwt_secret, "123456");
        assert_eq!(config.server.data, std::path::Path::new("2026"));
    }

    #[test]
    fn what_is_wrong_is_named_in_one_line() {
        for (key, value, named) in [
            ("server.listen", "nowhere", "server.listen"),
            ("limits.messages_per_minute", "many", "limits.messages_per_minute"),
            ("limits.messages_per_minute", "-1", "limits.messages_per_minute"),
            ("presence.audience", "nobody", "presence.audience"),
            ("presence.grace", "soon", "presence.grace"),
            ("chat.text_max_bytes", "0", "chat.text_max_bytes"),
            ("auth.token_life", "0s", "auth.token_life"),
            ("auth.frontend_url", "localhost", "auth.frontend_url"),
            ("auth.jwt_secret_file", "/nowhere", "auth.jwt_secret_file"),
            ("socket.ping_interval", "0", "socket.ping_interval"),
            ("store.read_connections", "0", "store.read_connections"),
            ("cluster.internal_listen", "0.0.0.0:4100", "cluster.internal_address"),
            ("cluster.key", "short", "cluster.key"),
            ("server.data", "", "server.data"),
            ("log.level", "loud", "log.level"),
            ("limits.mesages", "1", "mesages"),
        ] {
            let error = with(&[(key, value)]).unwrap_err().0;
            assert!(error.contains(named) && !error.contains('\n'), "{key}={value}: {error}");
        }
    }
}
