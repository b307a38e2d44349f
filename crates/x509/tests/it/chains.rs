use std::time::Duration;

use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_x509::authority::{self, Profile};
use sigstead_x509::build::{Extension, basic_constraints, extended_key_usage, key_usage_authority};
use sigstead_x509::build::{empty_name, key_usage_signature, sign_certificate};
use sigstead_x509::{
    Certificate, ChainError, ChainRules, Purpose, oid, parse_pem_chain, validate_chain, validate_key,
};

use crate::hierarchy::{Authority, START, YEAR};
use crate::openssl::{OnCertificates as _, OpenSsl};

const P256: KeyKind = KeyKind::EcdsaP256;
const ISSUING: ChainRules = ChainRules { purpose: Purpose::CodeSigningAuthority, at: START };
const TIMESTAMPING: ChainRules = ChainRules { purpose: Purpose::Timestamping, at: START };

#[tokio::test]
async fn openssl_accepts_every_kind_of_key() {
    let openssl = OpenSsl::new();
    for kind in [P256, KeyKind::EcdsaP384, KeyKind::EcdsaP521, KeyKind::Rsa2048, KeyKind::Ed25519] {
        let root = Authority::root(kind).await;
        let issuing = root.below(kind, Profile::CodeSigningAuthority).await;
        validate_chain(&[issuing.certificate.clone(), root.certificate.clone()], ISSUING).unwrap();
        validate_chain(std::slice::from_ref(&root.certificate), ISSUING).unwrap();

        let key = SoftwareSigner::generate(kind).unwrap();
        let spki = key.public_key().spki_der();
        let tbs = issuing.tbs(&empty_name(), spki, &issuing.code_signing(spki));
        let leaf = sign_certificate(&tbs, &issuing.signer).await.unwrap();
        leaf.verify_signed_by(&issuing.certificate).unwrap();
        leaf.verify_signed_by(&root.certificate).unwrap_err();
        let chain = [leaf, issuing.certificate, root.certificate];
        let (accepted, output) = openssl.verify(&chain, START, &[]);
        assert!(accepted, "{kind:?}: {output}");
        let (accepted, output) = openssl.verify(&chain, START + 601, &[]);
        assert!(!accepted && output.contains("expired"), "{output}");
    }
}

#[tokio::test]
async fn openssl_accepts_a_timestamping_chain() {
    let openssl = OpenSsl::new();
    let root = Authority::root(KeyKind::EcdsaP384).await;
    let between = root.below(P256, Profile::TimestampingAuthority).await;
    let leaf = between.below(P256, Profile::Timestamping).await;
    let short = root.below(P256, Profile::Timestamping).await;
    for chain in [
        vec![leaf.certificate.clone(), between.certificate, root.certificate.clone()],
        vec![short.certificate, root.certificate],
    ] {
        validate_chain(&chain, TIMESTAMPING).unwrap();
        let (accepted, output) = openssl.verify(&chain, START, &["-purpose", "timestampsign"]);
        assert!(accepted, "{output}");
        let text: String = chain.iter().map(Certificate::to_pem).collect();
        assert_eq!(parse_pem_chain(text.as_bytes()).unwrap(), chain);
    }
    let text = openssl.text_of(&leaf.certificate);
    for line in ["X509v3 Extended Key Usage: critical", "X509v3 Key Usage: critical", "Time Stamping"] {
        assert!(text.contains(line), "{text}");
    }
    validate_key(std::slice::from_ref(&leaf.certificate), leaf.signer.public_key()).unwrap();
    let other = validate_key(std::slice::from_ref(&leaf.certificate), between.signer.public_key());
    assert_eq!(other, Err(ChainError::OtherKey));
    assert_eq!(validate_key(&[], between.signer.public_key()), Err(ChainError::OtherKey));
}

#[tokio::test]
async fn openssl_reads_the_authorities() {
    let openssl = OpenSsl::new();
    let root = Authority::root(P256).await;
    let text = openssl.text_of(&root.certificate);
    for line in [
        "CA:TRUE\n",
        "X509v3 Basic Constraints: critical",
        "X509v3 Key Usage: critical",
        "Certificate Sign, CRL Sign",
        "Subject: CN=Test root,O=Example",
        "Issuer: CN=Test root,O=Example",
        "Not Before: Jan 15 08:00:00 2027 GMT",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("Extended Key Usage"));
    let issuing = root.below(P256, Profile::CodeSigningAuthority).await;
    let text = openssl.text_of(&issuing.certificate);
    assert!(text.contains("CA:TRUE, pathlen:0") && text.contains("Code Signing"), "{text}");
    assert_eq!(issuing.certificate.path_length(), Some(0));
    assert!(issuing.certificate.is_ca());
    assert_ne!(root.certificate.serial(), issuing.certificate.serial());
}

/// RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050 on.
#[tokio::test]
async fn times_around_2050() {
    let openssl = OpenSsl::new();
    let signer = SoftwareSigner::generate(P256).unwrap();
    let until = |lifetime| authority::root(&signer, "CN=x", 2_524_607_000, Duration::from_secs(lifetime));
    for (lifetime, encoded) in [(999, "UTCTIME           :491231235959Z"), (1000, "20500101000000Z")] {
        let certificate = until(lifetime).await.unwrap();
        openssl.write("t.der", certificate.der());
        let parsed = openssl.run(&["asn1parse", "-inform", "DER", "-in", "t.der"]);
        assert!(parsed.contains(encoded), "{parsed}");
        assert_eq!(certificate.not_after(), 2_524_607_000 + i64::try_from(lifetime).unwrap());
    }
    authority::root(&signer, "CN=x", -1, YEAR).await.unwrap_err();
    authority::root(&signer, "CN=x", START, Duration::MAX).await.unwrap_err();
}

