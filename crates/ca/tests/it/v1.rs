//! The v1 API's shapes (ca.md 1.2): cosign 2 reads them.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::{Signer as _, SoftwareSigner};
use sigstead_x509::parse_pem_chain;

use crate::ct_log::{CtLog, Mood};
use crate::fixture::{Authority, EMAIL, FulcioAnswer as _, key};

const SIGNING_CERT: &str = "/api/v1/signingCert";

pub(crate) fn request(key: &SoftwareSigner, content: &[u8]) -> Value {
    json!({
        "publicKey": { "algorithm": "ecdsa", "content": BASE64_STANDARD.encode(content) },
        "signedEmailAddress": BASE64_STANDARD.encode(key.sign_now(EMAIL.as_bytes()).unwrap()),
        "certificateSigningRequest": "",
    })
}

#[tokio::test]
async fn pem_in_any_encoding_of_the_key() {
    let log = CtLog::start(Mood::Good).await;
    let authority = Authority::with_log(&log).await;
    let key = key();
    for content in [key.public_key().to_pem().into_bytes(), key.public_key().spki_der().to_vec()] {
        let answer = authority.post(SIGNING_CERT, &request(&key, &content)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "application/pem-certificate-chain");
        assert_eq!(answer.header("sct"), "");
        assert!(answer.text().ends_with("-----END CERTIFICATE-----") && !answer.text().contains("\n\n"));
        let chain = parse_pem_chain(&answer.body).unwrap();
        assert_eq!(chain[1..], authority.chain);
        assert_eq!(chain[0].spki_der(), key.public_key().spki_der());
    }
}

#[tokio::test]
async fn a_missing_key_comes_before_the_token() {
    let authority = Authority::new().await;
    let answer = authority.send("POST", SIGNING_CERT, &[], b"{}".to_vec()).await;
    assert_eq!(
        answer.error(),
        (400, "The public key supplied in the request could not be parsed".to_owned())
    );
    let key = key();
    let body = request(&key, key.public_key().spki_der()).to_string();
    let answer = authority.send("POST", SIGNING_CERT, &[], body.into()).await;
    assert_eq!(answer.error(), (400, "There was an error processing the identity token".to_owned()));
}

#[tokio::test]
async fn root_certificates() {
    let authority = Authority::new().await;
    let answer = authority.get("/api/v1/rootCert").await;
    assert_eq!(answer.header("content-type"), "application/pem-certificate-chain");
    assert_eq!(parse_pem_chain(&answer.body).unwrap(), authority.chain);
    assert_eq!(answer.text().matches("-----END CERTIFICATE-----\n\n-----BEGIN").count(), 1);
    assert!(answer.text().ends_with("-----"));
}
