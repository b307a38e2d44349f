use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

/// Times requests under Fulcio's name, in seconds, for the dashboards that ask for it.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().as_str().to_ascii_lowercase();
    let response = next.run(request).await;
    let code = response.status().as_u16().to_string();
    metrics::histogram!("fulcio_api_latency", "code" => code, "method" => method)
        .record(begun.elapsed().as_secs_f64());
    response
}
