//! What every API request must meet before its handler: media types, and headers that caches heed.

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::error::Error;

/// Ranges of media types in which every answer finds its own.
const SPOKEN: [&str; 6] = [
    "*/*",
    "application/*",
    "application/json",
    "application/x-pem-file",
    "application/octet-stream",
    "text/plain",
];

/// Refuses media types that the API does not speak, and keeps reads out of caches.
pub(super) async fn check(request: Request, next: Next) -> Response {
    if let Some(refusal) = refusal(&request) {
        return refusal.into_response();
    }
    let is_read = request.method() == Method::GET;
    let mut response = next.run(request).await;
    if is_read && !response.headers().contains_key(header::CACHE_CONTROL) {
        let headers = response.headers_mut();
        let never = "no-cache, no-store, no-transform, must-revalidate, private, max-age=0";
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(never));
        headers.insert(header::EXPIRES, HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 UTC"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert("x-accel-expires", HeaderValue::from_static("0"));
    }
    response
}

/// Media type before accepted types, as Rekor's framework asks.
fn refusal(request: &Request) -> Option<Error> {
    let has_body = *request.method() == Method::POST && !request.body().is_end_stream();
    has_body
        .then(|| wrong_media_type(request.headers()))
        .flatten()
        .or_else(|| unacceptable(request.headers()))
}

fn wrong_media_type(headers: &HeaderMap) -> Option<Error> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|sent| sent.to_str().ok());
    let sent = sent.unwrap_or("application/octet-stream").split(';').next().unwrap_or_default().trim();
    let message = format!("unsupported media type \"{sent}\", only [application/json] are allowed");
    (!sent.eq_ignore_ascii_case("application/json"))
        .then(|| Error::framework(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

fn unacceptable(headers: &HeaderMap) -> Option<Error> {
    let sent = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    let ranges = sent.flat_map(|accept| accept.split(',')).filter_map(|range| range.split(';').next());
    let mut ranges = ranges.map(str::trim).filter(|range| !range.is_empty()).peekable();
    // Whoever accepts nothing in particular accepts anything.
    ranges.peek()?;
    let is_spoken = |range: &str| SPOKEN.iter().any(|spoken| range.eq_ignore_ascii_case(spoken));
    let message = "unsupported media type requested, only [application/json] are available";
    (!ranges.any(is_spoken)).then(|| Error::framework(StatusCode::NOT_ACCEPTABLE, message))
}
