//! Traces for a collector that speaks OTLP over HTTP.
//!
//! Spans of requests, commands and commits are gathered by a thread of their own and sent in
//! batches. Its queue is bounded: what a collector does not take is dropped, and nothing of the
//! chat ever waits for it. Only spans go there, with names, outcomes and times; no log line does.

mod client;

use std::time::Duration;

use anyhow::{Context, Result};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use self::client::Client;
use crate::telemetry::TRACE;

/// How long the last batch may take.
const LAST: Duration = Duration::from_secs(3);

/// The spans on their way.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to gather; `endpoint` is the collector's, without the path of traces.
    pub(crate) fn start(endpoint: &str, runtime: Handle) -> Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_http_client(Client::new(runtime))
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()
            .context("telemetry.otlp_endpoint")?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name("zvon").with_attribute(version);
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        Ok(Self(provider))
    }

    /// What takes the spans from where they are made.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("zvon"))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(TRACE, LevelFilter::INFO))
    }

    /// Sends what is left, in bounded time; not to be called on a thread of the runtime.
    pub(crate) fn finish(self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::warn!(%error, "the last traces could not be delivered");
        }
    }
}
