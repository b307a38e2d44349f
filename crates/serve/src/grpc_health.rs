use axum::Router;
use sigstead_proto::health_v1::health_check_response::ServingStatus;
use sigstead_proto::health_v1::health_server::{Health, HealthServer};
use sigstead_proto::health_v1::{HealthCheckRequest, HealthCheckResponse};
use tonic::{Request, Response, Status};

/// `grpc.health.v1.Health`: a process that answers is serving; readiness is the admin listener's to tell.
pub fn grpc_health<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route_service("/grpc.health.v1.Health/{method}", HealthServer::new(Alive))
}

struct Alive;

#[tonic::async_trait]
impl Health for Alive {
    async fn check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse { status: ServingStatus::Serving.into() }))
    }
}