#[tokio::test]
async fn order_signatures_and_times() {
    let root = Authority::root(P256).await;
    // Of the same name, with another key.
    let twin = Authority::root(P256).await;
    let issuing = root.below(P256, Profile::CodeSigningAuthority).await.certificate;
    let (root, twin) = (root.certificate, twin.certificate);
    let at = |at| ChainRules { at, ..ISSUING };
    let outcome = |chain: &[&Certificate], rules| {
        validate_chain(&chain.iter().copied().cloned().collect::<Vec<_>>(), rules)
    };
    assert_eq!(outcome(&[], ISSUING), Err(ChainError::TooShort(0)));
    assert_eq!(outcome(&[&issuing, &twin], ISSUING), Err(ChainError::NotSignedByNext { position: 1 }));
    assert_eq!(outcome(&[&issuing], ISSUING), Err(ChainError::NoRoot));
    outcome(&[&root, &issuing], ISSUING).unwrap_err();
    outcome(&[&issuing, &root, &twin], ISSUING).unwrap_err();
    for (time, valid) in
        [(START - 1, false), (START, true), (root.not_after(), true), (root.not_after() + 1, false)]
    {
        let expected = if valid { Ok(()) } else { Err(ChainError::NotValidNow { position: 1 }) };
        assert_eq!(outcome(&[&issuing, &root], at(time)), expected, "{time}");
    }
}

#[tokio::test]
async fn roles_of_issuing_authorities() {
    let root = Authority::root(P256).await;
    let codesigning = || extended_key_usage(oid::CODE_SIGNING, false).unwrap();
    let ca = |length| basic_constraints(length).unwrap();
    let sign = || key_usage_authority().unwrap();
    let position = 1;
    let usage = "codeSigning";
    let stamping = extended_key_usage(oid::TIME_STAMPING, false).unwrap();
    let any = extended_key_usage(oid::ANY_EXTENDED_KEY_USAGE, false).unwrap();
    let rows: [(&[Extension], Result<(), ChainError>); 7] = [
        (&[sign(), codesigning(), ca(Some(0))], Ok(())),
        (&[sign(), any, ca(None)], Ok(())),
        (&[codesigning(), ca(None)], Ok(())),
        (&[sign(), codesigning()], Err(ChainError::NotAnAuthority { position })),
        (&[sign(), ca(None)], Err(ChainError::UsageNotAllowed { position, usage })),
        (&[sign(), stamping, ca(None)], Err(ChainError::UsageNotAllowed { position, usage })),
        (
            &[key_usage_signature().unwrap(), codesigning(), ca(None)],
            Err(ChainError::CannotSign { position }),
        ),
    ];
    for (extensions, expected) in rows {
        let issuing = root.with(P256, extensions).await.certificate;
        assert_eq!(validate_chain(&[issuing, root.certificate.clone()], ISSUING), expected, "{extensions:?}");
    }
    let upper = root.with(P256, &[sign(), codesigning(), ca(Some(0))]).await;
    let lower = upper.with(P256, &[sign(), codesigning(), ca(None)]).await;
    let chain = [lower.certificate, upper.certificate, root.certificate];
    assert_eq!(validate_chain(&chain, ISSUING), Err(ChainError::PathTooLong { position: 2, allowed: 0 }));
}

#[tokio::test]
async fn roles_of_timestamping_chains() {
    let root = Authority::root(P256).await;
    let between = root.below(P256, Profile::TimestampingAuthority).await;
    let stamping = |critical| extended_key_usage(oid::TIME_STAMPING, critical).unwrap();
    // Two usages in one sequence, timeStamping twice.
    let mut two = stamping(true);
    two.value = [&[0x30, 20], &two.value[2..], &two.value[2..]].concat();
    let rows: [(&[Extension], ChainError); 5] = [
        (&[stamping(false)], ChainError::TimestampingUsage),
        (&[], ChainError::TimestampingUsage),
        (&[extended_key_usage(oid::CODE_SIGNING, true).unwrap()], ChainError::TimestampingUsage),
        (&[two], ChainError::TimestampingUsage),
        (&[stamping(true), basic_constraints(None).unwrap()], ChainError::SignerIsAuthority),
    ];
    for (extensions, expected) in rows {
        let leaf = between.with(P256, extensions).await.certificate;
        let chain = [leaf, between.certificate.clone(), root.certificate.clone()];
        assert_eq!(validate_chain(&chain, TIMESTAMPING), Err(expected), "{extensions:?}");
    }
    let leaf = between.below(P256, Profile::Timestamping).await.certificate;
    let alone = validate_chain(std::slice::from_ref(&leaf), TIMESTAMPING);
    assert_eq!(alone, Err(ChainError::TooShort(1)));
    let codesigning = root.below(P256, Profile::CodeSigningAuthority).await;
    let leaf = codesigning.below(P256, Profile::Timestamping).await.certificate;
    let chain = [leaf, codesigning.certificate, root.certificate];
    let expected = ChainError::UsageNotAllowed { position: 2, usage: "timeStamping" };
    assert_eq!(validate_chain(&chain, TIMESTAMPING), Err(expected));
}
