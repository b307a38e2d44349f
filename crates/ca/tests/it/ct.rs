//! No certificate leaves whose precertificate was not logged by the log that is configured (ca.md 4.3 to 4.5).

use std::time::{Duration, Instant};

use sigstead_ca::CtLogConfig;
use sigstead_crypto::KeyKind;
use sigstead_x509::precertificate::{issuer_key_hash, tbs_without_poison, tbs_without_scts};
use sigstead_x509::sct::{SignedEntry, list_of};

use crate::ct_log::{CtLog, Mood};
use crate::fixture::{Authority, EMAIL, FulcioAnswer as _, key, request};

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

/// Real time: the client's patience is ten seconds.
#[tokio::test]
async fn no_answer_is_not_waited_for() {
    let (silent, busy) = (CtLog::start(Mood::Silent).await, CtLog::start(Mood::Busy(99)).await);
    let down = CtLogConfig {
        url: "http://127.0.0.1:1".to_owned(),
        public_key: silent.public_key(),
        http: reqwest::Client::builder(),
    };
    let authorities = [
        Authority::with_log(&silent).await,
        Authority::with_log(&busy).await,
        Authority::build(Some(down), KeyKind::EcdsaP256, Duration::from_secs(3600)).await,
    ];
    let begin = Instant::now();
    let ask =
        |authority: &'static Authority| async { authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await };
    let [a, b, c] = authorities.map(|authority| &*Box::leak(Box::new(authority)));
    let answers = tokio::join!(ask(a), ask(b), ask(c));
    for (answer, authority) in [(answers.0, a), (answers.1, b), (answers.2, c)] {
        assert_eq!(answer.error(), (503, "the certificate transparency log is not available".to_owned()));
        assert_ne!(answer.header("retry-after"), "");
        assert_eq!(authority.counts().await, (0, 1, 0));
    }
    assert!(begin.elapsed() < Duration::from_secs(15));
}
