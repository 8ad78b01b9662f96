//! Logs: to standard error, as text or JSON, without secrets or message bodies. Traces: to a
//! collector, if one is configured.

use std::io::{IsTerminal, stderr};

use anyhow::Result;
use axum::http::Uri;
use tokio::runtime::Handle;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Config, Log, LogFormat};

/// What is of no use to an operator unless asked for: every file of the web client at the start.
const QUIET: &str = "memory_serve=warn";
/// The target of the spans that are made for traces. Without a collector nobody wants them, and
/// they cost next to nothing.
pub(crate) const TRACE: &str = "zvon::trace";

/// What has to be finished when the process ends.
pub(crate) struct Telemetry {
    #[cfg(feature = "otlp")]
    traces: Option<crate::otlp::Traces>,
}

/// Starts logging, and tracing if that is configured.
pub(crate) fn start(config: &Config, runtime: &Handle) -> Result<Telemetry> {
    let registry = tracing_subscriber::registry().with(logs(&config.log));
    #[cfg(feature = "otlp")]
    {
        let endpoint = Some(config.telemetry.otlp_endpoint.as_str()).filter(|at| !at.is_empty());
        let start = |at| crate::otlp::Traces::start(at, runtime.clone());
        let traces = endpoint.map(start).transpose()?;
        registry.with(traces.as_ref().map(crate::otlp::Traces::layer)).init();
        Ok(Telemetry { traces })
    }
    #[cfg(not(feature = "otlp"))]
    {
        let _ = runtime;
        registry.init();
        Ok(Telemetry {})
    }
}

impl Telemetry {
    /// Sends what is left.
    pub(crate) fn finish(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.finish();
        }
    }
}

fn logs(log: &Log) -> impl Layer<Registry> + use<> {
    let filter = EnvFilter::new(format!("{QUIET},{TRACE}=off,{}", log.level));
    let logs = tracing_subscriber::fmt::layer().with_writer(stderr);
    let logs = match log.format {
        LogFormat::Text => logs.with_ansi(stderr().is_terminal()).boxed(),
        LogFormat::Json => logs.json().flatten_event(true).boxed(),
    };
    logs.with_filter(filter)
}

/// Why traces cannot be sent there.
pub(crate) fn refuses(endpoint: &str) -> Option<&'static str> {
    if endpoint.is_empty() {
        return None;
    }
    if !cfg!(feature = "otlp") {
        return Some("this binary was built without traces");
    }
    let uri: Option<Uri> = endpoint.parse().ok();
    let good = uri.is_some_and(|uri| {
        uri.scheme_str() == Some("http")
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    (!good).then_some("must be like \"http://localhost:4318\", in plain HTTP")
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
    use super::{is_filter, refuses};

    #[test]
    fn traces_go_to_plain_http_addresses() {
        for good in ["", "http://localhost:4318", "http://10.0.0.1", "http://[::1]:4318/otlp/"] {
            assert_eq!(refuses(good), None, "{good}");
        }
        for wrong in ["localhost:4318", "https://a:4318", "http://", "http://a?token=b", "a b"] {
            assert!(refuses(wrong).is_some(), "{wrong}");
        }
    }

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
