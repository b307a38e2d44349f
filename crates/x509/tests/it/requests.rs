use sigstead_crypto::{HashAlgorithm, PublicKey, PublicKeyKind, pem};
use sigstead_x509::{CertificateRequest, X509Error};

use crate::openssl::OpenSsl;

const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P384: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
const P521: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"];
const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const ED25519: &[&str] = &["-algorithm", "ED25519"];

/// A request for `kind`'s key, made with more arguments to `openssl req`.
fn request(openssl: &OpenSsl, kind: &[&str], more: &[&str]) -> Vec<u8> {
    openssl.generate("key.pem", kind);
    openssl
        .run(&[&["req", "-new", "-key", "key.pem", "-subj", "/CN=anyone", "-out", "r.pem"], more].concat());
    openssl.read("r.pem")
}

#[test]
fn every_key_and_hash() {
    let openssl = OpenSsl::new();
    let kinds = [
        (P256, PublicKeyKind::EcdsaP256),
        (P384, PublicKeyKind::EcdsaP384),
        (P521, PublicKeyKind::EcdsaP521),
        (RSA, PublicKeyKind::Rsa { bits: 2048 }),
    ];
    let hashes = [
        ("-sha256", HashAlgorithm::Sha256),
        ("-sha384", HashAlgorithm::Sha384),
        ("-sha512", HashAlgorithm::Sha512),
    ];
    for (arguments, kind) in kinds {
        for (option, hash) in hashes {
            let request = CertificateRequest::from_pem(&request(&openssl, arguments, &[option])).unwrap();
            request.verify_self_signature().unwrap();
            assert_eq!(request.hash().unwrap(), hash);
            let key = request.public_key().unwrap();
            assert_eq!(key.kind(), kind);
            let public = openssl.run(&["pkey", "-in", "key.pem", "-pubout"]);
            assert_eq!(key, PublicKey::from_pem(public.as_bytes()).unwrap());
        }
    }
    let request = CertificateRequest::from_pem(&request(&openssl, ED25519, &[])).unwrap();
    request.verify_self_signature().unwrap();
    assert_eq!(request.public_key().unwrap().kind(), PublicKeyKind::Ed25519);
}

#[test]
fn the_forms_that_clients_send() {
    let openssl = OpenSsl::new();
    for more in [
        &["-newhdr"][..],
        &["-text"],
        &["-subj", "/"],
        &["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=email:a@b.example"],
    ] {
        let text = request(&openssl, P256, more);
        CertificateRequest::from_pem(&text).unwrap().verify_self_signature().unwrap();
        let windows = String::from_utf8(text).unwrap().replace('\n', "\r\n");
        CertificateRequest::from_pem(windows.as_bytes()).unwrap().verify_self_signature().unwrap();
    }
}

#[test]
fn algorithms_that_are_not_accepted() {
    let openssl = OpenSsl::new();
    for (kind, more) in [
        (P256, &["-sha1"][..]),
        (RSA, &["-sha1"]),
        (RSA, &["-sha256", "-sigopt", "rsa_padding_mode:pss"]),
        (P256, &["-sha3-256"]),
    ] {
        let request = CertificateRequest::from_pem(&request(&openssl, kind, more)).unwrap();
        assert!(matches!(request.verify_self_signature(), Err(X509Error::Algorithm(_))), "{more:?}");
    }
    let curve = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp224r1"];
    let request = CertificateRequest::from_pem(&request(&openssl, curve, &[])).unwrap();
    request.public_key().unwrap_err();
    request.verify_self_signature().unwrap_err();
}

#[test]
fn another_key_or_a_changed_request() {
    let openssl = OpenSsl::new();
    let text = request(&openssl, P256, &[]);
    let der = pem::blocks(&text)[0].der.clone();
    let subject = der.windows(6).position(|window| window == b"anyone").unwrap();
    for position in [subject, der.len() - 1] {
        let mut changed = der.clone();
        changed[position] ^= 1;
        let changed = pem::encode("CERTIFICATE REQUEST", &changed);
        let changed = CertificateRequest::from_pem(changed.as_bytes()).unwrap();
        changed.verify_self_signature().unwrap_err();
    }
}

#[test]
fn not_a_request() {
    let openssl = OpenSsl::new();
    let text = request(&openssl, P256, &[]);
    let der = pem::blocks(&text)[0].der.clone();
    let key = openssl.run(&["pkey", "-in", "key.pem", "-pubout"]);
    let before = [key.as_bytes(), &text].concat();
    let longer = pem::encode("CERTIFICATE REQUEST", &[&der[..], &[0]].concat());
    let shorter = pem::encode("CERTIFICATE REQUEST", &der[..der.len() - 1]);
    let huge = pem::encode("CERTIFICATE REQUEST", &vec![0x30; 70_000]);
    let label = pem::encode("CERTIFICATE", &der);
    let wrong: [&[u8]; 8] = [
        b"",
        &der,
        key.as_bytes(),
        &before,
        longer.as_bytes(),
        shorter.as_bytes(),
        huge.as_bytes(),
        label.as_bytes(),
    ];
    for wrong in wrong {
        let text = String::from_utf8_lossy(wrong);
        let error = CertificateRequest::from_pem(wrong).expect_err(&text);
        assert!(matches!(error, X509Error::Malformed { .. }), "{error}");
    }
}
