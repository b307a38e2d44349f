//! What every API request must meet before its handler: media types, and headers that caches heed.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sigstead_serve::{Cors, cors_layer};

use super::error::Error;

/// Refuses media types that the API does not speak, and keeps reads out of caches.
pub(super) async fn check(request: Request, next: Next) -> Response {
    if let Some(refusal) = refusal(request.method(), request.headers()) {
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

fn refusal(method: &Method, headers: &HeaderMap) -> Option<Error> {
    if let Some(accept) = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()) {
        let spoken = ["*/*", "application/*", "application/json", "application/x-pem-file", "application/octet-stream"];
        let accepted = accept.split(',').filter_map(|range| range.split(';').next());
        if !accepted.into_iter().any(|range| spoken.contains(&range.trim().to_ascii_lowercase().as_str())) {
            let message = "unsupported media type requested, only [application/json] are available";
            return Some(Error::framework(StatusCode::NOT_ACCEPTABLE, message));
        }
    }
    if *method == Method::POST {
        let sent = headers.get(header::CONTENT_TYPE).and_then(|sent| sent.to_str().ok());
        let sent = sent.unwrap_or("application/octet-stream");
        let has_body = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length != "0");
        let essence = sent.split(';').next().unwrap_or_default().trim();
        if has_body && !essence.eq_ignore_ascii_case("application/json") {
            let message = format!("unsupported media type \"{essence}\", only [application/json] are allowed");
            return Some(Error::framework(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
    }
    None
}

/// Open to every origin, as browsers' search pages need it.
pub(super) fn cors() -> Cors {
    cors_layer()
}
