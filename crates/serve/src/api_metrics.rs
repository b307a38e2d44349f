//! Requests under the names that the originals' dashboards ask for.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

/// Names of what is told by route, as go-swagger's services have it. Their latencies are in nanoseconds, and so are
/// these, so that the averages of their dashboards stay right.
#[derive(Debug, Clone, Copy)]
pub struct RouteMetrics {
    /// By path and code.
    pub latency: &'static str,
    /// By path and method.
    pub latency_by_api: &'static str,
    /// By path, method and code.
    pub requests: &'static str,
    /// What stands for paths that there are not.
    pub unknown_path: &'static str,
}

/// Names of what is told by method and code, in seconds, as Prometheus' own Go middleware has it.
#[derive(Debug, Clone, Copy)]
pub struct MethodMetrics {
    /// Times.
    pub latency: &'static str,
    /// Counts.
    pub requests: &'static str,
}

/// Counts and times requests by their routes.
pub async fn observe_routes(State(names): State<RouteMetrics>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let path = matched.unwrap_or(names.unknown_path).to_owned();
    let method = known(request.method());
    let response = next.run(request).await;
    let code = response.status().as_u16().to_string();
    let nanoseconds = begun.elapsed().as_nanos() as f64;
    metrics::histogram!(names.latency, "path" => path.clone(), "code" => code.clone()).record(nanoseconds);
    metrics::histogram!(names.latency_by_api, "path" => path.clone(), "method" => method).record(nanoseconds);
    metrics::counter!(names.requests, "path" => path, "method" => method, "code" => code).increment(1);
    response
}

/// Counts and times requests by their methods.
pub async fn observe_methods(State(names): State<MethodMetrics>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = known(request.method()).to_ascii_lowercase();
    let response = next.run(request).await;
    let code = response.status().as_u16().to_string();
    metrics::histogram!(names.latency, "code" => code.clone(), "method" => method.clone())
        .record(begun.elapsed().as_secs_f64());
    metrics::counter!(names.requests, "code" => code, "method" => method).increment(1);
    response
}

/// A label that clients cannot make new ones of.
pub(crate) fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("unknown")
}
