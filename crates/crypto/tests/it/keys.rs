use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaPssSaltLength, RsaSignatureEncoding,
};
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use sigstead_crypto::{
    HashAlgorithm, Hasher, KeyError, KeyKind, PssSalt, PublicKey, PublicKeyKind, Signer as _, SoftwareSigner,
    VerifyError,
};

const KINDS: [KeyKind; 7] = [
    KeyKind::EcdsaP256,
    KeyKind::EcdsaP384,
    KeyKind::EcdsaP521,
    KeyKind::Rsa2048,
    KeyKind::Rsa3072,
    KeyKind::Rsa4096,
    KeyKind::Ed25519,
];

#[test]
fn every_kind_signs_verifies_and_survives_pkcs8() {
    for kind in KINDS {
        let signer = SoftwareSigner::generate(kind).unwrap();
        let again = SoftwareSigner::from_pkcs8_der(&signer.pkcs8_der().unwrap()).unwrap();
        assert_eq!(signer.public_key(), again.public_key());
        let signature = again.sign_now(b"message").unwrap();
        let hash = signer.algorithm().hash();
        let key = PublicKey::from_pem(signer.public_key().to_pem().as_bytes()).unwrap();
        key.verify(hash, b"message", &signature).unwrap();
        assert_eq!(key.verify(hash, b"another", &signature), Err(VerifyError::Invalid));
        key.check_strength().unwrap();
        if kind != KeyKind::Ed25519 {
            key.verify_digest(hash, &hash.digest(b"message"), &signature).unwrap();
            key.verify_digest(hash, &hash.digest(b"another"), &signature).unwrap_err();
        }
    }
}

#[test]
fn messages_may_come_in_pieces() {
    for hash in ["sha256", "sha384", "sha512"].map(|name| HashAlgorithm::from_name(name).unwrap()) {
        let mut hasher = hash.hasher();
        hasher.update(b"mess");
        hasher.update(b"age");
        assert_eq!(hasher.finish(), hash.digest(b"message"));
    }
    let mut sha1 = Hasher::sha1();
    sha1.update(b"abc");
    assert_eq!(
        hex::encode(sha1.finish()),
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "RFC 3174, section 7.3"
    );
}

#[test]
fn only_rsa_keys_verify_over_sha1() {
    let (keys, random) = (RsaKeyPair::generate(KeySize::Rsa2048).unwrap(), SystemRandom::new());
    let key = PublicKey::from_pkcs1_der(keys.public_key().as_ref()).unwrap();
    let mut signature = vec![0; keys.public_modulus_len()];
    keys.sign(&RSA_PKCS1_SHA256, &random, b"message", &mut signature).unwrap();
    assert_eq!(key.verify_rsa_sha1(b"message", &signature), Err(VerifyError::Invalid), "SHA-256 is no SHA-1");
    let other = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let verified = other.public_key().verify_rsa_sha1(b"message", &signature);
    assert_eq!(verified, Err(VerifyError::HashNotAllowed));
}

#[test]
fn p256_agrees_with_another_implementation() {
    let signer = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let signature = signer.sign_now(b"message").unwrap();
    let oracle = p256::ecdsa::VerifyingKey::from_sec1_bytes(signer.public_key().key_bytes()).unwrap();
    let parsed = p256::ecdsa::Signature::from_der(&signature).unwrap();
    let digest = HashAlgorithm::Sha256.digest(b"message");
    oracle.verify_prehash(&digest, &parsed).unwrap();
    // The raw form verifies over a digest too, as Rekor accepts it.
    signer.public_key().verify_digest(HashAlgorithm::Sha256, &digest, &parsed.to_bytes()).unwrap();
}

/// RFC 8032 §7.3, the Ed25519ph vector "abc".
#[test]
fn ed25519ph_known_answer() {
    let public = hex::decode("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf").unwrap();
    let signature = hex::decode(
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406",
    )
    .unwrap();
    let spki = [hex::decode("302a300506032b6570032100").unwrap(), public].concat();
    let key = PublicKey::from_spki_der(&spki).unwrap();
    let digest = HashAlgorithm::Sha512.digest(b"abc");
    key.verify_digest(HashAlgorithm::Sha512, &digest, &signature).unwrap();
    let other = HashAlgorithm::Sha512.digest(b"abd");
    assert_eq!(key.verify_digest(HashAlgorithm::Sha512, &other, &signature), Err(VerifyError::Invalid));
    let short = HashAlgorithm::Sha256.digest(b"abc");
    assert_eq!(
        key.verify_digest(HashAlgorithm::Sha256, &short, &signature),
        Err(VerifyError::HashNotAllowed)
    );
}

