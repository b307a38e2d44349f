//! Rekor's v2 API: entries over JSON and gRPC, reads as C2SP tiles.

mod bundle;
mod entries;
mod error;
mod genesis;
mod grpc;
mod reads;
mod service;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use sigstead_serve::{MethodMetrics, cors_layer, observe_methods};

pub(crate) use bundle::body_of;
pub use bundle::hash_record;
pub use genesis::GenesisError;
pub use service::{Duplicates, OpenError, RekorV2, RekorV2Config, RekorV2Limits, freeze, open_tree};

/// The names of rekor-tiles.
const METRICS: MethodMetrics =
    MethodMetrics { latency: "rekor_v2_http_api_latency", requests: "rekor_v2_http_requests_total" };

/// The API's routes: writes under `/api/v2`, reads there and at the root, where monitors look.
pub fn router(log: Arc<RekorV2>) -> Router {
    // Everything is refused by the handler, in the API's own shape.
    let body_limit = log.limits.body.saturating_add(1);
    let api = reads::routes()
        .route("/log/entries", post(entries::create).fallback(error::method_not_allowed))
        .fallback(error::not_found)
        .layer(DefaultBodyLimit::max(body_limit));
    Router::new()
        .nest("/api/v2", api)
        .merge(reads::routes())
        .layer(from_fn_with_state(METRICS, observe_methods))
        .merge(grpc::routes(&log))
        .route("/healthz", get(async || axum::Json(serde_json::json!({ "status": "SERVING" }))))
        .layer(cors_layer())
        .with_state(log)
}
