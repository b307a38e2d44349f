//! Fulcio's v2 API as JSON over HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Map, Value};
use sigstead_identity::IssuerConfig;
use sigstead_x509::Certificate;

use crate::CertificateAuthority;
use crate::authority::Issued;
use crate::error::{Error, method_not_allowed};
use crate::issue::Promises;
use crate::possession::KeyProof;
use crate::request;

pub(crate) type Methods = MethodRouter<Arc<CertificateAuthority>>;

pub(crate) fn routes() -> Router<Arc<CertificateAuthority>> {
    Router::new()
        .route("/api/v2/signingCert", only(post(signing_cert)))
        // Go clients join the configured URL with the path: one that ends in a slash makes two.
        .route("//api/v2/signingCert", only(post(signing_cert)))
        .route("/api/v2/trustBundle", only_get(get(trust_bundle)))
        .route("/api/v2/configuration", only_get(get(configuration)))
        .route("/healthz", only_get(get(async || Json(serde_json::json!({ "status": "SERVING" })))))
}

/// Other methods are answered as grpc-gateway does.
pub(crate) fn only(methods: Methods) -> Methods {
    methods.fallback(method_not_allowed)
}

/// HEAD is one of the other methods.
pub(crate) fn only_get(methods: Methods) -> Methods {
    only(methods.head(method_not_allowed))
}

/// `POST /api/v2/signingCert`
async fn signing_cert(
    State(authority): State<Arc<CertificateAuthority>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<SigningCertificate>, Error> {
    let message = request::message(body)?;
    let proof = key_proof(&message)?;
    let in_body = request::object(&message, "credentials")?;
    let in_body = in_body.map_or(Ok(""), |credentials| request::text(credentials, "oidcIdentityToken"))?;
    let token = Some(in_body).filter(|token| !token.is_empty()).or_else(|| request::bearer(&headers));
    let principal = authority.authenticate(token.unwrap_or_default()).await?;
    let issued = authority.certify(&principal, proof).await?;
    Ok(Json(SigningCertificate::from(issued)))
}

/// Exactly one of the two; none is a key that cannot be parsed, but only once the token is believed.
fn key_proof(message: &Map<String, Value>) -> Result<KeyProof, Error> {
    let public_key = request::object(message, "publicKeyRequest")?;
    let has_request = request::field(message, "certificateSigningRequest").is_some();
    match public_key {
        Some(_) if has_request => Err(Error::Request(
            "proto: oneof dev.sigstore.fulcio.v2.CreateSigningCertificateRequest.key is already set"
                .to_owned(),
        )),
        Some(request) => {
            let key = request::object(request, "publicKey")?;
            Ok(KeyProof::PublicKey {
                key: key.map_or(Ok(""), |key| request::text(key, "content"))?.as_bytes().to_vec(),
                proof: request::bytes(request, "proofOfPossession")?,
            })
        }
        None if has_request => Ok(KeyProof::Request(request::bytes(message, "certificateSigningRequest")?)),
        None => Ok(KeyProof::PublicKey { key: Vec::new(), proof: Vec::new() }),
    }
}

/// Exactly one top-level key: clients decode it as a tagged union.
#[derive(Serialize)]
enum SigningCertificate {
    #[serde(rename = "signedCertificateEmbeddedSct")]
    Embedded { chain: Chain },
    #[serde(rename = "signedCertificateDetachedSct", rename_all = "camelCase")]
    Detached { chain: Chain, signed_certificate_timestamp: String },
}

#[derive(Serialize)]
struct Chain {
    certificates: Vec<String>,
}

impl From<Issued> for SigningCertificate {
    fn from(issued: Issued) -> Self {
        let pem = |certificate: &Certificate| certificate.to_pem().trim_end().to_owned();
        let chain = Chain { certificates: issued.chain.iter().map(pem).collect() };
        match issued.promises {
            Promises::Embedded(_) => Self::Embedded { chain },
            promises => {
                let sct = promises.detached().unwrap_or_default();
                Self::Detached { chain, signed_certificate_timestamp: BASE64_STANDARD.encode(sct) }
            }
        }
    }
}

#[derive(Serialize)]
struct TrustBundle {
    chains: Vec<Chain>,
}

/// `GET /api/v2/trustBundle`
async fn trust_bundle(State(authority): State<Arc<CertificateAuthority>>) -> Json<TrustBundle> {
    let chain =
        |chain: Vec<Certificate>| Chain { certificates: chain.iter().map(Certificate::to_pem).collect() };
    Json(TrustBundle { chains: authority.chains().into_iter().map(chain).collect() })
}

#[derive(Serialize)]
struct Configuration {
    issuers: Vec<Issuer>,
}

/// Fields that are not set are written all the same, as the original does.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issuer {
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wildcard_issuer_url: Option<String>,
    audience: String,
    challenge_claim: String,
    spiffe_trust_domain: String,
    issuer_type: &'static str,
    subject_domain: String,
    skip_email_verification: bool,
}

/// `GET /api/v2/configuration`
async fn configuration(State(authority): State<Arc<CertificateAuthority>>) -> Json<Configuration> {
    let shown = |(issuer, is_pattern): (&IssuerConfig, bool)| Issuer {
        issuer_url: (!is_pattern).then(|| issuer.url.clone()),
        wildcard_issuer_url: is_pattern.then(|| issuer.url.clone()),
        audience: issuer.audience.clone(),
        challenge_claim: issuer.challenge_claim.clone(),
        spiffe_trust_domain: issuer.trust_domain.clone().unwrap_or_default(),
        issuer_type: issuer.issuer_type.name(),
        subject_domain: issuer.subject_domain.clone().unwrap_or_default(),
        skip_email_verification: issuer.skip_email_verification,
    };
    Json(Configuration { issuers: authority.providers.config().issuers().map(shown).collect() })
}
