//! Search beyond Rekor's: by everything that an entry or its certificate says, over all shards and both APIs.
//! An answer is an index's, not a proof: whoever must be sure reads the entry.

mod error;
mod parameters;
mod results;
mod time_range;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use sigstead_serve::cors_layer;

use crate::{RekorLog, RekorV2};
use error::Error;
use parameters::Parameters;

/// The logs that are searched.
pub struct SearchedLogs {
    /// Rekor v1, with all its shards.
    pub v1: Arc<RekorLog>,
    /// Rekor v2, if there is one.
    pub v2: Option<Arc<RekorV2>>,
}

/// `GET /api/search`, and its description.
pub fn router(logs: SearchedLogs) -> Router {
    Router::new()
        .route("/api/search", get(search))
        .route("/api/search/openapi.json", get(description))
        .layer(cors_layer())
        .with_state(Arc::new(logs))
}

async fn search(State(logs): State<Arc<SearchedLogs>>, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default())?;
    Ok(Json(logs.page(&parameters).await?).into_response())
}

async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json")).into_response()
}
