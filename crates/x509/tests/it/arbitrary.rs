//! No input makes a parser panic, and what is accepted is kept byte for byte.

use std::sync::LazyLock;

use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner, pem};
use sigstead_x509::build::{self, TbsFields, sign_certificate};
use sigstead_x509::precertificate::{is_precertificate, poison, tbs_without_poison, tbs_without_scts};
use sigstead_x509::sct::{list_extension, list_of, push_u16, push_u24, take_u16, take_u24};
use sigstead_x509::{
    Certificate, CertificateRequest, ChainRules, Purpose, Sct, SubjectAlternativeName, oid, parse_pem_chain,
    validate_chain,
};

/// A certificate with everything that is ever looked into.
static CERTIFICATE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let sct = Sct { log_id: [1; 32], timestamp: 2, extensions: vec![3; 8], signature: vec![4, 3, 0, 1, 9] };
    let names = SubjectAlternativeName::Username("me!example.com".into());
    signed(&[
        build::key_usage_authority().unwrap(),
        build::basic_constraints(Some(1)).unwrap(),
        build::extended_key_usage(oid::TIME_STAMPING, true).unwrap(),
        build::subject_alternative_name(&names, true).unwrap(),
        list_extension(&[sct.clone(), sct]),
        poison(),
    ])
    .der()
    .to_vec()
});

const REQUEST: &[u8] = include_bytes!("../../testdata/request.pem");

fn signed(extensions: &[build::Extension]) -> Certificate {
    let signer = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let name = build::name("CN=x,O=y").unwrap();
    let fields = TbsFields {
        serial: &[1; 20],
        algorithm: signer.algorithm(),
        issuer_der: &name,
        not_before: 1,
        not_after: 2,
        subject_der: &name,
        spki_der: signer.public_key().spki_der(),
        extensions,
    };
    let tbs = fields.encode().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(sign_certificate(&tbs, &signer)).unwrap()
}

/// `original` with a few bytes changed, put in or taken out.
pub(crate) fn mutated(original: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
    prop::collection::vec(change, 1..5).prop_map(move |changes| {
        let mut bytes = original.clone();
        for (index, byte, kind) in changes {
            let at = index.index(bytes.len());
            match kind {
                0 => bytes.insert(at, byte),
                1 if bytes.len() > 1 => drop(bytes.remove(at)),
                2 => bytes[at] ^= 1 << (byte & 7),
                _ => bytes[at] = byte,
            }
        }
        bytes
    })
}

/// Asks a certificate everything that there is to ask.
fn look_into(der: &[u8]) {
    let Ok(certificate) = Certificate::from_der(der) else { return };
    assert_eq!(certificate.der(), der);
    assert_eq!(Certificate::from_pem(certificate.to_pem().as_bytes()).unwrap(), certificate);
    let _ = (certificate.public_key(), certificate.common_name(), certificate.organization());
    let _ = (certificate.path_length(), certificate.extended_key_usages(), certificate.is_ca());
    let _ = (certificate.subject_key_identifier(), certificate.subject_alternative_names());
    let _ = (is_precertificate(&certificate), list_of(&certificate), format!("{certificate:?}"));
    let _ = certificate.verify_signed_by(&certificate);
    for purpose in [Purpose::CodeSigningAuthority, Purpose::Timestamping] {
        let _ = validate_chain(&[certificate.clone(), certificate.clone()], ChainRules { purpose, at: 1 });
    }
    for shorter in [tbs_without_poison(&certificate), tbs_without_scts(&certificate)].into_iter().flatten() {
        assert!(shorter.len() < certificate.tbs_der().len());
    }
}

fn ask(text: &[u8]) {
    if let Ok(request) = CertificateRequest::from_pem(text) {
        let _ = (request.public_key(), request.hash(), request.verify_self_signature());
    }
}

proptest! {
    #[test]
    fn changed_certificates(der in mutated(CERTIFICATE.clone())) {
        look_into(&der);
    }

    #[test]
    fn changed_requests(der in mutated(pem::blocks(REQUEST)[0].der.clone())) {
        ask(pem::encode("CERTIFICATE REQUEST", &der).as_bytes());
    }

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        look_into(&bytes);
        ask(pem::encode("CERTIFICATE REQUEST", &bytes).as_bytes());
        ask(&bytes);
        let _ = parse_pem_chain(&bytes);
    }

    #[test]
    fn random_sct_lists(value in prop::collection::vec(any::<u8>(), 0..120)) {
        let extension = build::Extension { id: oid::SCT_LIST, critical: false, value };
        let _ = list_of(&signed(&[extension]));
    }

    #[test]
    fn changed_text(text in mutated(REQUEST.to_vec())) {
        ask(&text);
        let _ = parse_pem_chain(&text);
    }

    #[test]
    fn random_names(text in ".{0,60}") {
        let _ = build::name(&text);
        let _ = build::name(&format!("CN={text},O={text}"));
        let _ = build::subject_alternative_name(&SubjectAlternativeName::Email(text), true);
    }

    #[test]
    fn every_sct_list_comes_back(scts in prop::collection::vec(sct(), 1..4)) {
        prop_assert_eq!(list_of(&signed(&[list_extension(&scts)])), Some(scts));
    }

    #[test]
    fn lengths_both_ways(bytes in prop::collection::vec(any::<u8>(), 0..400), rest in any::<[u8; 3]>()) {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        push_u16(&mut short, &bytes);
        push_u24(&mut long, &bytes);
        short.extend(rest);
        long.extend(rest);
        prop_assert_eq!(take_u16(&short), Some((&bytes[..], &rest[..])));
        prop_assert_eq!(take_u24(&long), Some((&bytes[..], &rest[..])));
        prop_assert_eq!(take_u16(&short[..bytes.len() + 1]), None);
        prop_assert_eq!(take_u24(&long[..bytes.len() + 2]), None);
    }
}

fn sct() -> impl Strategy<Value = Sct> {
    let bytes = |longest| prop::collection::vec(any::<u8>(), 0..longest);
    // What DigitallySigned says about its length holds.
    let signature = bytes(80).prop_map(|signature| {
        let length = u16::try_from(signature.len()).unwrap().to_be_bytes();
        [&[4, 3], &length[..], &signature].concat()
    });
    (any::<[u8; 32]>(), any::<u64>(), bytes(40), signature).prop_map(
        |(log_id, timestamp, extensions, signature)| Sct { log_id, timestamp, extensions, signature },
    )
}

/// Many beginnings without an end: the text must not be searched to its end for each of them.
#[test]
fn unfinished_blocks_are_cheap() {
    let text = "-----BEGIN A-----\n".repeat(1 << 16);
    let start = std::time::Instant::now();
    ask(text.as_bytes());
    let _ = parse_pem_chain(text.as_bytes());
    assert!(start.elapsed() < std::time::Duration::from_secs(2), "{:?}", start.elapsed());
}
