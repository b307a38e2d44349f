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
use axum::routing::{get, post};
use sigstead_serve::cors_layer;

pub(crate) use bundle::body_of;
pub use bundle::hash_record;
pub use genesis::GenesisError;
pub use service::{Duplicates, OpenError, RekorV2, RekorV2Config, RekorV2Limits, freeze, open_tree};

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
        .merge(grpc::routes(&log))
        .route("/healthz", get(async || axum::Json(serde_json::json!({ "status": "SERVING" }))))
        .layer(cors_layer())
        .with_state(log)
}
