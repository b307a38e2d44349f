//! No certificate leaves whose precertificate was not logged by the log that is configured (ca.md 4.3 to 4.5).

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sigstead_ca::SctDelivery;
use sigstead_crypto::Signer as _;
use sigstead_store::{IssuanceOutcome, IssuanceQuery};
use sigstead_x509::precertificate::{issuer_key_hash, tbs_without_poison, tbs_without_scts};
use sigstead_x509::sct::{SignedEntry, list_of};
use sigstead_x509::{Certificate, Sct};

use crate::ct_log::{CtLog, Mood};
use crate::fixture::{Authority, CT_DEADLINE, EMAIL, FulcioAnswer as _, ct, key, request};

const SIGNING_CERT: &str = "/api/v2/signingCert";

#[tokio::test]
async fn what_leaves_is_what_was_logged() {
    let log = CtLog::start(Mood::Good).await;
    let authority = Authority::with_log(&log).await;
    let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    let certificate = answer.chain("signedCertificateEmbeddedSct").remove(0);
    let submitted = log.entries().remove(0);
    assert_eq!(submitted[1..], authority.chain);
    let tbs = tbs_without_scts(&certificate).unwrap();
    assert_eq!(tbs, tbs_without_poison(&submitted[0]).unwrap());
    assert_eq!(certificate.serial(), submitted[0].serial());

    let scts = list_of(&certificate).unwrap();
    assert_eq!(scts.len(), 1, "clients want exactly one");
    let entry =
        SignedEntry::Precertificate { issuer_key_hash: &issuer_key_hash(&authority.chain[0]), tbs: &tbs };
    scts[0].verify(&entry, &log.public_key()).unwrap();
    assert_eq!(scts[0].extensions, [0, 0, 5, 0, 0, 0, 0, 9]);
}

#[tokio::test]
async fn promises_that_are_not_believed() {
    for mood in [
        Mood::Forged,
        Mood::Stranger,
        Mood::OtherEntry,
        Mood::Stale,
        Mood::Version2,
        Mood::Junk,
        Mood::Huge,
        Mood::Redirect,
        Mood::Status(500),
        Mood::Status(400),
        Mood::Status(404),
    ] {
        let log = CtLog::start(mood).await;
        let authority = Authority::with_log(&log).await;
        let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
        assert_eq!(answer.error(), (500, "Error entering certificate in CTL".to_owned()), "{mood:?}");
        assert_eq!(log.entries().len(), 1, "asked once");
        assert_eq!(authority.counts().await, (0, 1, 0), "{mood:?}: an intent, and no certificate");
    }
}

/// Without a connection it is the same log: as often asked, as little believed.
#[tokio::test]
async fn a_log_in_the_same_process() {
    for delivery in [SctDelivery::Embedded, SctDelivery::Detached] {
        let log = CtLog::start(Mood::Busy(1)).await;
        let authority = Authority::beside(&log, delivery).await;
        let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
        assert_eq!((answer.status, log.entries().len()), (StatusCode::OK, 2), "{delivery:?}");
    }
    for mood in [Mood::Forged, Mood::OtherEntry, Mood::Junk, Mood::Huge, Mood::Redirect, Mood::Status(500)] {
        let log = CtLog::start(mood).await;
        let authority = Authority::beside(&log, SctDelivery::Embedded).await;
        let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
        assert_eq!(answer.error(), (500, "Error entering certificate in CTL".to_owned()), "{mood:?}");
        assert_eq!((log.entries().len(), authority.counts().await), (1, (0, 1, 0)), "{mood:?}");
    }
    let log = CtLog::start(Mood::Silent).await;
    let authority = Authority::beside(&log, SctDelivery::Embedded).await;
    let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    assert_eq!(answer.error(), (503, "the certificate transparency log is not available".to_owned()));
}

#[tokio::test]
async fn a_busy_log_is_asked_again() {
    let log = CtLog::start(Mood::Busy(1)).await;
    let authority = Authority::with_log(&log).await;
    let begin = Instant::now();
    let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    assert_eq!(answer.chain("signedCertificateEmbeddedSct").len(), 3);
    assert!(begin.elapsed() >= Duration::from_secs(1), "as late as it said");
    assert_eq!(log.entries().len(), 2);
}

#[tokio::test]
async fn no_answer_is_not_waited_for() {
    for mood in [Mood::Silent, Mood::Busy(99), Mood::Down, Mood::Status(502)] {
        let log = CtLog::start(mood).await;
        let authority = Authority::with_log(&log).await;
        let begin = Instant::now();
        let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
        assert_eq!(answer.error(), (503, "the certificate transparency log is not available".to_owned()));
        assert_ne!(answer.header("retry-after"), "");
        assert!((CT_DEADLINE..3 * CT_DEADLINE).contains(&begin.elapsed()), "{mood:?}");
        assert_eq!(authority.counts().await, (0, 1, 0));
    }
}

