//! Rekor's v1 API.

mod conditions;
mod entries;
mod error;
mod hex_hash;
mod info;
mod request;
mod response;
mod retrieve;
mod search;
mod tiles;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use sigstead_serve::{RouteMetrics, cors_layer, observe_routes, preflight_without_content};

use crate::RekorLog;
use crate::surface::Operation;

pub(crate) use response::{promised, signed_entry_timestamp};

/// Rekor's names.
const METRICS: RouteMetrics = RouteMetrics {
    latency: "rekor_api_latency",
    latency_by_api: "rekor_latency_by_api",
    requests: "rekor_qps_by_api",
    unknown_path: "",
};

/// The API's routes, with and without a trailing slash.
pub fn router(log: Arc<RekorLog>) -> Router {
    let on = |operation, methods: MethodRouter<Arc<RekorLog>>| switched(&log, operation, methods);
    let entries = on(Operation::GetLogEntryByIndex, get(entries::by_index))
        .merge(on(Operation::CreateLogEntry, post(entries::create)));
    let retrieve = on(Operation::SearchLogQuery, post(retrieve::retrieve));
    let routes: [(&str, MethodRouter<Arc<RekorLog>>); 8] = [
        ("/api/v1/log/entries", get_and_post(entries)),
        ("/api/v1/log/entries/{id}", only_get(on(Operation::GetLogEntryByUuid, get(entries::by_id)))),
        ("/api/v1/log/entries/retrieve", only_post(retrieve)),
        ("/api/v1/log", only_get(on(Operation::GetLogInfo, get(info::info)))),
        ("/api/v1/log/proof", only_get(on(Operation::GetLogProof, get(info::proof)))),
        ("/api/v1/log/publicKey", only_get(on(Operation::GetPublicKey, get(info::public_key)))),
        ("/api/v1/log/checkpoint", only_get(get(tiles::checkpoint))),
        ("/api/v1/index/retrieve", only_post(on(Operation::SearchIndex, post(search::search)))),
    ];
    let body_limit = log.limits.body;
    let mut api = Router::new();
    for (path, methods) in routes {
        api = api.route(path, methods.clone()).route(&format!("{path}/"), methods);
    }
    api.route("/api/v1/log/tile/{level}/{*path}", only_get(get(tiles::tile)))
        .layer(from_fn(conditions::check))
        .route("/ping", get(ping))
        .route("/ping/", get(ping))
        .route("/", get(async || Html(include_str!("landing.html"))))
        .route(
            "/swagger.json",
            get(async || ([(CONTENT_TYPE, "application/json")], include_str!("swagger.json"))),
        )
        .layer(from_fn_with_state(METRICS, observe_routes))
        .fallback(error::unknown_path)
        .layer((from_fn(preflight_without_content), cors_layer(), DefaultBodyLimit::max(body_limit)))
        .with_state(log)
}

/// `GET /ping`: whether the process answers.
async fn ping() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, "text/plain")], ".")
}

/// An operation that an operator turned off answers 501, whatever is asked.
fn switched(
    log: &RekorLog,
    operation: Operation,
    methods: MethodRouter<Arc<RekorLog>>,
) -> MethodRouter<Arc<RekorLog>> {
    match log.surface.refusal(operation) {
        None => methods,
        Some(refusal) => methods.layer(from_fn(move |_: Request, _: Next| {
            let refusal = error::Error::handler(StatusCode::NOT_IMPLEMENTED, refusal.clone());
            async move { refusal.into_response() }
        })),
    }
}

fn only_get(methods: MethodRouter<Arc<RekorLog>>) -> MethodRouter<Arc<RekorLog>> {
    refusing(methods.head(async |method: Method| refusal(&method, "GET")), "GET")
}

fn only_post(methods: MethodRouter<Arc<RekorLog>>) -> MethodRouter<Arc<RekorLog>> {
    refusing(methods, "POST")
}

fn get_and_post(methods: MethodRouter<Arc<RekorLog>>) -> MethodRouter<Arc<RekorLog>> {
    refusing(methods.head(async |method: Method| refusal(&method, "GET,POST")), "GET,POST")
}

/// Answers other methods with 405 and what is allowed.
fn refusing(methods: MethodRouter<Arc<RekorLog>>, allowed: &'static str) -> MethodRouter<Arc<RekorLog>> {
    methods.fallback(async move |method: Method| refusal(&method, allowed))
}

fn refusal(method: &Method, allowed: &'static str) -> Response {
    error::Error::method_not_allowed(method, allowed).into_response()
}
