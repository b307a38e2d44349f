use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// How long caches may keep a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It never changes under its URL.
    Immutable,
    /// Only with asking each time whether it has changed.
    Revalidate,
}

/// Bytes as a cacheable answer: with an entity tag, and 304 for who has them already (RFC 9110 §13.1.2).
/// `encoding` is what the bytes are encoded with already; then, and where it could be, caches must tell
/// clients apart by what they accept.
pub fn resource(
    request: &HeaderMap,
    content_type: &'static str,
    freshness: Freshness,
    encoding: Option<&'static str>,
    body: Bytes,
) -> Response {
    let tag = format!("\"{}\"", hex::encode(Sha256::digest(&body)));
    let cached = match freshness {
        Freshness::Immutable => "public, max-age=31536000, immutable",
        Freshness::Revalidate => "no-cache",
    };
    let is_known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == "*" || known.trim().trim_start_matches("W/") == tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type)], body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
    if let Some(encoding) = encoding.filter(|_| !is_known) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_it_is_told_so() {
        let answer = |known: Option<&str>, body: &'static [u8]| {
            let mut request = HeaderMap::new();
            request.extend(known.map(|known| (header::IF_NONE_MATCH, known.parse().unwrap())));
            resource(&request, "text/plain", Freshness::Revalidate, None, Bytes::from_static(body))
        };
        let first = answer(None, b"a");
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        let again = answer(Some(&format!("\"other\", W/{tag}")), b"a");
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[header::ETAG], tag);
        assert_eq!(answer(Some(tag), b"b").status(), StatusCode::OK, "it has changed");
    }
}
