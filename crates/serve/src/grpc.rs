//! gRPC beside HTTP on one port.

use axum::extract::Request as HttpRequest;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response as HttpResponse};
use axum::{Json, Router};
use sigstead_proto::health_v1::health_check_response::ServingStatus;
use sigstead_proto::health_v1::health_server::{Health, HealthServer};
use sigstead_proto::health_v1::{HealthCheckRequest, HealthCheckResponse};
use tonic::{Code, Request, Response, Status};

/// A gRPC service's routes with `grpc.health.v1.Health` beside them, as gRPC servers answer.
pub fn grpc<S: Clone + Send + Sync + 'static>(service: Router<S>) -> Router<S> {
    service
        .route_service("/grpc.health.v1.Health/{method}", HealthServer::new(Alive))
        .layer(from_fn(speak_grpc))
}

/// What gRPC servers do beside their methods and tonic leaves out: requests that are not gRPC's are refused,
/// in grpc-gateway's shape, and the code of a message that is too long is `RESOURCE_EXHAUSTED` (gRPC's
/// PROTOCOL-HTTP2 and statuscodes).
async fn speak_grpc(request: HttpRequest, next: Next) -> HttpResponse {
    let media_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if request.method() != Method::POST {
        return refusal(StatusCode::NOT_IMPLEMENTED, Code::Unimplemented, "Method Not Allowed");
    }
    if !media_type.unwrap_or_default().starts_with(b"application/grpc") {
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::InvalidArgument, "Unsupported Media Type");
    }
    let mut response = next.run(request).await;
    if let Some(status) = response.headers_mut().get_mut(Status::GRPC_STATUS)
        && *status == HeaderValue::from(Code::OutOfRange as i32)
    {
        *status = HeaderValue::from(Code::ResourceExhausted as i32);
    }
    response
}

fn refusal(status: StatusCode, code: Code, message: &str) -> HttpResponse {
    let body = serde_json::json!({ "code": code as i32, "message": message, "details": [] });
    (status, Json(body)).into_response()
}

/// A process that answers is serving; readiness is the admin listener's to tell.
struct Alive;

#[tonic::async_trait]
impl Health for Alive {
    async fn check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse { status: ServingStatus::Serving.into() }))
    }
}
