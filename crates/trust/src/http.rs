use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::documents::Documents;

/// What is served now; it is replaced when a service gets another key or certificate.
pub type Published = Arc<ArcSwap<Documents>>;

/// Serves each document at its name, with a short cache time: a rotation must reach clients soon.
pub fn router(documents: Published) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/ping", get(async || "."))
        .route("/{name}", get(document))
        .with_state(documents)
}

async fn index(State(documents): State<Published>) -> String {
    documents.load().files().map(|(name, _, _)| format!("{name}\n")).collect()
}

async fn document(State(documents): State<Published>, Path(name): Path<String>) -> Response {
    match documents.load().file(&name) {
        Some((media_type, content)) => {
            let headers = [
                (header::CONTENT_TYPE, media_type),
                (header::CACHE_CONTROL, "max-age=60"),
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ];
            (headers, content.clone()).into_response()
        }
        None => (StatusCode::NOT_FOUND, format!("there is no {name} here; GET / lists the files\n"))
            .into_response(),
    }
}
