//! What the audit trail says over HTTP of what was issued, and of what was not.

use axum::http::StatusCode;
use sigstead_crypto::Signer as _;
use sigstead_testkit::Answer;
use sigstead_x509::Certificate;

use crate::ct_log::{CtLog, Mood};
use crate::fixture::{Authority, EMAIL, FulcioAnswer as _, key, request};

const SIGNING_CERT: &str = "/api/v2/signingCert";

pub(crate) async fn audit(authority: &Authority, query: &str) -> Answer {
    let operations = sigstead_ca::audit_router(authority.database.clone());
    Answer::of(&operations, "GET", &format!("/ca/audit?{query}"), &[], Vec::new()).await
}

#[tokio::test]
async fn an_issuance_is_found_with_its_claims_and_its_sct() {
    let log = CtLog::start(Mood::Good).await;
    let authority = Authority::with_log(&log).await;
    let key = key();
    let answer = authority.post(SIGNING_CERT, &request(&key, EMAIL)).await;
    let leaf = answer.chain("signedCertificateEmbeddedSct").remove(0);
    let page = audit(&authority, &format!("serial={}", hex::encode(leaf.serial()))).await.json();
    let record = &page["issuances"][0];
    assert_eq!(record["outcome"], "issued");
    assert_eq!((&record["san"], &record["subject"]), (&EMAIL.into(), &"1".into()));
    assert_eq!(record["issuer"], authority.issuer.url());
    assert_eq!((&record["claims"]["email"], &record["claims"]["aud"]), (&EMAIL.into(), &"sigstore".into()));
    assert_eq!(record["keyFingerprint"], hex::encode(key.public_key().fingerprint()));
    assert_eq!(record["notBefore"], "2027-01-15T08:00:00Z");
    assert_eq!(record["scts"][0]["logId"], hex::encode(log.public_key().fingerprint()));
    assert_eq!(Certificate::from_pem(record["certificate"].as_str().unwrap().as_bytes()).unwrap(), leaf);
    assert!(!page.to_string().contains(&authority.token()[..40]), "never the token");
}

#[tokio::test]
async fn failures_are_found_with_their_reason() {
    let log = CtLog::start(Mood::Forged).await;
    let authority = Authority::with_log(&log).await;
    authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    assert_eq!(audit(&authority, "outcome=issued").await.json()["issuances"], serde_json::json!([]));
    let page = audit(&authority, "outcome=failed&san.prefix=ada%40").await.json();
    assert!(page["issuances"][0]["reason"].as_str().unwrap().contains("CtLog"), "{page}");
    assert!(page["issuances"][0].get("certificate").is_none());
}

#[tokio::test]
async fn pages_lead_to_each_other() {
    let authority = Authority::new().await;
    for _ in 0..5 {
        authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    }
    let (mut serials, mut cursor) = (Vec::new(), String::new());
    for expected in [2, 2, 1] {
        let page = audit(&authority, &format!("limit=2{cursor}")).await.json();
        let issuances = page["issuances"].as_array().unwrap();
        assert_eq!(issuances.len(), expected);
        serials.extend(issuances.iter().map(|record| record["serial"].to_string()));
        cursor = page["cursor"].as_str().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    }
    assert_eq!(cursor, "", "the last page leads nowhere");
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 5);
}

#[tokio::test]
async fn it_is_not_on_the_public_port_and_takes_no_nonsense() {
    let authority = Authority::new().await;
    assert_eq!(authority.get("/ca/audit").await.status, StatusCode::NOT_FOUND);
    let answer = audit(&authority, "colour=red").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.json()["message"].as_str().unwrap().starts_with("colour: "));
}
