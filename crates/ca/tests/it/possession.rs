//! Keys and the proofs that clients have them (ca.md 2).

use std::path::Path;
use std::process::Command;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_x509::SubjectAlternativeName;

use crate::fixture::{Authority, EMAIL, FulcioAnswer as _, key, request};

const SIGNING_CERT: &str = "/api/v2/signingCert";
const NO_KEY: &str = "The public key supplied in the request could not be parsed";
const WEAK: &str = "The public key supplied in the request is insecure";
const NO_PROOF: &str = "The signature supplied in the request could not be verified";
const NO_REQUEST: &str = "The certificate signing request could not be parsed";

fn openssl(arguments: &[&str], folder: &Path) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A certificate signing request in PEM, made by OpenSSL.
fn signing_request(key: &[&str], more: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    openssl(&[&["genpkey", "-out", "key.pem"], key].concat(), folder.path());
    let subject = ["req", "-new", "-key", "key.pem", "-subj", "/CN=ignored", "-out", "csr.pem"];
    openssl(&[&subject, more].concat(), folder.path());
    std::fs::read(folder.path().join("csr.pem")).unwrap()
}

fn csr(pem: &[u8]) -> Value {
    json!({ "certificateSigningRequest": BASE64_STANDARD.encode(pem) })
}

fn ec(curve: &str) -> Vec<String> {
    ["-algorithm", "EC", "-pkeyopt", &format!("ec_paramgen_curve:{curve}")].map(str::to_owned).to_vec()
}

fn rsa(bits: &str) -> Vec<String> {
    ["-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")].map(str::to_owned).to_vec()
}

/// The client chooses nothing but the key: what else its request says is not in the certificate.
#[tokio::test]
async fn what_a_signing_request_asks_for_is_ignored() {
    let authority = Authority::new().await;
    let wishes =
        ["basicConstraints=critical,CA:TRUE", "subjectAltName=email:eve@example.com", "keyUsage=keyCertSign"];
    let wishes: Vec<&str> = wishes.iter().flat_map(|wish| ["-addext", wish]).collect();
    let ec_key = ec("P-256");
    let ec_key: Vec<&str> = ec_key.iter().map(String::as_str).collect();
    let plain = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    let wished = authority
        .post(SIGNING_CERT, &csr(&signing_request(&ec_key, &[&["-sha256"], &wishes[..]].concat())))
        .await;
    let [plain, wished] =
        [plain, wished].map(|answer| answer.chain("signedCertificateDetachedSct").remove(0));
    assert_eq!(wished.subject_alternative_names(), [SubjectAlternativeName::Email(EMAIL.into())]);
    assert_eq!(wished.subject_der(), plain.subject_der());
    assert_eq!(wished.extension_ids().collect::<Vec<_>>(), plain.extension_ids().collect::<Vec<_>>());
}

async fn outcome(authority: &Authority, key: &[String], more: &[&str]) -> (u16, String) {
    let key: Vec<&str> = key.iter().map(String::as_str).collect();
    let answer = authority.post(SIGNING_CERT, &csr(&signing_request(&key, more))).await;
    if answer.status == StatusCode::OK { (200, String::new()) } else { answer.error() }
}

