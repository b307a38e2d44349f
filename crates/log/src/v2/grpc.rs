use std::sync::Arc;

use axum::Router;
use sigstead_proto::rekor_v1::TransparencyLogEntry;
use sigstead_proto::rekor_v2::CreateEntryRequest;
use sigstead_proto::rekor_v2::rekor_server::{Rekor, RekorServer};
use tonic::{Request, Response, Status};

use super::service::RekorV2;

pub(super) fn routes(log: &Arc<RekorV2>) -> Router<Arc<RekorV2>> {
    let service = RekorServer::new(Service(Arc::clone(log))).max_decoding_message_size(log.limits.body);
    let route = Router::new().route_service("/dev.sigstore.rekor.v2.Rekor/{method}", service);
    sigstead_serve::grpc(route, &["dev.sigstore.rekor.v2.Rekor"])
}

struct Service(Arc<RekorV2>);

#[tonic::async_trait]
impl Rekor for Service {
    async fn create_entry(
        &self,
        request: Request<CreateEntryRequest>,
    ) -> Result<Response<TransparencyLogEntry>, Status> {
        Ok(Response::new(self.0.create(request.into_inner()).await?))
    }
}
