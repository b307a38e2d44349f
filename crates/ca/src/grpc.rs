//! Fulcio's v2 API over gRPC: sigstore-java speaks it.

use std::sync::Arc;

use axum::Router;
use sigstead_identity::IssuerConfig;
use sigstead_proto::fulcio_v2 as wire;
use sigstead_proto::fulcio_v2::ca_server::{Ca, CaServer};
use sigstead_proto::fulcio_v2::{
    create_signing_certificate_request, credentials, oidc_issuer, signing_certificate,
};
use sigstead_x509::Certificate;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use crate::authority::Issued;
use crate::error::{Error, KeyFields};
use crate::issue::Promises;
use crate::possession::KeyProof;
use crate::{CertificateAuthority, MAX_BODY, grpc_v1beta, request};

pub(crate) fn routes(authority: &Arc<CertificateAuthority>) -> Router<Arc<CertificateAuthority>> {
    let service = CaServer::new(Service(Arc::clone(authority))).max_decoding_message_size(MAX_BODY);
    let routes = Router::new()
        .route_service("/dev.sigstore.fulcio.v2.CA/{method}", service)
        .merge(grpc_v1beta::routes(authority));
    sigstead_serve::grpc(routes, &["dev.sigstore.fulcio.v2.CA", "dev.sigstore.fulcio.v1beta.CA"])
}

struct Service(Arc<CertificateAuthority>);

#[tonic::async_trait]
impl Ca for Service {
    async fn create_signing_certificate(
        &self,
        request: Request<wire::CreateSigningCertificateRequest>,
    ) -> Result<Response<wire::SigningCertificate>, Status> {
        let (metadata, _, message) = request.into_parts();
        let in_body = message.credentials.and_then(|credentials| credentials.credentials);
        let in_body = in_body.map(|credentials::Credentials::OidcIdentityToken(token)| token);
        let token = in_body.filter(|token| !token.is_empty()).or_else(|| token_of(&metadata));
        let (proof, fields) = key_proof(message.key);
        let issued = issue(&self.0, token, proof).await.map_err(|error| error.over_grpc(&fields))?;
        Ok(Response::new(signing_certificate(&issued)))
    }

    async fn get_trust_bundle(
        &self,
        _: Request<wire::GetTrustBundleRequest>,
    ) -> Result<Response<wire::TrustBundle>, Status> {
        let chain = |chain: Vec<Certificate>| wire::CertificateChain {
            certificates: chain.iter().map(Certificate::to_pem).collect(),
        };
        let chains = self.0.chains().into_iter().map(chain).collect();
        Ok(Response::new(wire::TrustBundle { chains }))
    }

    async fn get_configuration(
        &self,
        _: Request<wire::GetConfigurationRequest>,
    ) -> Result<Response<wire::Configuration>, Status> {
        let issuers = self.0.providers.config().issuers().map(issuer).collect();
        Ok(Response::new(wire::Configuration { issuers }))
    }
}

/// The steps of every request for a certificate.
pub(crate) async fn issue(
    authority: &CertificateAuthority,
    token: Option<String>,
    proof: KeyProof,
) -> Result<Issued, Error> {
    let principal = authority.authenticate(&token.unwrap_or_default()).await?;
    authority.certify(&principal, proof).await
}

/// The token in the call's metadata: Fulcio's own name for it, or the usual one.
pub(crate) fn token_of(metadata: &MetadataMap) -> Option<String> {
    let own = metadata.get("oidcidentitytoken").and_then(|token| token.to_str().ok());
    let usual = || request::bearer_of(metadata.get("authorization")?.to_str().ok()?);
    own.or_else(usual).map(str::to_owned)
}

const KEY_FIELDS: KeyFields = KeyFields {
    key: "public_key_request.public_key.content",
    proof: "public_key_request.proof_of_possession",
};

fn key_proof(key: Option<create_signing_certificate_request::Key>) -> (KeyProof, KeyFields) {
    let request = match key {
        Some(create_signing_certificate_request::Key::CertificateSigningRequest(pem)) => {
            return (KeyProof::Request(pem), KeyFields::REQUEST);
        }
        Some(create_signing_certificate_request::Key::PublicKeyRequest(request)) => request,
        None => wire::PublicKeyRequest::default(),
    };
    let key = request.public_key.unwrap_or_default().content.into_bytes();
    (KeyProof::PublicKey { key, proof: request.proof_of_possession }, KEY_FIELDS)
}

fn signing_certificate(issued: &Issued) -> wire::SigningCertificate {
    let pem = |certificate: &Certificate| certificate.to_pem().trim_end().to_owned();
    let chain = Some(wire::CertificateChain { certificates: issued.chain.iter().map(pem).collect() });
    let certificate = match &issued.promises {
        Promises::Embedded(_) => {
            let embedded = wire::SigningCertificateEmbeddedSct { chain };
            signing_certificate::Certificate::SignedCertificateEmbeddedSct(embedded)
        }
        promises => {
            let sct = promises.detached().unwrap_or_default();
            let detached =
                wire::SigningCertificateDetachedSct { chain, signed_certificate_timestamp: sct.into_bytes() };
            signing_certificate::Certificate::SignedCertificateDetachedSct(detached)
        }
    };
    wire::SigningCertificate { certificate: Some(certificate) }
}

fn issuer((issuer, is_pattern): (&IssuerConfig, bool)) -> wire::OidcIssuer {
    let url = issuer.url.clone();
    wire::OidcIssuer {
        issuer: Some(if is_pattern {
            oidc_issuer::Issuer::WildcardIssuerUrl(url)
        } else {
            oidc_issuer::Issuer::IssuerUrl(url)
        }),
        audience: issuer.audience.clone(),
        challenge_claim: issuer.challenge_claim.clone(),
        spiffe_trust_domain: issuer.trust_domain.clone().unwrap_or_default(),
        issuer_type: issuer.issuer_type.name().to_owned(),
        subject_domain: issuer.subject_domain.clone().unwrap_or_default(),
        skip_email_verification: issuer.skip_email_verification,
    }
}
