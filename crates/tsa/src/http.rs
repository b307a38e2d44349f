use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use sigstead_serve::{RouteMetrics, cors_layer, observe_routes, preflight_without_content};
use sigstead_x509::Certificate;

use crate::TimestampAuthority;
use crate::error::Error;
use crate::refusal::refusal;
use crate::request::Request;
use crate::terms::Refusals;

/// Longest body.
const MAX_BODY: usize = 1 << 20;

/// The original's names.
const METRICS: RouteMetrics = RouteMetrics {
    latency: "timestamp_authority_api_latency",
    latency_by_api: "timestamp_authority_latency_by_api",
    requests: "timestamp_authority_http_requests_total",
    unknown_path: "unrecognized",
};

/// `POST /api/v1/timestamp`, `GET /api/v1/timestamp/certchain`, `/ping`.
pub fn router(authority: Arc<TimestampAuthority>) -> Router {
    let stamp = refusing(post(stamp), "POST");
    let chain = refusing(get(chain).head(async || method_not_allowed(&Method::HEAD, "GET")), "GET");
    Router::new()
        .route("/api/v1/timestamp", stamp.clone())
        .route("/api/v1/timestamp/", stamp)
        .route("/api/v1/timestamp/certchain", chain.clone())
        .route("/api/v1/timestamp/certchain/", chain)
        .route("/ping", get(async || ".").fallback(unknown_path))
        .fallback(unknown_path)
        .layer((
            from_fn(preflight_without_content),
            cors_layer(),
            DefaultBodyLimit::max(MAX_BODY),
            from_fn_with_state(METRICS, observe_routes),
        ))
        .with_state(authority)
}

fn refusing(
    methods: MethodRouter<Arc<TimestampAuthority>>,
    allowed: &'static str,
) -> MethodRouter<Arc<TimestampAuthority>> {
    methods.fallback(async move |method: Method| method_not_allowed(&method, allowed))
}

fn method_not_allowed(method: &Method, allowed: &'static str) -> Error {
    Error::Method { method: method.to_string(), allowed }
}

async fn unknown_path(uri: Uri) -> Error {
    Error::Path(uri.path().to_owned())
}

async fn stamp(
    State(authority): State<Arc<TimestampAuthority>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Error> {
    let format = Format::of(&headers)?;
    let answer = match answer(&authority, format, body).await {
        Err(error) if format == Format::Der && authority.terms.refusals == Refusals::Rfc3161 => {
            error.log();
            refusal(&error)?
        }
        answered => answered?,
    };
    let headers = [
        (header::CONTENT_TYPE, "application/timestamp-reply"),
        (header::CACHE_CONTROL, "no-cache, no-store, no-transform, must-revalidate, private, max-age=0"),
        (header::EXPIRES, "Thu, 01 Jan 1970 00:00:00 UTC"),
        (header::PRAGMA, "no-cache"),
    ];
    Ok((headers, answer).into_response())
}

async fn answer(
    authority: &TimestampAuthority,
    format: Format,
    body: Result<Bytes, BytesRejection>,
) -> Result<Vec<u8>, Error> {
    let body = body.map_err(|_| Error::TooLarge)?;
    if body.is_empty() {
        return Err(Error::Empty);
    }
    let request = match format {
        Format::Der => Request::from_der(&body)?,
        Format::Json => Request::from_json(&body)?,
    };
    let answer = authority.stamp(&request).await?;
    metrics::counter!("timestamp_authority_timestamps_total").increment(1);
    Ok(answer)
}

/// What a request is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Der,
    Json,
}

impl Format {
    /// The media type says so.
    fn of(headers: &HeaderMap) -> Result<Self, Error> {
        let sent = headers.get(header::CONTENT_TYPE).and_then(|sent| sent.to_str().ok()).unwrap_or_default();
        let essence = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/timestamp-query" => Ok(Self::Der),
            "application/json" => Ok(Self::Json),
            _ => Err(Error::MediaType),
        }
    }
}

/// The chain, signing certificate first; `?part=root` and `?part=untrusted` give it split, as
/// `openssl ts -verify -CAfile … -untrusted …` wants it.
async fn chain(State(authority): State<Arc<TimestampAuthority>>, RawQuery(query): RawQuery) -> Response {
    let signing = authority.current();
    let chain = signing.as_ref().map(|signing| signing.chain.as_slice()).unwrap_or_default();
    let part = match query.as_deref() {
        Some("part=root") => chain.split_last().map(|(root, _)| std::slice::from_ref(root)),
        Some("part=untrusted") => chain.split_last().map(|(_, rest)| rest),
        _ => Some(chain),
    };
    let pem: String = part.unwrap_or_default().iter().map(Certificate::to_pem).collect();
    let headers = [
        (header::CONTENT_TYPE, "application/pem-certificate-chain"),
        (header::CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, pem).into_response()
}
