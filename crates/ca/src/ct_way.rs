use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Request, Response};
use tower::ServiceExt as _;

/// How a log is reached.
#[derive(Debug)]
pub(crate) enum CtWay {
    /// Over HTTP: what stands before `/ct/v1/…`, and every log's client.
    Http(String, Arc<ArcSwap<reqwest::Client>>),
    /// In this process, by its routes: a connection to oneself would cost more than the SCT's signature.
    Here(Router),
}

impl CtWay {
    /// What the log answers to JSON at `path`, whatever its status; or why there is no answer.
    pub(crate) async fn post(&self, path: &str, json: Bytes) -> Result<Response<Body>, String> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        match self {
            Self::Http(url, client) => {
                let request =
                    client.load().post(format!("{url}{path}")).header(CONTENT_TYPE, JSON).body(json);
                let answer = request.send().await.map_err(|error| error.to_string())?;
                Ok(Response::from(answer).map(Body::new))
            }
            Self::Here(routes) => {
                let request = Request::post(path).header(CONTENT_TYPE, JSON).body(Body::from(json));
                let request = request.map_err(|error| error.to_string())?;
                routes.clone().oneshot(request).await.map_err(|never| match never {})
            }
        }
    }
}
