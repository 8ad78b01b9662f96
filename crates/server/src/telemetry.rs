//! Logs: to standard error, as text or JSON, without secrets or message bodies.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::{Log, LogFormat};

/// What is of no use to an operator unless asked for: every file of the web client at the start.
const QUIET: &str = "memory_serve=warn";

/// Starts logging.
pub(crate) fn start(log: &Log) {
    let filter = EnvFilter::new(format!("{QUIET},{}", log.level));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match log.format {
        LogFormat::Text => logs.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => logs.json().flatten_event(true).init(),
    }
}

/// Whether that is a level, or a filter of levels and targets with levels.
pub(crate) fn is_filter(text: &str) -> bool {
    let level = |text: &str| !text.is_empty() && text.parse::<LevelFilter>().is_ok();
    let part =
        |part: &str| part.rsplit_once('=').map_or_else(|| level(part), |(_, text)| level(text));
    text.split(',').all(part) && EnvFilter::try_new(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_filter;

    #[test]
    fn a_level_or_a_filter_of_levels() {
        for good in ["info", "WARN", "off", "info,zvon_core=debug"] {
            assert!(is_filter(good), "{good}");
        }
        for wrong in ["", "loud", "zvon_core=loud", "info,,", "info,zvon_core", "warn, sqlx=error"]
        {
            assert!(!is_filter(wrong), "{wrong}");
        }
    }
}
