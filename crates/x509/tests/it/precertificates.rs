use sigstead_crypto::note::digitally_signed;
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner, sha256};
use sigstead_x509::authority::Profile;
use sigstead_x509::build::{Extension, empty_name, sign_certificate};
use sigstead_x509::precertificate::{
    is_precertificate, issuer_key_hash, poison, tbs_without_poison, tbs_without_scts,
};
use sigstead_x509::sct::{SignedEntry, list_extension, list_of};
use sigstead_x509::{Certificate, Sct, SubjectAlternativeName, oid};

use crate::hierarchy::{Authority, START};
use crate::openssl::{OnCertificates as _, OpenSsl};

/// An issuance as the CA does it, with a log of its own.
struct Issuance {
    root: Authority,
    issuing: Authority,
    log: SoftwareSigner,
    /// The subject's key.
    spki: Vec<u8>,
}

impl Issuance {
    async fn new() -> Self {
        let root = Authority::root(KeyKind::EcdsaP384).await;
        let issuing = root.below(KeyKind::EcdsaP256, Profile::CodeSigningAuthority).await;
        let generate = || SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
        Self { root, issuing, log: generate(), spki: generate().public_key().spki_der().to_vec() }
    }

    fn tbs(&self, last: Option<Extension>) -> Vec<u8> {
        let mut extensions = self.issuing.code_signing(&self.spki);
        extensions.extend(last);
        self.issuing.tbs(&empty_name(), &self.spki, &extensions)
    }

    async fn certificate(&self, last: Extension) -> Certificate {
        sign_certificate(&self.tbs(Some(last)), &self.issuing.signer).await.unwrap()
    }

    /// An SCT for `tbs`, with a static-ct leaf index.
    fn sct(&self, tbs: &[u8], timestamp: u64) -> Sct {
        let extensions = vec![0, 0, 5, 0, 0, 0, 1, 2];
        let issuer_key_hash = issuer_key_hash(&self.issuing.certificate);
        let entry = SignedEntry::Precertificate { issuer_key_hash: &issuer_key_hash, tbs };
        let signature = self.log.sign_now(&entry.signed_data(timestamp, &extensions)).unwrap();
        let signature = digitally_signed(self.log.public_key(), &signature);
        Sct { log_id: self.log.public_key().fingerprint(), timestamp, extensions, signature }
    }
}

