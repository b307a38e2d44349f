//! The v2 API's shapes (ca.md 1.2 to 1.4).

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;
use sigstead_crypto::Signer as _;

use crate::ct_log::{CtLog, Mood};
use crate::fixture::{Authority, EMAIL, FulcioAnswer as _, key, request};

const SIGNING_CERT: &str = "/api/v2/signingCert";

#[tokio::test]
async fn embedded_when_there_is_a_log() {
    let log = CtLog::start(Mood::Good).await;
    let authority = Authority::with_log(&log).await;
    let key = key();
    let answer = authority.post(SIGNING_CERT, &request(&key, EMAIL)).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let chain = answer.chain("signedCertificateEmbeddedSct");
    assert_eq!(chain[1..], authority.chain);
    assert_eq!(chain[0].spki_der(), key.public_key().spki_der());
    assert_eq!(authority.counts().await, (1, 0, 0));
}

#[tokio::test]
async fn detached_and_empty_when_there_is_none() {
    let authority = Authority::new().await;
    let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    assert_eq!(answer.chain("signedCertificateDetachedSct").len(), 3);
    assert_eq!(answer.json()["signedCertificateDetachedSct"]["signedCertificateTimestamp"], "");
}

#[tokio::test]
async fn lenient_input() {
    let authority = Authority::new().await;
    let key = key();
    let proof = key.sign_now(EMAIL.as_bytes()).unwrap();
    let (pem, token) = (key.public_key().to_pem(), authority.token());
    let body = json!({
        "credentials": { "oidc_identity_token": token, "what": [1] },
        "public_key_request": {
            "public_key": { "algorithm": 2, "content": pem },
            "proof_of_possession": BASE64_URL_SAFE_NO_PAD.encode(&proof),
        },
        "unknown": { "field": 1 },
        "certificateSigningRequest": null,
    });
    let body = body.to_string();
    for headers in [
        &[][..],
        &[("content-type", "text/plain"), ("accept", "application/pem-certificate-chain")],
        // The token in the body is the one that counts.
        &[("authorization", "Bearer nonsense")],
    ] {
        let answer = authority.send("POST", SIGNING_CERT, headers, body.clone().into()).await;
        assert_eq!(answer.chain("signedCertificateDetachedSct").len(), 3);
    }
    let body = request(&key, EMAIL).to_string();
    for scheme in ["Bearer ", "bearer ", "BEARER ", ""] {
        let headers = [("authorization", &*format!("{scheme}{}", authority.token()))];
        let answer = authority.send("POST", SIGNING_CERT, &headers, body.clone().into()).await;
        assert_eq!(answer.status, StatusCode::OK, "{scheme}");
    }
    let one_line = pem.replace('\n', "").replace("KEY-----", "KEY-----\n").replace("-----END", "\n-----END");
    let around = format!("A key:\r\n{}\r\nthat was it\r\n", pem.replace('\n', "\r\n"));
    for text in [one_line, around] {
        let mut body = request(&key, EMAIL);
        body["publicKeyRequest"]["publicKey"]["content"] = text.into();
        assert_eq!(authority.post(SIGNING_CERT, &body).await.status, StatusCode::OK);
    }
    assert_eq!(authority.post("//api/v2/signingCert", &request(&key, EMAIL)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn trust_bundle() {
    let authority = Authority::new().await;
    let answer = authority.get("/api/v2/trustBundle").await;
    let pems: Vec<String> = authority.chain.iter().map(|certificate| certificate.to_pem()).collect();
    assert_eq!(answer.json(), json!({ "chains": [{ "certificates": pems }] }));
}

#[tokio::test]
async fn configuration_with_every_field() {
    let authority = Authority::new().await;
    let answer = authority.get("/api/v2/configuration?x=y").await;
    let issuer = |name: &str, url: &str, claim: &str, issuer_type: &str| {
        json!({
            name: url, "audience": "sigstore", "challengeClaim": claim, "spiffeTrustDomain": "",
            "issuerType": issuer_type, "subjectDomain": "", "skipEmailVerification": false,
        })
    };
    assert_eq!(
        answer.json(),
        json!({ "issuers": [
            issuer("issuerUrl", authority.issuer.url(), "email", "email"),
            issuer("wildcardIssuerUrl", "https://*.example.com", "sub", "kubernetes"),
        ] })
    );
}

#[tokio::test]
async fn health() {
    let authority = Authority::new().await;
    assert_eq!(authority.get("/healthz").await.json(), json!({ "status": "SERVING" }));
    assert_eq!(authority.get("/healthz?service=x").await.status, StatusCode::OK);
}

#[tokio::test]
async fn wrong_paths_and_methods() {
    let authority = Authority::new().await;
    for (method, path) in
        [("GET", "/"), ("GET", "/api/v2/trustBundle/"), ("POST", "/api/v2/signingcert"), ("GET", "/api/v3/x")]
    {
        let answer = authority.send(method, path, &[], Vec::new()).await;
        assert_eq!(answer.error(), (404, "Not Found".to_owned()), "{method} {path}");
        assert_eq!(answer.json()["code"], 5);
    }
    for (method, path) in [
        ("GET", SIGNING_CERT),
        ("PUT", SIGNING_CERT),
        ("DELETE", "/api/v2/trustBundle"),
        ("POST", "/api/v1/rootCert"),
        ("PATCH", "/healthz"),
    ] {
        let answer = authority.send(method, path, &[], Vec::new()).await;
        assert_eq!(answer.error(), (501, "Method Not Allowed".to_owned()), "{method} {path}");
        assert_eq!(answer.json()["code"], 12);
    }
    let answer = authority.send("HEAD", "/api/v2/trustBundle", &[], Vec::new()).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (501, 0));
}

#[tokio::test]
async fn browsers_put_the_token_into_the_body() {
    let authority = Authority::new().await;
    let preflight = |header: &'static str| {
        [
            ("origin", "https://a.example"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", header),
        ]
    };
    let answer = authority.send("OPTIONS", SIGNING_CERT, &preflight("content-type"), Vec::new()).await;
    assert!(answer.status.is_success());
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let allowed = answer.header("access-control-allow-headers").to_ascii_lowercase();
    assert!(allowed.contains("content-type") && !allowed.contains("authorization"), "{allowed}");
    let origin = [("origin", "https://a.example")];
    let answer = authority.send("GET", "/api/v2/trustBundle", &origin, Vec::new()).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
}