#[tokio::test]
async fn every_kind_of_key() {
    let authority = Authority::new().await;
    for kind in [
        KeyKind::EcdsaP256,
        KeyKind::EcdsaP384,
        KeyKind::EcdsaP521,
        KeyKind::Rsa2048,
        KeyKind::Rsa3072,
        KeyKind::Rsa4096,
        KeyKind::Ed25519,
    ] {
        let key = SoftwareSigner::generate(kind).unwrap();
        let answer = authority.post(SIGNING_CERT, &request(&key, EMAIL)).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn signing_requests() {
    let authority = Authority::new().await;
    let ed25519 = ["-algorithm", "ED25519"].map(str::to_owned);
    for (key, more) in [
        (ec("P-256"), &["-sha256"][..]),
        (ec("P-384"), &["-sha384"]),
        (ec("P-521"), &["-sha512"]),
        (rsa("2048"), &["-sha256"]),
        (ed25519.to_vec(), &[]),
        (ec("P-256"), &["-sha256", "-newhdr"]),
        (ec("P-256"), &["-sha256", "-addext", "subjectAltName=email:eve@example.com"]),
    ] {
        assert_eq!(outcome(&authority, &key, more).await.0, 200, "{key:?} {more:?}");
    }
    let not_permitted =
        |kind: &str, hash: &str| (400, format!("signing algorithm not permitted: {kind}, {hash}"));
    assert_eq!(
        outcome(&authority, &ec("P-256"), &["-sha512"]).await,
        not_permitted("*ecdsa.PublicKey", "SHA-512")
    );
    assert_eq!(
        outcome(&authority, &ec("P-384"), &["-sha256"]).await,
        not_permitted("*ecdsa.PublicKey", "SHA-256")
    );
    assert_eq!(
        outcome(&authority, &rsa("2048"), &["-sha384"]).await,
        not_permitted("*rsa.PublicKey", "SHA-384")
    );
    let pss = outcome(&authority, &rsa("2048"), &["-sigopt", "rsa_padding_mode:pss"]).await;
    assert!(pss.0 == 400 && pss.1.starts_with("unrecognized signature algorithm: "), "{pss:?}");
    for key in [rsa("1024"), rsa("2056"), ec("P-224")] {
        assert_eq!(outcome(&authority, &key, &["-sha256"]).await, (400, WEAK.to_owned()), "{key:?}");
    }
    let e3 = [rsa("2048"), ["-pkeyopt", "rsa_keygen_pubexp:3"].map(str::to_owned).to_vec()].concat();
    assert_eq!(outcome(&authority, &e3, &["-sha256"]).await, (400, WEAK.to_owned()));
}

#[tokio::test]
async fn kinds_of_key_can_be_chosen() {
    let authority = Authority::allowing(&["ed25519", "ecdsa-sha2-256-nistp384"]).await;
    let ed25519 = SoftwareSigner::generate(KeyKind::Ed25519).unwrap();
    assert_eq!(authority.post(SIGNING_CERT, &request(&ed25519, EMAIL)).await.status, StatusCode::OK);
    let text = "signing algorithm not permitted: *ecdsa.PublicKey, SHA-256";
    let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    assert_eq!(answer.error(), (400, text.to_owned()));
    assert_eq!(outcome(&authority, &ec("P-384"), &["-sha256"]).await.0, 200);
    assert_eq!(outcome(&authority, &ec("P-384"), &["-sha384"]).await.0, 400);
}

#[tokio::test]
async fn signing_requests_that_are_none() {
    let authority = Authority::new().await;
    let ec_key = ec("P-256");
    let ec_key: Vec<&str> = ec_key.iter().map(String::as_str).collect();
    let good = signing_request(&ec_key, &["-sha256"]);
    let block = sigstead_crypto::pem::blocks(&good).remove(0);
    let mut damaged = block.der.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let encode = |label, der: &[u8]| sigstead_crypto::pem::encode(label, der).into_bytes();
    for (pem, expected) in [
        (block.der.clone(), NO_REQUEST),
        (b"nonsense".to_vec(), NO_REQUEST),
        (Vec::new(), NO_REQUEST),
        (encode("CERTIFICATE", &block.der), NO_REQUEST),
        (encode("CERTIFICATE REQUEST", &block.der[..60]), NO_REQUEST),
        (encode("CERTIFICATE REQUEST", &damaged), NO_PROOF),
    ] {
        let answer = authority.post(SIGNING_CERT, &csr(&pem)).await;
        assert_eq!(answer.error(), (400, expected.to_owned()));
    }
    assert_eq!(authority.counts().await, (0, 0, 0));
}

#[tokio::test]
async fn proofs_that_prove_nothing() {
    let authority = Authority::new().await;
    let (key, other) = (key(), key());
    let mut cases =
        vec![request(&key, "eve@example.com"), request(&key, ""), request(&key, authority.issuer.url())];
    let mut of_other = request(&key, EMAIL);
    of_other["publicKeyRequest"]["publicKey"]["content"] = other.public_key().to_pem().into();
    let mut empty = request(&key, EMAIL);
    empty["publicKeyRequest"]["proofOfPossession"] = "".into();
    let mut absent = request(&key, EMAIL);
    absent["publicKeyRequest"].as_object_mut().unwrap().remove("proofOfPossession");
    cases.extend([of_other, empty, absent]);
    for body in cases {
        assert_eq!(authority.post(SIGNING_CERT, &body).await.error(), (400, NO_PROOF.to_owned()), "{body}");
    }
    assert_eq!(authority.counts().await, (0, 0, 0));
}

#[tokio::test]
async fn keys_that_are_none() {
    let authority = Authority::new().await;
    let key = key();
    for content in ["", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
        let mut body = request(&key, EMAIL);
        body["publicKeyRequest"]["publicKey"]["content"] = content.into();
        assert_eq!(authority.post(SIGNING_CERT, &body).await.error(), (400, NO_KEY.to_owned()), "{content}");
    }
    let private = key.pkcs8_der().unwrap();
    let mut body = request(&key, EMAIL);
    body["publicKeyRequest"]["publicKey"]["content"] =
        sigstead_crypto::pem::encode("PRIVATE KEY", &private).into();
    assert_eq!(authority.post(SIGNING_CERT, &body).await.error(), (400, NO_KEY.to_owned()));
    assert_eq!(authority.post(SIGNING_CERT, &json!({})).await.error(), (400, NO_KEY.to_owned()));
    assert_eq!(authority.counts().await, (0, 0, 0));
}