#[tokio::test]
async fn an_issuance_that_openssl_reads() {
    let (openssl, issuance) = (OpenSsl::new(), Issuance::new().await);
    let precertificate = issuance.certificate(poison()).await;
    let tbs = tbs_without_poison(&precertificate).unwrap();
    let millis = u64::try_from(START).unwrap() * 1000 + 123;
    let scts = [issuance.sct(&tbs, millis), issuance.sct(&tbs, 1)];
    let certificate = issuance.certificate(list_extension(&scts)).await;

    assert!(is_precertificate(&precertificate) && !is_precertificate(&certificate));
    // The same bytes from both sides, and as if neither extension had ever been there.
    assert_eq!(tbs_without_scts(&certificate).unwrap(), tbs);
    assert_eq!(issuance.tbs(None), tbs);
    assert_eq!(list_of(&certificate).unwrap(), scts);
    assert_eq!(list_of(&precertificate), None);

    let chain = |leaf| [leaf, issuance.issuing.certificate.clone(), issuance.root.certificate.clone()];
    let (accepted, output) = openssl.verify(&chain(certificate.clone()), START, &[]);
    assert!(accepted, "{output}");
    let (accepted, output) = openssl.verify(&chain(precertificate.clone()), START, &[]);
    assert!(!accepted && output.contains("unhandled critical extension"), "{output}");
    assert!(openssl.text_of(&precertificate).contains("CT Precertificate Poison: critical"));
    let text = openssl.text_of(&certificate);
    let log_id = sha256(issuance.log.public_key().spki_der());
    for line in [
        "CT Precertificate SCTs:",
        "Jan 15 08:00:00.123 2027 GMT",
        "ecdsa-with-SHA256",
        "X509v3 Subject Alternative Name: critical",
        "email:dev@example.com",
        "X509v3 Key Usage: critical",
        "Digital Signature\n",
        "Extensions: 00:00:05:00:00:00:01:02",
        &log_id.iter().take(4).map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"),
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

/// RFC 6962 §3.2, written out by hand, and the signature checked by openssl.
#[tokio::test]
async fn what_the_log_signs() {
    let (openssl, issuance) = (OpenSsl::new(), Issuance::new().await);
    let precertificate = issuance.certificate(poison()).await;
    let tbs = tbs_without_poison(&precertificate).unwrap();
    let sct = issuance.sct(&tbs, 0x0102_0304_0506);
    let data = [
        &[0, 0][..],
        &[0, 0, 1, 2, 3, 4, 5, 6],
        &[0, 1],
        &sha256(issuance.issuing.signer.public_key().spki_der()),
        &u32::try_from(tbs.len()).unwrap().to_be_bytes()[1..],
        &tbs,
        &[0, 8, 0, 0, 5, 0, 0, 0, 1, 2],
    ]
    .concat();
    openssl.write("log.pem", issuance.log.public_key().to_pem());
    openssl.write("data", data);
    // Hash 4, algorithm 3, a length of two bytes.
    assert_eq!(sct.signature[..2], [4, 3]);
    openssl.write("signature", &sct.signature[4..]);
    openssl.run(&["dgst", "-sha256", "-verify", "log.pem", "-signature", "signature", "data"]);

    let x509 = SignedEntry::X509(b"der").signed_data(1, &[]);
    assert_eq!(x509, [&[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 3][..], b"der", &[0, 0]].concat());
}

#[tokio::test]
async fn scts_that_do_not_verify() {
    let issuance = Issuance::new().await;
    let tbs = issuance.tbs(None);
    let (sct, log) = (issuance.sct(&tbs, 7), issuance.log.public_key());
    let hash = issuer_key_hash(&issuance.issuing.certificate);
    let entry = SignedEntry::Precertificate { issuer_key_hash: &hash, tbs: &tbs };
    sct.verify(&entry, log).unwrap();

    let changed = |change: fn(&mut Sct)| {
        let mut changed = sct.clone();
        change(&mut changed);
        changed.verify(&entry, log)
    };
    changed(|sct| sct.timestamp += 1).unwrap_err();
    changed(|sct| sct.extensions.clear()).unwrap_err();
    changed(|sct| sct.log_id[0] ^= 1).unwrap_err();
    changed(|sct| sct.signature.clear()).unwrap_err();
    changed(|sct| sct.signature.push(0)).unwrap_err();
    changed(|sct| sct.signature[0] = 5).unwrap_err();
    changed(|sct| sct.signature[1] = 1).unwrap_err();
    let other_issuer = SignedEntry::Precertificate { issuer_key_hash: &[0; 32], tbs: &tbs };
    sct.verify(&other_issuer, log).unwrap_err();
    sct.verify(&SignedEntry::X509(&tbs), log).unwrap_err();
    sct.verify(&entry, issuance.issuing.signer.public_key()).unwrap_err();
}

#[tokio::test]
async fn surgery_touches_nothing_else() {
    let issuance = Issuance::new().await;
    let spki = &issuance.spki;
    let long = "x".repeat(200);
    let san = SubjectAlternativeName::Uri(format!("https://example.com/{long}"));
    let san = sigstead_x509::build::subject_alternative_name(&san, true).unwrap();
    // In the middle, first, and alone: the lengths around it change by different amounts.
    for (before, after) in [(1, 1), (0, 1), (1, 0), (0, 0), (0, 40), (40, 0)] {
        let kept = [vec![san.clone(); before.min(1)], padding(100, before), padding(150, after)].concat();
        let mut with = kept.clone();
        with.insert(before.min(with.len()), poison());
        let tbs = issuance.issuing.tbs(&empty_name(), spki, &with);
        let certificate = sign_certificate(&tbs, &issuance.issuing.signer).await.unwrap();
        let without = tbs_without_poison(&certificate).unwrap();
        if !kept.is_empty() {
            assert_eq!(without, issuance.issuing.tbs(&empty_name(), spki, &kept));
        } else {
            // No extensions, no field for them.
            assert!(!without.windows(2).any(|bytes| bytes == [0xa3, 0x02]));
        }
        tbs_without_scts(&certificate).unwrap_err();
    }
    let certificate = sign_certificate(&issuance.tbs(None), &issuance.issuing.signer).await.unwrap();
    tbs_without_poison(&certificate).unwrap_err();
    tbs_without_scts(&certificate).unwrap_err();
}

/// `count` extensions with identifiers from `first` on.
fn padding(first: usize, count: usize) -> Vec<Extension> {
    (0..count)
        .map(|number| Extension {
            id: oid::fulcio(u8::try_from(first + number).unwrap()).unwrap(),
            critical: false,
            value: vec![7; number],
        })
        .collect()
}

#[tokio::test]
async fn a_poison_that_is_none() {
    let issuance = Issuance::new().await;
    let uncritical = Extension { critical: false, ..poison() };
    let empty = Extension { value: Vec::new(), ..poison() };
    for wrong in [uncritical, empty] {
        assert!(!is_precertificate(&issuance.certificate(wrong).await));
    }
    let tbs = issuance.issuing.tbs(&empty_name(), &issuance.spki, &[poison(), poison()]);
    // RFC 5280 §4.2: no extension twice.
    sign_certificate(&tbs, &issuance.issuing.signer).await.unwrap_err();
}
