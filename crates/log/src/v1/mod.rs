//! Rekor's v1 API.

mod conditions;
mod entries;
mod error;
mod info;
mod observe;
mod request;
mod response;
mod retrieve;
mod search;
mod tiles;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, Method};
use axum::middleware::from_fn;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use crate::RekorLog;

/// The API's routes, with and without a trailing slash.
pub fn router(log: Arc<RekorLog>) -> Router {
    let routes: [(&str, MethodRouter<Arc<RekorLog>>); 8] = [
        ("/api/v1/log/entries", get_and_post(get(entries::by_index).post(entries::create))),
        ("/api/v1/log/entries/{id}", only_get(get(entries::by_id))),
        ("/api/v1/log/entries/retrieve", only_post(post(retrieve::retrieve))),
        ("/api/v1/log", only_get(get(info::info))),
        ("/api/v1/log/proof", only_get(get(info::proof))),
        ("/api/v1/log/publicKey", only_get(get(info::public_key))),
        ("/api/v1/log/checkpoint", only_get(get(tiles::checkpoint))),
        ("/api/v1/index/retrieve", only_post(post(search::search))),
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
        .layer(from_fn(observe::observe))
        .fallback(error::unknown_path)
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(conditions::cors())
        .layer(from_fn(conditions::preflight))
        .with_state(log)
}

/// `GET /ping`: whether the process answers.
async fn ping() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, "text/plain")], ".")
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
