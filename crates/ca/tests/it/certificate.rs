//! The certificate's fields and their order (ca.md 4.1), and what OpenSSL says of it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sigstead_crypto::{KeyKind, Signer as _};
use sigstead_x509::{Certificate, SubjectAlternativeName};

use crate::ct_log::{CtLog, Mood};
use crate::fixture::{Authority, EMAIL, FulcioAnswer as _, NOW, key, request};

const SIGNING_CERT: &str = "/api/v2/signingCert";

fn openssl(arguments: &[&str], folder: &Path) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn write(folder: &Path, name: &str, certificate: &Certificate) {
    std::fs::write(folder.join(name), certificate.to_pem()).unwrap();
}

#[tokio::test]
async fn openssl_verifies_the_chain_of_every_kind_of_authority() {
    for kind in
        [KeyKind::EcdsaP256, KeyKind::EcdsaP384, KeyKind::EcdsaP521, KeyKind::Rsa2048, KeyKind::Ed25519]
    {
        let authority = Authority::build(None, kind, Duration::from_secs(86_400)).await;
        let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
        let chain = answer.chain("signedCertificateDetachedSct");
        let folder = tempfile::tempdir().unwrap();
        for (name, certificate) in ["leaf.pem", "issuing.pem", "root.pem"].into_iter().zip(&chain) {
            write(folder.path(), name, certificate);
        }
        let at = (NOW + 1).to_string();
        let roots = ["-CAfile", "root.pem", "-untrusted", "issuing.pem"];
        let verify = [&["verify", "-x509_strict", "-attime", &at], &roots[..], &["leaf.pem"]].concat();
        assert!(openssl(&verify, folder.path()).contains("OK"), "{kind:?}");
    }
}

#[tokio::test]
async fn fields_in_fulcios_order() {
    let log = CtLog::start(Mood::Good).await;
    let authority = Authority::with_log(&log).await;
    let key = key();
    let answer = authority.post(SIGNING_CERT, &request(&key, EMAIL)).await;
    let leaf = answer.chain("signedCertificateEmbeddedSct").remove(0);
    let now = i64::try_from(NOW).unwrap();
    assert_eq!((leaf.not_before(), leaf.not_after()), (now, now + 600));
    assert_eq!(leaf.subject_der(), [0x30, 0]);
    assert_eq!(leaf.issuer_der(), authority.chain[0].subject_der());
    assert!(leaf.serial().len() <= 20 && leaf.serial()[0] < 0x80);
    assert_eq!(leaf.subject_alternative_names(), [SubjectAlternativeName::Email(EMAIL.into())]);
    assert_eq!(leaf.spki_der(), key.public_key().spki_der());

    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "leaf.pem", &leaf);
    let text = openssl(&["x509", "-in", "leaf.pem", "-noout", "-text"], folder.path());
    let order = [
        "X509v3 Key Usage: critical",
        "Digital Signature",
        "X509v3 Extended Key Usage: \n",
        "Code Signing",
        "X509v3 Subject Key Identifier",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Alternative Name: critical",
        &format!("email:{EMAIL}"),
        "1.3.6.1.4.1.57264.1.1: \n",
        authority.issuer.url(),
        "1.3.6.1.4.1.57264.1.8: \n",
        "1.3.6.1.4.1.57264.1.24: \n",
        "CT Precertificate SCTs: \n",
        "Signed Certificate Timestamp",
        "ecdsa-with-SHA256",
    ];
    let mut rest = text.as_str();
    for expected in order {
        let at =
            rest.find(expected).unwrap_or_else(|| panic!("{expected} is missing, or out of order:\n{text}"));
        rest = &rest[at + expected.len()..];
    }
    assert!(
        !text.contains("Basic Constraints")
            && !text.contains("CRL")
            && !text.contains("Authority Information")
    );
}

#[tokio::test]
async fn raw_and_encoded_extensions() {
    let authority = Authority::new().await;
    let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    let leaf = answer.chain("signedCertificateDetachedSct").remove(0);
    let extension = |number| leaf.extension(sigstead_x509::oid::fulcio(number).unwrap()).unwrap();
    assert_eq!(extension(1), (false, authority.issuer.url().as_bytes()));
    let utf8 =
        [&[0x0c, u8::try_from(authority.issuer.url().len()).unwrap()], authority.issuer.url().as_bytes()];
    assert_eq!(extension(8), (false, utf8.concat().as_slice()));
    assert_eq!(extension(24), (false, &[0x0c, 1, b'1'][..]));
}

#[tokio::test]
async fn no_certificate_outlives_its_authority() {
    let authority = Authority::build(None, KeyKind::EcdsaP256, Duration::from_secs(300)).await;
    let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    let chain = answer.chain("signedCertificateDetachedSct");
    assert_eq!(chain[0].not_after(), chain[1].not_after());
    authority.clock.advance(Duration::from_secs(301));
    let answer = authority.post(SIGNING_CERT, &request(&key(), EMAIL)).await;
    let text = "the certificate authority's own certificate is not valid at this time";
    assert_eq!(answer.error(), (503, text.to_owned()));
    assert_eq!(authority.counts().await, (1, 0, 0));
}
