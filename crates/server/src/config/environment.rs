//! The environment, a `.env` file, and the names that the existing back end knows.

use std::ffi::OsString;

use figment::value::Value;

use super::{ConfigError, services};

/// Names that others gave, the existing back end before all, and the keys they set.
const ALIASES: [(&str, &str); 8] = [
    ("JWT_SECRET", "auth.jwt_secret"),
    ("JWT_EXPIRED_IN", "auth.token_life"),
    ("JWT_EXPIRES_IN", "auth.token_life"),
    ("FRONTEND_URL", "auth.frontend_url"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.otlp_endpoint"),
    ("KAFKA_BROKERS", "kafka.brokers"),
    ("KAFKA_CLIENT_ID", "kafka.client_id"),
    ("KAFKA_GROUP_ID", "kafka.group_id"),
];

/// Keys and values in the order in which they apply.
pub(super) type Keys = Vec<(String, String)>;

/// Reads it.
pub(super) fn read() -> Result<Keys, ConfigError> {
    let file = std::fs::read_to_string(".env").unwrap_or_default();
    let file = file.lines().filter_map(|line| {
        let (name, value) = line.trim().strip_prefix('#').map_or(line.split_once('='), |_| None)?;
        Some((name.trim().to_owned(), value.to_owned()))
    });
    // Ours are text; what is not belongs to others.
    let text =
        |(name, value): (OsString, OsString)| name.into_string().ok().zip(value.into_string().ok());
    let variables = file.chain(std::env::vars_os().filter_map(text)).collect::<Vec<_>>();
    keys(&variables)
}

fn keys(variables: &[(String, String)]) -> Result<Keys, ConfigError> {
    let mut keys = Vec::new();
    let set = |name: &str| set(variables, name);
    keys.extend(services::database(&set)?);
    keys.extend(services::redis(&set));
    if let Some(text) = set("PORT") {
        let port: u16 =
            text.parse().map_err(|_| ConfigError(format!("PORT: \"{text}\" is not a port")))?;
        keys.push(("server.listen".to_owned(), format!("0.0.0.0:{port}")));
    }
    for (name, key) in ALIASES {
        keys.extend(set(name).map(|value| (key.to_owned(), value)));
    }
    for (name, value) in variables {
        // ZVON_BIN and the like, without a section, belong to others.
        if let Some((section, key)) = name.strip_prefix("ZVON_").and_then(|n| n.split_once("__")) {
            keys.push((format!("{section}.{key}").to_lowercase(), clean(value)));
        }
    }
    Ok(keys)
}

/// The last value of that name that is not blank.
fn set(variables: &[(String, String)], name: &str) -> Option<String> {
    let found = variables.iter().rev().find(|(known, _)| known == name)?;
    Some(clean(&found.1)).filter(|value| !value.is_empty())
}

/// Blanks and quotes around a value are not part of it.
fn clean(value: &str) -> String {
    let value = value.trim();
    let quoted = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    quoted('\'').or_else(|| quoted('"')).unwrap_or(value).to_owned()
}

/// A variable's text as the number or truth it looks like.
pub(super) fn value(text: &str) -> Value {
    match (text.parse::<i64>(), text.parse::<bool>()) {
        (Ok(number), _) => number.into(),
        (_, Ok(truth)) => truth.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::keys;

    fn read(pairs: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        let pairs: Vec<_> = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        keys(&pairs).map_err(|error| error.0)
    }

    #[test]
    fn old_names_new_names_quotes_and_blanks() {
        let read = read(&[
            ("JWT_SECRET", " 'quoted secret' "),
            ("PORT", "4001"),
            ("DATABASE_URL", "sqlite:///var/lib/zvon"),
            ("ZVON_LIMITS__PINS_PER_MINUTE", "7"),
            ("ZVON_BIN", "ignored"),
            ("HOME", "ignored"),
        ]);
        let expected = [
            ("server.data", "/var/lib/zvon"),
            ("server.listen", "0.0.0.0:4001"),
            ("auth.jwt_secret", "quoted secret"),
            ("limits.pins_per_minute", "7"),
        ];
        let expected: Vec<_> = expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(read.unwrap(), expected);
    }

    #[test]
    fn a_wrong_value_is_refused_by_its_own_name() {
        assert!(read(&[("PORT", "abc")]).unwrap_err().starts_with("PORT:"));
    }
}
