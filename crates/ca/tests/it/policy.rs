//! The issuance policy as clients, the audit trail and the CT log meet it.

use axum::http::StatusCode;
use sigstead_ca::Policy;
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_proto::fulcio_v1beta as v1beta;
use sigstead_proto::fulcio_v2::ca_client::CaClient;
use tonic::{Code, Request};

use crate::audit::audit;
use crate::ct_log::{CtLog, Mood};
use crate::fixture::{Authority, EMAIL, FulcioAnswer as _, NOW, key, request};
use crate::{grpc, v1};

const V1: &str = "/api/v1/signingCert";
const V2: &str = "/api/v2/signingCert";
const DENY: &str = "[[rule]]\nname = \"guests\"\neffect = \"deny\"\nsan = \"*@example.com\"\nmessage = \"ask for an account\"";

fn put(authority: &Authority, rules: &str) {
    authority.policy.replace(Policy::parse(&format!("default = \"deny\"\n{rules}\n")).unwrap());
}

/// One rule that allows, with these lines.
fn allow(authority: &Authority, lines: &str) {
    put(authority, &format!("[[rule]]\nname = \"staff\"\neffect = \"allow\"\n{lines}"));
}

#[tokio::test]
async fn a_denial_over_every_api() {
    let log = CtLog::start(Mood::Good).await;
    let authority = Authority::with_log(&log).await;
    put(&authority, DENY);
    let key = key();
    let told = "ask for an account".to_owned();

    let answer = authority.post(V2, &request(&key, EMAIL)).await;
    assert_eq!(answer.error(), (403, told.clone()));
    let body = answer.json();
    assert_eq!((&body["code"], &body["details"][0]["reason"]), (&7.into(), &"POLICY".into()));
    assert_eq!(body["details"][0]["metadata"], serde_json::json!({ "rule": "guests" }));
    let answer = authority.post(V1, &v1::request(&key, key.public_key().spki_der())).await;
    assert_eq!(answer.error(), (403, told.clone()));

    let mut client = CaClient::new(authority.router());
    let status = client.create_signing_certificate(grpc::request(&authority.token())).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, &*told));
    let mut message = Request::new(v1beta::CreateSigningCertificateRequest {
        public_key: Some(v1beta::PublicKey {
            algorithm: "ecdsa".to_owned(),
            content: key.public_key().to_pem().into_bytes(),
        }),
        signed_email_address: key.sign_now(EMAIL.as_bytes()).unwrap(),
        certificate_signing_request: Vec::new(),
    });
    message.metadata_mut().insert("oidcidentitytoken", authority.token().parse().unwrap());
    let status = v1beta::ca_client::CaClient::new(authority.router())
        .create_signing_certificate(message)
        .await
        .unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, &*told));

    let counts = authority.database.issuance_counts().await.unwrap();
    assert_eq!((counts.denied, counts.issued, counts.failed, counts.open), (4, 0, 0, 0));
    assert_eq!(log.entries().len(), 0, "nothing was logged");
}

#[tokio::test]
async fn denials_are_found_with_rule_reason_and_claims() {
    let authority = Authority::new().await;
    allow(&authority, "require = { phone = \"*\" }");
    let key = key();
    assert_eq!(
        authority.post(V2, &request(&key, EMAIL)).await.error(),
        (
            403,
            "the issuance policy denies a certificate by its rule \"staff\": the claim phone is missing"
                .to_owned()
        )
    );
    let page = audit(&authority, "outcome=denied&san.prefix=ada%40").await.json();
    let record = &page["issuances"][0];
    assert_eq!(record["reason"], "rule \"staff\": the claim phone is missing");
    assert_eq!((&record["outcome"], &record["claims"]["email"]), (&"denied".into(), &EMAIL.into()));
    assert_eq!(record["keyFingerprint"], hex::encode(key.public_key().fingerprint()));
    assert!(record.get("certificate").is_none() && record["scts"] == serde_json::json!([]));
    assert_eq!(audit(&authority, "outcome=failed").await.json()["issuances"], serde_json::json!([]));
}

#[tokio::test]
async fn lifetimes_are_shortened_and_never_lengthened() {
    let authority = Authority::new().await;
    let now = i64::try_from(NOW).unwrap();
    for (seconds, expected) in [(60, 60), (600, 600), (86_400, 600)] {
        allow(&authority, &format!("max_lifetime_secs = {seconds}"));
        let answer = authority.post(V2, &request(&key(), EMAIL)).await;
        let leaf = answer.chain("signedCertificateDetachedSct").remove(0);
        assert_eq!((leaf.not_before(), leaf.not_after()), (now, now + expected), "{seconds}");
    }
}

#[tokio::test]
async fn keys_and_claims_decide() {
    let authority = Authority::new().await;
    let ed25519 = SoftwareSigner::generate(KeyKind::Ed25519).unwrap();
    allow(&authority, "key_algorithms = [\"ed25519\"]\ntype = \"email\"\nclaims = { email_verified = true }");
    assert_eq!(authority.post(V2, &request(&ed25519, EMAIL)).await.status, StatusCode::OK);
    let (status, message) = authority.post(V2, &request(&key(), EMAIL)).await.error();
    assert!(status == 403 && message.contains("ecdsa-sha2-256-nistp256"), "{message}");

    allow(&authority, "when = 'claims.email.endsWith(\"@example.com\") && key == \"ed25519\"'");
    assert_eq!(authority.post(V2, &request(&ed25519, EMAIL)).await.status, StatusCode::OK);
    assert_eq!(authority.post(V2, &request(&key(), EMAIL)).await.error().0, 403);

    // What cannot be evaluated denies, and the client is not told what was looked at.
    allow(&authority, "when = 'claims.phone == 1'");
    let (status, message) = authority.post(V2, &request(&ed25519, EMAIL)).await.error();
    assert_eq!((status, &*message), (403, "the issuance policy denies a certificate by its rule \"staff\""));
    let page = audit(&authority, "outcome=denied").await.json().to_string();
    assert!(page.contains("its condition cannot be evaluated: No such key: phone"), "{page}");
}

/// Who does not prove to hold the key learns nothing of the policy, and leaves no line in the trail.
#[tokio::test]
async fn the_proof_comes_before_the_policy() {
    let authority = Authority::new().await;
    put(&authority, DENY);
    let (status, _) = authority.post(V2, &request(&key(), "eve@example.com")).await.error();
    assert_eq!(status, 400);
    assert_eq!(authority.database.issuance_counts().await.unwrap().denied, 0);
}
