//! Fulcio's v1 API: cosign 2 speaks it.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sigstead_x509::Certificate;

use crate::CertificateAuthority;
use crate::error::Error;
use crate::possession::KeyProof;
use crate::request;
use crate::v2::{only, only_get};

pub(crate) const PEM_CHAIN: &str = "application/pem-certificate-chain";
/// The header, and the gRPC metadata, with an SCT that is not in the certificate: base64 of its JSON.
pub(crate) const SCT: &str = "sct";

pub(crate) fn routes() -> Router<Arc<CertificateAuthority>> {
    Router::new()
        .route("/api/v1/signingCert", only(post(signing_cert)))
        .route("/api/v1/rootCert", only_get(get(root_cert)))
}

/// `POST /api/v1/signingCert`: 201 and PEM, and in a header an SCT that is not in the certificate. A missing key is told before the token is looked at.
async fn signing_cert(
    State(authority): State<Arc<CertificateAuthority>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Error> {
    let message = request::message(body)?;
    let certificate_request = request::bytes(&message, "certificateSigningRequest")?;
    let key = request::object(&message, "publicKey")?;
    let key = key.map_or(Ok(Vec::new()), |key| request::bytes(key, "content"))?;
    if certificate_request.is_empty() && key.is_empty() {
        return Err(Error::Key);
    }
    let proof = request::bytes(&message, "signedEmailAddress")?;
    let principal = authority.authenticate(request::bearer(&headers).unwrap_or_default()).await?;
    let proof = if certificate_request.is_empty() {
        KeyProof::PublicKey { key, proof }
    } else {
        KeyProof::Request(certificate_request)
    };
    let issued = authority.certify(&principal, proof).await?;
    let text = joined(&issued.chain, "\n");
    let mut response = (StatusCode::CREATED, [(header::CONTENT_TYPE, PEM_CHAIN)], text).into_response();
    let sct = issued.promises.detached().and_then(|sct| BASE64_STANDARD.encode(sct).parse().ok());
    response.headers_mut().extend(sct.map(|sct| (HeaderName::from_static(SCT), sct)));
    Ok(response)
}

/// `GET /api/v1/rootCert`: the whole chain, with an empty line between certificates.
async fn root_cert(State(authority): State<Arc<CertificateAuthority>>) -> Response {
    ([(header::CONTENT_TYPE, PEM_CHAIN)], joined(&authority.chain(), "\n\n")).into_response()
}

pub(crate) fn joined(chain: &[Certificate], separator: &str) -> String {
    let blocks: Vec<String> =
        chain.iter().map(|certificate| certificate.to_pem().trim_end().to_owned()).collect();
    blocks.join(separator)
}
