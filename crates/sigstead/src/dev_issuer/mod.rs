//! A small OpenID Connect issuer for development: `sigstead up` runs it, nothing else does.
//!
//! It signs whatever its owner asks for. So it listens on loopback only, and mints tokens only for
//! who can read the secret in the data directory.

mod ci_claims;
mod claims;
mod issuers;
mod token;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use openidconnect::core::{
    CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{
    AuthUrl, EmptyAdditionalProviderMetadata, IssuerUrl, JsonWebKeyId, JsonWebKeySetUrl, ResponseTypes,
};
use sigstead_clock::Clock;
use sigstead_crypto::{Secret, Signer as _, SoftwareSigner};
use sigstead_identity::IssuerType;

pub(crate) use claims::TokenRequest;
use claims::issuer_url;
pub(crate) use issuers::issuers_yaml;

/// The issuer: its key, its address, and the secret that minting needs.
pub(crate) struct DevIssuer {
    url: String,
    key: SoftwareSigner,
    key_id: String,
    secret: Secret<String>,
    clock: Arc<dyn Clock>,
}

impl DevIssuer {
    /// An issuer at `address`, whose base URL is `http://address`.
    pub(crate) fn new(
        address: SocketAddr,
        key: SoftwareSigner,
        secret: Secret<String>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        if !address.ip().is_loopback() {
            bail!(
                "the development issuer signs any identity, so it listens on loopback only, not on {address}"
            );
        }
        let key_id = hex::encode(key.public_key().fingerprint().get(..8).unwrap_or_default());
        Ok(Self { url: format!("http://{address}"), key, key_id, secret, clock })
    }

    /// Discovery and keys for each issuer type, and the endpoint that mints tokens.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(discovery_of_email))
            .route("/{issuer_type}/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(mint))
            .with_state(Arc::new(self))
    }

    fn metadata(&self, issuer_type: IssuerType) -> anyhow::Result<CoreProviderMetadata> {
        Ok(CoreProviderMetadata::new(
            IssuerUrl::new(issuer_url(issuer_type, &self.url))?,
            AuthUrl::new(format!("{}/authorize", self.url))?,
            JsonWebKeySetUrl::new(format!("{}/keys", self.url))?,
            vec![ResponseTypes::new(vec![CoreResponseType::IdToken])],
            vec![CoreSubjectIdentifierType::Public],
            vec![CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256],
            EmptyAdditionalProviderMetadata {},
        ))
    }

    fn key_set(&self) -> anyhow::Result<CoreJsonWebKeySet> {
        let (modulus, exponent) =
            self.key.public_key().rsa_components().context("the issuer's key is not RSA")?;
        let key = CoreJsonWebKey::new_rsa(modulus, exponent, Some(JsonWebKeyId::new(self.key_id.clone())));
        Ok(CoreJsonWebKeySet::new(vec![key]))
    }

    fn is_owner(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        sent.and_then(|value| value.strip_prefix("Bearer ")) == Some(self.secret.expose().as_str())
    }
}

async fn discovery_of_email(State(issuer): State<Arc<DevIssuer>>) -> Response {
    answer(issuer.metadata(IssuerType::Email))
}

async fn discovery(State(issuer): State<Arc<DevIssuer>>, Path(issuer_type): Path<IssuerType>) -> Response {
    answer(issuer.metadata(issuer_type))
}

async fn keys(State(issuer): State<Arc<DevIssuer>>) -> Response {
    answer(issuer.key_set())
}

async fn authorize() -> Response {
    let hint = "This issuer has no login page. Get a token with: sigstead token --email you@example.com\n";
    (StatusCode::NOT_IMPLEMENTED, hint).into_response()
}

async fn mint(
    State(issuer): State<Arc<DevIssuer>>,
    headers: HeaderMap,
    Json(request): Json<TokenRequest>,
) -> Response {
    if !issuer.is_owner(&headers) {
        return (StatusCode::UNAUTHORIZED, "send the secret of the data directory as bearer token\n")
            .into_response();
    }
    let claims = request.claims(&issuer.url, issuer.clock.now());
    match token::sign(&issuer.key, &issuer.key_id, &claims) {
        Ok(token) => token.into_response(),
        Err(error) => failed(&error),
    }
}

fn answer(document: anyhow::Result<impl serde::Serialize>) -> Response {
    match document {
        Ok(document) => Json(document).into_response(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> Response {
    tracing::error!("development issuer: {error:#}");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
