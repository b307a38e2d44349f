//! Spans to an OpenTelemetry collector, over HTTP.

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Level;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::{Layer, Registry};

/// Sends spans in the background; what waits is sent when this goes.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// To the collector at `endpoint`. Must not be called within the asynchronous runtime: the exporter has a thread and a
    /// client of its own.
    pub(crate) fn start(endpoint: &str) -> anyhow::Result<(Self, Box<dyn Layer<Registry> + Send + Sync>)> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()
            .context("--otlp-endpoint")?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name("sigstead").build())
            .build();
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let ours = |metadata: &tracing::Metadata<'_>| {
            metadata.target().starts_with("sigstead") && *metadata.level() <= Level::INFO
        };
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("sigstead"));
        Ok((Self(provider), layer.with_filter(filter_fn(ours)).boxed()))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            crate::console::note(format_args!("the last spans were not sent: {error}"));
        }
    }
}