/// Of three logs two must promise; whatever the third is like, they do, and each promise is its log's own.
#[tokio::test]
async fn two_of_three_logs_are_enough() {
    for (mood, place) in [(Mood::Down, 0), (Mood::Silent, 1), (Mood::Forged, 1), (Mood::Status(500), 0)] {
        let mut moods = [Mood::Good; 3];
        moods[place] = mood;
        let logs = started(moods).await;
        let authority = Authority::with_logs(logs.each_ref(), 2, SctDelivery::Embedded).await;
        let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
        let certificate = answer.chain("signedCertificateEmbeddedSct").remove(0);
        let scts = list_of(&certificate).unwrap();
        let good = logs.iter().enumerate().filter(|(n, _)| *n != place).map(|(_, log)| log);
        let expected: Vec<_> = good.map(|log| log.public_key().fingerprint()).collect();
        assert_eq!(scts.iter().map(|sct| sct.log_id).collect::<Vec<_>>(), expected, "{mood:?}");
        let tbs = tbs_without_scts(&certificate).unwrap();
        let issuer_key_hash = issuer_key_hash(&authority.chain[0]);
        let entry = SignedEntry::Precertificate { issuer_key_hash: &issuer_key_hash, tbs: &tbs };
        for log in logs.iter().filter(|log| expected.contains(&log.public_key().fingerprint())) {
            let sct = scts.iter().find(|sct| sct.log_id == log.public_key().fingerprint()).unwrap();
            sct.verify(&entry, &log.public_key()).unwrap();
        }
        assert_eq!(authority.counts().await, (1, 0, 0));
    }
}

#[tokio::test]
async fn a_spare_log_is_left_alone_while_the_others_answer() {
    let logs = started([Mood::Good; 3]).await;
    let authority = Authority::with_logs(logs.each_ref(), 2, SctDelivery::Embedded).await;
    authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    assert_eq!(logs.map(|log| log.entries().len()), [1, 1, 0]);
}

#[tokio::test]
async fn too_few_promises_are_none() {
    for (moods, status) in [
        ([Mood::Good, Mood::Down, Mood::Down], 503),
        ([Mood::Good, Mood::Silent, Mood::Busy(99)], 503),
        ([Mood::Status(500), Mood::Forged, Mood::Good], 500),
        ([Mood::Good, Mood::Stranger, Mood::OtherEntry], 500),
        ([Mood::Forged, Mood::Down, Mood::Good], 503),
    ] {
        let logs = started(moods).await;
        let authority = Authority::with_logs(logs.each_ref(), 2, SctDelivery::Embedded).await;
        let begin = Instant::now();
        let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
        assert_eq!(answer.error().0, status, "{moods:?}");
        assert!(begin.elapsed() < 3 * CT_DEADLINE);
        assert_eq!(authority.counts().await, (0, 1, 0), "nothing leaves");
    }
}

/// The certificate itself is logged, and its promise comes beside it, in every API's way.
#[tokio::test]
async fn detached_promises() {
    let log = CtLog::start(Mood::Good).await;
    let authority = Authority::with_logs([&log], 1, SctDelivery::Detached).await;
    let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    let certificate = answer.chain("signedCertificateDetachedSct").remove(0);
    let promise = &answer.json()["signedCertificateDetachedSct"]["signedCertificateTimestamp"];
    assert_eq!(log.entries()[0][0], certificate);
    assert_eq!(list_of(&certificate), None);
    sct(promise.as_str().unwrap()).verify(&SignedEntry::X509(certificate.der()), &log.public_key()).unwrap();

    let key = key();
    let proof = BASE64_STANDARD.encode(key.sign_now(EMAIL.as_bytes()).unwrap());
    let body = serde_json::json!({
        "publicKey": { "content": BASE64_STANDARD.encode(key.public_key().to_pem()) },
        "signedEmailAddress": proof,
    });
    let answer = authority.post("/api/v1/signingCert", &body).await;
    let certificate = Certificate::from_pem(answer.text().as_bytes()).unwrap();
    sct(answer.header("sct")).verify(&SignedEntry::X509(certificate.der()), &log.public_key()).unwrap();

    let forger = CtLog::start(Mood::Forged).await;
    let authority = Authority::with_logs([&forger], 1, SctDelivery::Detached).await;
    assert_eq!(authority.post("/api/v1/signingCert", &body).await.error().0, 500);
    assert_eq!(authority.counts().await, (0, 1, 0));
}

async fn started<const N: usize>(moods: [Mood; N]) -> [CtLog; N] {
    let mut logs = Vec::new();
    for mood in moods {
        logs.push(CtLog::start(mood).await);
    }
    logs.try_into().ok().unwrap()
}

/// The SCT in base64 of RFC 6962's JSON.
fn sct(text: &str) -> Sct {
    let json: Value = serde_json::from_slice(&BASE64_STANDARD.decode(text).unwrap()).unwrap();
    let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["extensions", "id", "sct_version", "signature", "timestamp"]);
    let bytes = |name: &str| BASE64_STANDARD.decode(json[name].as_str().unwrap()).unwrap();
    assert_eq!(json["sct_version"], 0);
    Sct {
        log_id: bytes("id").try_into().unwrap(),
        timestamp: json["timestamp"].as_u64().unwrap(),
        extensions: bytes("extensions"),
        signature: bytes("signature"),
    }
}

/// A client may come again: nothing is wrong with what it sent. The audit trail has the reason, and no log an entry.
#[tokio::test]
async fn a_key_store_that_is_away_makes_no_certificate() {
    let log = CtLog::start(Mood::Good).await;
    let logged = |delivery| Some(ct([&log], 1, delivery));
    for ct in [logged(SctDelivery::Embedded), logged(SctDelivery::Detached), None] {
        let authority = Authority::without_key_store(ct).await;
        let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
        assert_eq!(answer.error(), (503, "error communicating with CA backend".to_owned()));
        assert_eq!(answer.header("retry-after"), "5");
        assert_eq!(authority.counts().await, (0, 1, 0));
        let failed = authority.database.issuances(&IssuanceQuery::default(), 9).await.unwrap();
        let outcome = &failed[0].issuance.as_ref().unwrap().outcome;
        let IssuanceOutcome::Failed(reason) = outcome else { panic!("{outcome:?}") };
        assert!(reason.contains("the token is not there"), "{reason}");
    }
    assert!(log.entries().is_empty());
}
