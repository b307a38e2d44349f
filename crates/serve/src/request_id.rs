use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use crate::Client;

/// The header that carries the id, in requests and answers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken from a client; a longer one is replaced, so that logs stay readable.
const MAX_LEN: usize = 128;

/// Gives every request an id (the client's, if it sent a usable one), a span that carries it into logs, and its answer too.
pub(crate) async fn with_request_id(mut request: Request, next: Next) -> Response {
    let id = usable(request.headers().get(REQUEST_ID)).unwrap_or_else(fresh);
    // Of the highest level: an error that is logged alone must carry the id too.
    let span = tracing::error_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path(),
        status = tracing::field::Empty,
        client = request.extensions().get::<Client>().map(tracing::field::display),
    );
    #[cfg(feature = "otlp")]
    crate::trace_context::follow_client(&span, request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    span.record("status", response.status().as_u16());
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

fn usable(sent: Option<&HeaderValue>) -> Option<HeaderValue> {
    sent.filter(|value| {
        !value.is_empty() && value.len() <= MAX_LEN && value.as_bytes().iter().all(u8::is_ascii_graphic)
    })
    .cloned()
}

/// A process-unique id: a counter mixed with the process's start, so that ids of two runs differ.
fn fresh() -> HeaderValue {
    use std::hash::{BuildHasher, Hasher, RandomState};
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static RUN: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    HeaderValue::try_from(format!("{:08x}-{number:x}", *RUN & 0xffff_ffff))
        .unwrap_or(HeaderValue::from_static("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_usable_ids() {
        assert!(usable(Some(&HeaderValue::from_static("abc-1"))).is_some());
        assert!(usable(Some(&HeaderValue::from_static("a b"))).is_none());
        assert!(usable(Some(&HeaderValue::try_from("x".repeat(129)).unwrap())).is_none());
        assert!(usable(None).is_none());
        assert_ne!(fresh(), fresh());
    }
}
