use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::documents::Documents;

/// Serves each document at its name, with a short cache time: a rotation must reach clients soon.
pub fn router(documents: Documents) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/ping", get(async || "."))
        .route("/{name}", get(document))
        .with_state(Arc::new(documents))
}

async fn index(State(documents): State<Arc<Documents>>) -> String {
    documents.files().map(|(name, _, _)| format!("{name}\n")).collect()
}

async fn document(State(documents): State<Arc<Documents>>, Path(name): Path<String>) -> Response {
    match documents.file(&name) {
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
