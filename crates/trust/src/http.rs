use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sigstead_serve::{Freshness, resource};

use crate::documents::Documents;
use crate::tuf::{Folder, ServedFile};

/// What is served now; it is replaced when a service gets another key or certificate.
pub type Published = Arc<ArcSwap<Documents>>;

#[derive(Clone)]
struct Served {
    documents: Published,
    repository: Option<Folder>,
}

/// Serves each document at its name, with a short cache time: a rotation must reach clients soon. Beside them, as TUF clients
/// expect it of a mirror, the repository.
pub fn router(documents: Published, repository: Option<Folder>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/ping", get(async || "."))
        .route("/{name}", get(file))
        .route("/targets/{name}", get(target))
        .with_state(Served { documents, repository })
}

async fn index(State(served): State<Served>) -> String {
    let documents = served.documents.load();
    let documents = documents.files().map(|(name, _, _)| name);
    let repository = served.repository.iter().flat_map(|_| ["root.json", "timestamp.json"]);
    documents.chain(repository).map(|name| format!("{name}\n")).collect()
}

async fn file(State(served): State<Served>, Path(name): Path<String>, request: HeaderMap) -> Response {
    if let Some((media_type, content)) = served.documents.load().file(&name) {
        let headers = [
            (header::CONTENT_TYPE, media_type),
            (header::CACHE_CONTROL, "max-age=60"),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        ];
        return (headers, content.clone()).into_response();
    }
    let found = match &served.repository {
        Some(repository) => repository.metadata_file(&name).await,
        None => None,
    };
    repository_file(&request, &name, "application/json", found)
}

async fn target(State(served): State<Served>, Path(name): Path<String>, request: HeaderMap) -> Response {
    let found = match &served.repository {
        Some(repository) => repository.target_file(&name).await,
        None => None,
    };
    repository_file(&request, &name, "application/octet-stream", found)
}

/// A client looks for the next root until it is told 404, so no cache may remember that.
fn repository_file(
    request: &HeaderMap,
    name: &str,
    media_type: &'static str,
    found: Option<ServedFile>,
) -> Response {
    let Some(ServedFile { content, is_immutable }) = found else {
        let told = format!("there is no {name} here; GET / lists the files\n");
        return (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-cache")], told).into_response();
    };
    let freshness = if is_immutable { Freshness::Immutable } else { Freshness::Revalidate };
    let mut response = resource(request, media_type, freshness, None, content);
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
