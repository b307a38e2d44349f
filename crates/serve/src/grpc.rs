//! gRPC beside HTTP on one port.

use axum::extract::Request as HttpRequest;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response as HttpResponse};
use axum::{Json, Router};
use sigstead_proto::DESCRIPTORS;
use sigstead_proto::health_v1::health_check_response::ServingStatus;
use sigstead_proto::health_v1::health_server::{Health, HealthServer};
use sigstead_proto::health_v1::{HealthCheckRequest, HealthCheckResponse};
use tonic::{Code, Request, Response, Status};
use tonic_reflection::pb;
use tonic_reflection::server::Builder;

const HEALTH: &str = "grpc.health.v1.Health";
const REFLECTION_V1: &str = "grpc.reflection.v1.ServerReflection";
const REFLECTION_V1_ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection";

/// The routes of the gRPC services `names` with `grpc.health.v1.Health` and server reflection (v1 and v1alpha)
/// beside them, as gRPC servers answer.
pub fn grpc<S: Clone + Send + Sync + 'static>(services: Router<S>, names: &[&str]) -> Router<S> {
    services
        .route_service("/grpc.health.v1.Health/{method}", HealthServer::new(Alive))
        .merge(reflection(names))
        .layer(from_fn(speak_grpc))
}

/// What `grpcurl` and its like ask first: which services there are, and their messages.
fn reflection<S: Clone + Send + Sync + 'static>(names: &[&str]) -> Router<S> {
    let builder = || {
        let builder = [DESCRIPTORS, pb::v1::FILE_DESCRIPTOR_SET, pb::v1alpha::FILE_DESCRIPTOR_SET]
            .into_iter()
            .fold(Builder::configure(), Builder::register_encoded_file_descriptor_set);
        let names = names.iter().chain(&[HEALTH, REFLECTION_V1, REFLECTION_V1_ALPHA]);
        names.fold(builder, |builder, name| builder.with_service_name(*name))
    };
    let Ok((v1, v1_alpha)) = builder().build_v1().and_then(|v1| Ok((v1, builder().build_v1alpha()?))) else {
        tracing::error!("the descriptors of the gRPC services cannot be read: there is no reflection");
        return Router::new();
    };
    Router::new()
        .route_service(&format!("/{REFLECTION_V1}/{{method}}"), v1)
        .route_service(&format!("/{REFLECTION_V1_ALPHA}/{{method}}"), v1_alpha)
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
