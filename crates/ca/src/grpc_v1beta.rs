//! Fulcio's v1beta API over gRPC: what its v1 JSON is the mapping of.

use std::sync::Arc;

use axum::Router;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sigstead_proto::fulcio_v1beta::CreateSigningCertificateRequest;
use sigstead_proto::fulcio_v1beta::ca_server::{Ca, CaServer};
use sigstead_proto::google_api::HttpBody;
use sigstead_x509::Certificate;
use tonic::{Request, Response, Status};

use crate::error::{Error, KeyFields};
use crate::grpc::{issue, token_of};
use crate::possession::KeyProof;
use crate::v1::{PEM_CHAIN, SCT, joined};
use crate::{CertificateAuthority, MAX_BODY};

pub(crate) fn routes(authority: &Arc<CertificateAuthority>) -> Router<Arc<CertificateAuthority>> {
    let service = CaServer::new(Service(Arc::clone(authority))).max_decoding_message_size(MAX_BODY);
    Router::new().route_service("/dev.sigstore.fulcio.v1beta.CA/{method}", service)
}

struct Service(Arc<CertificateAuthority>);

#[tonic::async_trait]
impl Ca for Service {
    /// A missing key is told before the token is looked at.
    async fn create_signing_certificate(
        &self,
        request: Request<CreateSigningCertificateRequest>,
    ) -> Result<Response<HttpBody>, Status> {
        let (metadata, _, message) = request.into_parts();
        let (proof, fields) = key_proof(message).map_err(|error| error.over_grpc(&KEY_FIELDS))?;
        let issued = issue(&self.0, token_of(&metadata), proof).await;
        let issued = issued.map_err(|error| error.over_grpc(&fields))?;
        let mut response = Response::new(pem(&issued.chain));
        // Fulcio's gateway turns it into the status of the v1 API.
        response.metadata_mut().insert("x-http-code", tonic::metadata::MetadataValue::from_static("201"));
        let sct = issued.promises.detached().and_then(|sct| BASE64_STANDARD.encode(sct).parse().ok());
        if let Some(sct) = sct {
            response.metadata_mut().insert(SCT, sct);
        }
        Ok(response)
    }

    async fn get_root_certificate(&self, _: Request<()>) -> Result<Response<HttpBody>, Status> {
        Ok(Response::new(pem(&self.0.chain())))
    }
}

const KEY_FIELDS: KeyFields = KeyFields { key: "public_key.content", proof: "signed_email_address" };

fn key_proof(message: CreateSigningCertificateRequest) -> Result<(KeyProof, KeyFields), Error> {
    if !message.certificate_signing_request.is_empty() {
        return Ok((KeyProof::Request(message.certificate_signing_request), KeyFields::REQUEST));
    }
    let key = message.public_key.ok_or(Error::Key)?.content;
    Ok((KeyProof::PublicKey { key, proof: message.signed_email_address }, KEY_FIELDS))
}

fn pem(chain: &[Certificate]) -> HttpBody {
    HttpBody {
        content_type: PEM_CHAIN.to_owned(),
        data: joined(chain, "\n").into_bytes(),
        extensions: Vec::new(),
    }
}
