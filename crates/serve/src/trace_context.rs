use axum::http::{HeaderMap, HeaderName};
use opentelemetry::global::get_text_map_propagator;
use opentelemetry::propagation::Extractor;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// Makes `span` a part of the client's trace, if it sent one (`traceparent`, W3C Trace Context).
pub(crate) fn follow_client(span: &Span, headers: &HeaderMap) {
    let parent = get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)));
    // Without a collector nobody takes spans.
    let _unheard = span.set_parent(parent);
}
