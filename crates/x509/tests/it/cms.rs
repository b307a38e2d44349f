//! Signed data that `openssl cms` made.

use proptest::prelude::{Strategy, proptest};
use sigstead_x509::cms::{CmsError, SignedData};

use crate::arbitrary::mutated;
use crate::openssl::OpenSsl;

const P256: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P384: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
const RSA: [&str; 4] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];

/// Somebody with a key and a certificate, and something to sign.
struct Signer(OpenSsl);

impl Signer {
    fn new(kind: &[&str]) -> Self {
        let openssl = OpenSsl::new();
        openssl.generate("key", kind);
        openssl.run(&[
            "req",
            "-new",
            "-x509",
            "-key",
            "key",
            "-subj",
            "/O=signers/CN=one",
            "-set_serial",
            "0x0a0b",
            "-out",
            "cert",
        ]);
        openssl.write("content", "what is signed");
        Self(openssl)
    }

    fn sign(&self, more: &[&str]) -> Vec<u8> {
        let sign = ["cms", "-sign", "-binary", "-in", "content", "-inkey", "key", "-signer", "cert"];
        self.0.run(&[&sign[..], &["-outform", "DER", "-out", "signed"], more].concat());
        self.0.read("signed")
    }
}

fn verify(der: &[u8]) -> Result<(), CmsError> {
    SignedData::from_content_info(der)?.verify()
}

#[test]
fn every_key_and_hash_with_and_without_attributes() {
    for kind in [P256, P384, RSA] {
        let signer = Signer::new(&kind);
        for hash in ["sha256", "sha384", "sha512"] {
            for more in [&["-nodetach", "-md", hash][..], &["-nodetach", "-noattr", "-md", hash]] {
                verify(&signer.sign(more)).unwrap_or_else(|error| panic!("{kind:?} {more:?}: {error}"));
            }
        }
        let sha1 = verify(&signer.sign(&["-nodetach", "-md", "sha1"])).unwrap_err();
        assert_eq!(sha1.to_string(), "pkcs7: unsupported hash algorithm 1.3.14.3.2.26");
    }
}

#[test]
fn what_is_missing_is_named() {
    let signer = Signer::new(&P256);
    assert_eq!(verify(&signer.sign(&[])), Err(CmsError::NoContent));
    let nobody = verify(&signer.sign(&["-nodetach", "-nocerts"])).unwrap_err();
    let expected = "certificate missing from signedData: serial=a0b issuer: CN=one, O=signers";
    assert_eq!(nobody.to_string(), expected);
    let by_key_id = verify(&signer.sign(&["-nodetach", "-keyid"])).unwrap_err();
    assert!(matches!(by_key_id, CmsError::Malformed(_)), "{by_key_id}");
    signer.0.run(&["cms", "-data_create", "-in", "content", "-outform", "DER", "-out", "data"]);
    let plain = verify(&signer.0.read("data")).unwrap_err();
    assert_eq!(plain.to_string(), "wrong content type: 1.2.840.113549.1.7.1");
}

#[test]
fn another_content_or_signature_is_refused() {
    for (kind, expected) in [(P256, CmsError::Ecdsa), (RSA, CmsError::Rsa)] {
        let signer = Signer::new(&kind);
        let signed = signer.sign(&["-nodetach"]);
        let place = signed.windows(7).position(|part| part == b"what is").unwrap();
        let changed = |place: usize| {
            let mut other = signed.clone();
            other[place] ^= 1;
            verify(&other)
        };
        assert_eq!(changed(place), Err(CmsError::OtherContent));
        assert_eq!(changed(signed.len() - 1), Err(expected.clone()));
        let bare = signer.sign(&["-nodetach", "-noattr"]);
        let place = bare.windows(7).position(|part| part == b"what is").unwrap();
        let mut other = bare.clone();
        other[place] ^= 1;
        assert_eq!(verify(&other), Err(expected));
    }
}

#[test]
fn every_signer_must_have_signed() {
    let signer = Signer::new(&P256);
    signer.0.generate("key2", &RSA);
    signer.0.run(&["req", "-new", "-x509", "-key", "key2", "-subj", "/CN=two", "-out", "cert2"]);
    let both = signer.sign(&["-nodetach", "-signer", "cert2", "-inkey", "key2"]);
    verify(&both).unwrap();
    let mut changed = both.clone();
    *changed.last_mut().unwrap() ^= 1;
    verify(&changed).unwrap_err();
}

#[test]
fn a_content_may_come_apart() {
    for kind in [P256, RSA] {
        let signer = Signer::new(&kind);
        let (apart, within) = (signer.sign(&[]), signer.sign(&["-nodetach"]));
        for signed in [&apart, &within] {
            let signed = SignedData::from_content_info(signed).unwrap();
            signed.verify_detached(b"what is signed").unwrap();
            assert_eq!(signed.signer().unwrap(), signed.certificates().unwrap().first().unwrap());
        }
        let other = |signed| SignedData::from_content_info(signed).unwrap().verify_detached(b"another");
        assert_eq!(other(&apart), Err(CmsError::OtherContent));
        assert_eq!(other(&within), Err(CmsError::TwoContents));
    }
}

#[test]
fn detached_is_what_openssl_detaches() {
    let signer = Signer::new(&P256);
    let apart = signer.sign(&["-noattr", "-md", "sha384"]);
    assert_eq!(SignedData::from_content_info(&apart).unwrap().detached(), apart, "nothing to take off");
    let within = signer.sign(&["-nodetach"]);
    signer.0.write("detached", SignedData::from_content_info(&within).unwrap().detached());
    let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "detached", "-content", "content"];
    signer.0.run(&[&verify[..], &["-noverify", "-out", "verified"]].concat());
    assert_eq!(signer.0.read("verified"), b"what is signed");
}

#[test]
fn longer_than_any_timestamp_is_not_looked_at() {
    let signer = Signer::new(&P256);
    signer.0.write("content", vec![b'x'; 65_536]);
    assert!(matches!(verify(&signer.sign(&["-nodetach"])), Err(CmsError::Malformed(_))));
}

/// What `Signer` signs, changed.
fn changed_signed_data() -> impl Strategy<Value = Vec<u8>> {
    mutated(Signer::new(&P256).sign(&["-nodetach"]))
}

proptest! {
    #[test]
    fn changed_signed_data_never_panics(der in changed_signed_data()) {
        let _ = verify(&der);
    }
}
