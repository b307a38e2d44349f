use sigstead_crypto::{KeyKind, Signer as _};
use sigstead_x509::SubjectAlternativeName as San;
use sigstead_x509::build::{fulcio_extension, name, subject_alternative_name};

use crate::hierarchy::Authority;
use crate::openssl::{OnCertificates as _, OpenSsl};

#[tokio::test]
async fn subject_alternative_names_both_ways() {
    let openssl = OpenSsl::new();
    let root = Authority::root(KeyKind::EcdsaP256).await;
    let rows = [
        (San::Email("dev@example.com".into()), "email:dev@example.com"),
        (San::Uri("https://example.com/a?b=c".into()), "URI:https://example.com/a?b=c"),
        (San::Dns("example.com".into()), "DNS:example.com"),
        (San::Ip([192, 0, 2, 1].into()), "IP Address:192.0.2.1"),
        (San::Ip("2001:db8::1".parse().unwrap()), "IP Address:2001:DB8:0:0:0:0:0:1"),
        (San::Username("me!example.com".into()), "othername: 1.3.6.1.4.1.57264.1.7::me!example.com"),
    ];
    for (san, text) in rows {
        for critical in [true, false] {
            let extension = subject_alternative_name(&san, critical).unwrap();
            let certificate = root.with(KeyKind::EcdsaP256, &[extension]).await.certificate;
            assert_eq!(certificate.subject_alternative_names(), std::slice::from_ref(&san));
            let printed = openssl.text_of(&certificate);
            assert!(printed.contains(text), "{text}: {printed}");
            assert_eq!(printed.contains("Alternative Name: critical"), critical);
        }
    }
    subject_alternative_name(&San::Email("d\u{e9}v@example.com".into()), true).unwrap_err();
    subject_alternative_name(&San::Username("d\u{e9}v!example.com".into()), true).unwrap();
}

#[tokio::test]
async fn distinguished_names() {
    let openssl = OpenSsl::new();
    let root = Authority::root(KeyKind::EcdsaP256).await;
    let spki = root.signer.public_key().spki_der();
    for (text, common, organization) in [
        ("CN=sigstead,O=Example", Some("sigstead"), Some("Example")),
        ("CN=J\u{fc}rgen,O=Example\\, Inc.,C=DE", Some("J\u{fc}rgen"), Some("Example, Inc.")),
        ("O=Example", None, Some("Example")),
        ("CN=only", Some("only"), None),
    ] {
        let tbs = root.tbs(&name(text).unwrap(), spki, &[]);
        let certificate = sigstead_x509::build::sign_certificate(&tbs, &root.signer).await.unwrap();
        assert_eq!(certificate.common_name().as_deref(), common, "{text}");
        assert_eq!(certificate.organization().as_deref(), organization, "{text}");
        openssl.write("name.der", certificate.der());
        let printed = openssl.run(&[
            "x509",
            "-in",
            "name.der",
            "-inform",
            "DER",
            "-noout",
            "-subject",
            "-nameopt",
            "RFC2253,-esc_msb,utf8",
        ]);
        assert_eq!(printed.trim_end(), format!("subject={text}"));
    }
    for wrong in ["sigstead", "CN", "=x", "NOSUCH=x"] {
        name(wrong).expect_err(wrong);
    }
}

/// Raw bytes up to 6, UTF8String from 8 on.
#[test]
fn fulcio_extensions() {
    let value = |number| fulcio_extension(number, "push").unwrap();
    assert_eq!(value(2).value, b"push");
    assert_eq!(value(6).id.to_string(), "1.3.6.1.4.1.57264.1.6");
    assert_eq!(value(8).value, b"\x0c\x04push");
    assert_eq!(value(24).value, b"\x0c\x04push");
    assert_eq!(value(24).id.to_string(), "1.3.6.1.4.1.57264.1.24");
    assert!(!value(24).critical);
    let long = fulcio_extension(9, &"x".repeat(300)).unwrap().value;
    assert_eq!(long[..4], [0x0c, 0x82, 1, 44]);
}
