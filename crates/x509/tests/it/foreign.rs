//! Certificates that others made, odd ones among them.

use sigstead_x509::{Certificate, SubjectAlternativeName as San, X509Error, oid, parse_pem_chain};

use crate::openssl::{OnCertificates as _, OpenSsl};

const RECORDED: &[u8] = include_bytes!("../../testdata/rekor-entry.pem");

#[test]
fn a_recorded_certificate() {
    let certificate = Certificate::from_pem(RECORDED).unwrap();
    assert_eq!(certificate.to_pem().as_bytes(), RECORDED);
    assert_eq!(Certificate::from_der(certificate.der()).unwrap(), certificate);
    certificate.verify_signed_by(&certificate).unwrap();
    assert_eq!(
        certificate.subject_alternative_names(),
        [
            San::Dns("Example.COM".into()),
            San::Email("Foo@Bar.com".into()),
            San::Ip([10, 0, 0, 1].into()),
            San::Uri("https://GitHub.com/Org/Repo".into()),
            San::Username("Other!Name".into()),
        ]
    );
    assert_eq!(certificate.serial()[..4], [0x35, 0xf7, 0x21, 0xfe]);
    // 2026-11-20 21:14:13 UTC and ten days later.
    assert_eq!((certificate.not_before(), certificate.not_after()), (1_795_209_253, 1_796_073_253));
    assert_eq!(certificate.subject_key_identifier().unwrap()[..4], [0xa8, 0x4b, 0xf4, 0x7c]);
    assert_eq!(certificate.common_name().as_deref(), Some("x"));
    assert!(!certificate.is_ca());
    assert_eq!(certificate.extended_key_usages(), None);
}

/// A self-signed certificate, made with more arguments to `openssl req -x509`.
fn made(openssl: &OpenSsl, more: &[&str]) -> Certificate {
    if !openssl.attempt(&["pkey", "-in", "key.pem", "-noout"]).0 {
        openssl.generate("key.pem", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    }
    let mut arguments = vec!["req", "-x509", "-new", "-key", "key.pem", "-subj", "/CN=x/O=y"];
    arguments.extend(more);
    let text = openssl.run(&arguments);
    let certificate = Certificate::from_pem(text.as_bytes()).unwrap();
    openssl.write("made.pem", &text);
    openssl.run(&["x509", "-in", "made.pem", "-outform", "DER", "-out", "made.der"]);
    assert_eq!(certificate.der(), openssl.read("made.der"));
    certificate
}

#[test]
fn odd_serials() {
    let openssl = OpenSsl::new();
    let long = format!("0x{}", "7f".repeat(30));
    for (serial, bytes) in
        [("0", &[0][..]), ("-5", &[0xfb]), ("128", &[0, 0x80]), (long.as_str(), &[0x7f; 30])]
    {
        let certificate = made(&openssl, &["-set_serial", serial]);
        assert_eq!(certificate.serial(), bytes);
        certificate.verify_signed_by(&certificate).unwrap();
    }
}

#[test]
fn algorithms() {
    let openssl = OpenSsl::new();
    for hash in ["-sha256", "-sha384", "-sha512"] {
        let certificate = made(&openssl, &[hash]);
        certificate.verify_signed_by(&certificate).unwrap();
    }
    for weak in [&["-sha1"][..], &["-sha256", "-sigopt", "rsa_padding_mode:pss"]] {
        let certificate = made(&openssl, weak);
        let outcome = certificate.verify_signed_by(&certificate);
        assert!(matches!(outcome, Err(X509Error::Algorithm(_))), "{weak:?}");
    }
}

#[test]
fn extensions() {
    let openssl = OpenSsl::new();
    // [dn] is the directory name that subjectAltName refers to.
    openssl.write("openssl.cnf", "[req]\ndistinguished_name=none\n[none]\n[dn]\nCN=inside\n");
    let mut arguments = vec!["-config", "openssl.cnf"];
    for extension in [
        "extendedKeyUsage=critical,timeStamping,codeSigning,1.2.3.4",
        "subjectAltName=email:a@b.example,dirName:dn,RID:1.2.3,IP:2001:db8::1",
        "1.2.3.4.5=DER:0500",
    ] {
        arguments.extend(["-addext", extension]);
    }
    let certificate = made(&openssl, &arguments);
    let (critical, usages) = certificate.extended_key_usages().unwrap();
    assert!(critical && usages.len() == 3 && usages.contains(&oid::CODE_SIGNING));
    let names = [San::Email("a@b.example".into()), San::Ip("2001:db8::1".parse().unwrap())];
    assert_eq!(certificate.subject_alternative_names(), names);
    let odd = const_oid::ObjectIdentifier::new_unwrap("1.2.3.4.5");
    assert_eq!(certificate.extension(odd), Some((false, &[5, 0][..])));
    certificate.verify_signed_by(&certificate).unwrap();
}

/// Version 1: no extensions at all, and no version field.
#[test]
fn version_1() {
    let openssl = OpenSsl::new();
    openssl.generate("key.pem", &["-algorithm", "ED25519"]);
    openssl.run(&["req", "-new", "-key", "key.pem", "-subj", "/CN=old", "-out", "r.pem"]);
    let text = openssl.run(&["x509", "-req", "-in", "r.pem", "-signkey", "key.pem", "-days", "40000"]);
    let certificate = Certificate::from_pem(text.as_bytes()).unwrap();
    assert!(openssl.text_of(&certificate).contains("Version: 1 (0x0)"));
    assert_eq!(certificate.common_name().as_deref(), Some("old"));
    assert!(certificate.not_after() > 2_524_608_000 && !certificate.is_ca());
    certificate.verify_signed_by(&certificate).unwrap();
}

#[test]
fn chains_in_text() {
    let text = String::from_utf8(RECORDED.to_vec()).unwrap();
    let around = format!(
        "subject: x\n{text}\nkey next\n-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n{text}"
    );
    assert_eq!(parse_pem_chain(around.as_bytes()).unwrap().len(), 2);
    assert_eq!(parse_pem_chain(text.repeat(16).as_bytes()).unwrap().len(), 16);
    let broken = text.replace("MIIB", "MIIC");
    for wrong in ["", "no block", &text.repeat(17), &format!("{text}{broken}")] {
        parse_pem_chain(wrong.as_bytes()).unwrap_err();
    }
}

/// Two signature algorithms that differ: RFC 5280 §4.1.1.2 wants them equal.
#[test]
fn algorithms_that_differ() {
    let certificate = Certificate::from_pem(RECORDED).unwrap();
    let mut der = certificate.der().to_vec();
    // ecdsa-with-SHA256 becomes ecdsa-with-SHA384, in the outer one alone.
    let outer = 4 + certificate.tbs_der().len();
    let last = der[outer..].windows(2).position(|window| window == [3, 2]).unwrap();
    der[outer + last + 1] = 3;
    Certificate::from_der(&der).unwrap_err();
}