#[test]
fn weak_and_broken_keys_are_told_apart() {
    let p224 = hex::decode("304e301006072a8648ce3d020106052b81040021033a0004").unwrap();
    let p224 = [p224, vec![1; 56]].concat();
    assert!(matches!(PublicKey::from_spki_der(&p224), Err(KeyError::Insecure(_))));
    assert!(matches!(PublicKey::from_spki_der(b"junk"), Err(KeyError::Malformed(_))));
    assert!(matches!(PublicKey::from_pem(b"junk"), Err(KeyError::Malformed(_))));
    let mut off_curve =
        SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap().public_key().spki_der().to_vec();
    *off_curve.last_mut().unwrap() ^= 1;
    let off_curve = PublicKey::from_spki_der(&off_curve).unwrap();
    assert!(matches!(off_curve.check_strength(), Err(KeyError::Malformed(_))));
    // The same point without its second coordinate, and none at all.
    let signer = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let (x, y) = signer.public_key().key_bytes()[1..].split_at(32);
    let parity = 2 + (y[31] & 1);
    let compressed = hex::decode("3039301306072a8648ce3d020106082a8648ce3d030107032200").unwrap();
    let compressed = [compressed, vec![parity], x.to_vec()].concat();
    assert!(matches!(PublicKey::from_spki_der(&compressed), Err(KeyError::Malformed(_))));
    let infinity = hex::decode("3019301306072a8648ce3d020106082a8648ce3d03010703020000").unwrap();
    assert!(matches!(PublicKey::from_spki_der(&infinity), Err(KeyError::Malformed(_))));
}

proptest::proptest! {
    #[test]
    fn no_key_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), flip in 0usize..91) {
        let _ = PublicKey::from_spki_der(&bytes);
        let _ = PublicKey::from_pem(&bytes);
        let mut spki = include_bytes!("../../testdata/rekor-p256.der").to_vec();
        spki[flip] ^= 0x55;
        if let Ok(key) = PublicKey::from_spki_der(&spki) {
            let _ = key.check_strength();
            let _ = key.verify(HashAlgorithm::Sha256, b"m", &bytes);
            let _ = key.verify_digest(HashAlgorithm::Sha256, &[0; 32], &bytes);
        }
    }
}

static LONGEST: RsaSignatureEncoding = RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Max);
static SHORT: RsaSignatureEncoding = RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(20));

#[test]
fn pss_takes_the_salts_that_it_is_told_to() {
    let signer = SoftwareSigner::generate(KeyKind::Rsa2048).unwrap();
    let key = signer.public_key();
    let pair = RsaKeyPair::from_pkcs8(&signer.pkcs8_der().unwrap()).unwrap();
    let sign = |encoding: &'static RsaSignatureEncoding| {
        let mut signature = vec![0; 256];
        pair.sign(encoding, &SystemRandom::new(), b"message", &mut signature).unwrap();
        signature
    };
    let cases = [(&RSA_PSS_SHA256, true, true), (&LONGEST, false, true), (&SHORT, false, false)];
    for (encoding, as_digest, as_digest_or_longest) in cases {
        let signature = sign(encoding);
        let verifies = |salt| key.verify_pss(salt, b"message", &signature).is_ok();
        assert_eq!(verifies(PssSalt::Digest), as_digest);
        assert_eq!(verifies(PssSalt::DigestOrLongest), as_digest_or_longest);
        key.verify_pss(PssSalt::DigestOrLongest, b"another", &signature).unwrap_err();
        key.verify(HashAlgorithm::Sha256, b"message", &signature).unwrap_err();
    }
    let other = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let refused = other.public_key().verify_pss(PssSalt::Digest, b"message", &[0; 256]);
    assert_eq!(refused, Err(VerifyError::HashNotAllowed));
}

#[test]
fn bare_keys_are_read() {
    for kind in [KeyKind::EcdsaP256, KeyKind::EcdsaP384, KeyKind::EcdsaP521] {
        let key = SoftwareSigner::generate(kind).unwrap().public_key().clone();
        let point = key.key_bytes();
        assert_eq!(PublicKey::from_point(key.kind(), point).as_ref(), Ok(&key));
        let mut off_curve = point.to_vec();
        off_curve[point.len() - 1] ^= 1;
        let compressed = [&[2], &point[1..=point.len() / 2]].concat();
        for wrong in [&point[1..], &point[..64], &[], &[&[2], &point[1..]].concat(), &off_curve, &compressed]
        {
            PublicKey::from_point(key.kind(), wrong).unwrap_err();
        }
        PublicKey::from_point(PublicKeyKind::Ed25519, point).unwrap_err();
    }
    let ed25519 = SoftwareSigner::generate(KeyKind::Ed25519).unwrap();
    let bytes = ed25519.public_key().key_bytes();
    assert_eq!(PublicKey::from_ed25519_bytes(bytes).as_ref(), Ok(ed25519.public_key()));
    PublicKey::from_ed25519_bytes(&bytes[1..]).unwrap_err();
}
