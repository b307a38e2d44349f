use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// Counts and times requests under Rekor's names. Its latencies are in nanoseconds, and so are these, so
/// that the averages of Rekor's dashboards stay right; quantiles are in `sigstead_http_request_seconds`.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path =
        request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default().to_owned();
    let method = request.method().as_str().to_owned();
    let response = next.run(request).await;
    let code = response.status().as_u16().to_string();
    let nanoseconds = begun.elapsed().as_nanos() as f64;
    metrics::histogram!("rekor_api_latency", "path" => path.clone(), "code" => code.clone())
        .record(nanoseconds);
    metrics::counter!("rekor_qps_by_api", "path" => path, "method" => method, "code" => code).increment(1);
    response
}
