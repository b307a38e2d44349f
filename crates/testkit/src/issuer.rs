use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sigstead_crypto::{KeyKind, SoftwareSigner};

use crate::Loopback;

/// The id of the issuer's key.
const KEY_ID: &str = "key-1";

/// What a document's URL answers.
#[derive(Debug, Clone)]
pub enum Scripted {
    /// This document.
    Document(Value),
    /// An error.
    Status(u16),
    /// A redirect.
    Redirect(String),
    /// This document, after so many spaces.
    Padded(Value, usize),
    /// Nothing, for ever.
    Silence,
}

/// An OIDC issuer on loopback with one RSA key.
#[derive(Debug)]
pub struct Issuer {
    server: Loopback,
    key: SoftwareSigner,
    documents: Arc<Documents>,
}

#[derive(Debug)]
struct Documents {
    metadata: Mutex<Scripted>,
    keys: Mutex<Scripted>,
    key_fetches: AtomicUsize,
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl Issuer {
    /// Makes a key and starts a server.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let key = SoftwareSigner::generate(KeyKind::Rsa2048).expect("a key");
        let documents = Arc::new(Documents {
            metadata: Mutex::new(Scripted::Silence),
            keys: Mutex::new(Scripted::Document(json!({ "keys": [public_jwk(&key)] }))),
            key_fetches: AtomicUsize::new(0),
        });
        let state = Arc::clone(&documents);
        let server = Loopback::serve(|url| {
            set(&documents.metadata, Scripted::Document(metadata(url)));
            Router::new()
                .route("/.well-known/openid-configuration", get(answer_metadata))
                .route("/keys", get(answer_keys))
                .with_state(state)
        })
        .await;
        Self { server, key, documents }
    }

    /// The issuer's URL.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The public key as a JWK.
    pub fn jwk(&self) -> Value {
        public_jwk(&self.key)
    }

    /// The metadata that it begins with.
    pub fn metadata(&self) -> Value {
        metadata(self.url())
    }

    /// What the metadata's URL answers from now on.
    pub fn answer_metadata(&self, answer: Scripted) {
        set(&self.documents.metadata, answer);
    }

    /// What the keys' URL answers from now on.
    pub fn answer_keys(&self, answer: Scripted) {
        set(&self.documents.keys, answer);
    }

    /// How often the keys were fetched.
    pub fn key_fetches(&self) -> usize {
        self.documents.key_fetches.load(Ordering::SeqCst)
    }

    /// A token with these claims, and this issuer if they name none.
    pub fn token(&self, claims: &Value) -> String {
        let mut claims = claims.clone();
        if claims.get("iss").is_none()
            && let Some(map) = claims.as_object_mut()
        {
            map.insert("iss".to_owned(), self.url().into());
        }
        self.sign(&json!({ "alg": "RS256", "kid": KEY_ID, "typ": "JWT" }), &claims)
    }

    /// A token with this header and these claims, whatever they say.
    ///
    /// # Panics
    /// Never in practice: the key is in memory.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.key.sign_now(signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

fn metadata(url: &str) -> Value {
    json!({
        "issuer": url,
        "jwks_uri": format!("{url}/keys"),
        "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "ES384", "EdDSA"],
    })
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
fn public_jwk(key: &SoftwareSigner) -> Value {
    use sigstead_crypto::Signer as _;

    let (modulus, exponent) = key.public_key().rsa_components().expect("an RSA key");
    json!({
        "kty": "RSA",
        "kid": KEY_ID,
        "n": BASE64_URL_SAFE_NO_PAD.encode(modulus),
        "e": BASE64_URL_SAFE_NO_PAD.encode(exponent),
    })
}

fn set(place: &Mutex<Scripted>, answer: Scripted) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = answer;
}

async fn answer_metadata(State(documents): State<Arc<Documents>>) -> Response {
    answer(&documents.metadata).await
}

async fn answer_keys(State(documents): State<Arc<Documents>>) -> Response {
    documents.key_fetches.fetch_add(1, Ordering::SeqCst);
    answer(&documents.keys).await
}

async fn answer(place: &Mutex<Scripted>) -> Response {
    let answer = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match answer {
        Scripted::Document(document) => {
            ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
        }
        Scripted::Status(status) => {
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        Scripted::Redirect(url) => Redirect::temporary(&url).into_response(),
        Scripted::Padded(document, spaces) => (" ".repeat(spaces) + &document.to_string()).into_response(),
        Scripted::Silence => std::future::pending().await,
    }
}
