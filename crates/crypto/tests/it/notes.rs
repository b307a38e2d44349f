use std::sync::Arc;

use sigstead_crypto::note::{Note, NoteError, NoteSigner};
use sigstead_crypto::{KeyKind, PublicKey, Signer as _, SoftwareSigner};

/// A checkpoint that a real Rekor 1.5.4 signed; see testdata/README.md.
const CHECKPOINT: &str = include_str!("../../testdata/rekor-checkpoint.txt");
const KEY: &[u8] = include_bytes!("../../testdata/rekor-p256.der");

#[test]
fn a_recorded_rekor_checkpoint_verifies() {
    let key = PublicKey::from_spki_der(KEY).unwrap();
    let note = Note::parse(CHECKPOINT).unwrap();
    note.verify_rekor_v1(&key).unwrap();
    assert_eq!(note.signatures[0].name, "rekor.local");
    let changed = Note { text: note.text.replace("\n1\n", "\n2\n"), ..note };
    assert_eq!(changed.verify_rekor_v1(&key), Err(NoteError::Invalid));
    let other = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    assert_eq!(changed.verify_rekor_v1(other.public_key()), Err(NoteError::NoSignature));
}

#[tokio::test]
async fn our_notes_verify() {
    let signer = Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap());
    let note =
        NoteSigner::rekor_v1("log.example", signer.clone()).sign("log.example - 1\n0\nAA==\n").await.unwrap();
    assert!(note.starts_with("log.example - 1\n0\nAA==\n\n\u{2014} log.example "));
    Note::parse(&note).unwrap().verify_rekor_v1(signer.public_key()).unwrap();
}

#[test]
fn a_recorded_rekor_v2_checkpoint_verifies() {
    let key = PublicKey::from_spki_der(include_bytes!("../../testdata/rekor-tiles-ed25519.der")).unwrap();
    let note = Note::parse(include_str!("../../testdata/rekor-tiles-checkpoint.txt")).unwrap();
    note.verify_ed25519("rekor-local", &key).unwrap();
    assert_eq!(note.verify_ed25519("other", &key), Err(NoteError::NoSignature));
    let changed = Note { text: note.text.replace("\n1\n", "\n2\n"), ..note };
    assert_eq!(changed.verify_ed25519("rekor-local", &key), Err(NoteError::Invalid));
}

#[test]
fn keys_that_clients_could_not_verify_are_refused() {
    let signer = |kind| Arc::new(SoftwareSigner::generate(kind).unwrap());
    assert!(NoteSigner::rekor_v1("log.example", signer(KeyKind::EcdsaP256)).validate().is_ok());
    assert!(NoteSigner::rekor_v1("log.example", signer(KeyKind::EcdsaP384)).validate().is_err());
    assert!(NoteSigner::rfc6962("log.example", signer(KeyKind::Ed25519)).validate().is_err());
    assert!(NoteSigner::rekor_v1("two words", signer(KeyKind::EcdsaP256)).validate().is_err());
}

/// The key hash of the note key `rekor-local+25dff4bb+…`.
#[test]
fn ed25519_key_ids_follow_the_specification() {
    let spki = include_bytes!("../../testdata/rekor-tiles-ed25519.der");
    let signer = Arc::new(PublicOnly(PublicKey::from_spki_der(spki).unwrap()));
    let signer = NoteSigner::rekor_v2("rekor-local", signer);
    assert_eq!(hex::encode(signer.key_id()), "25dff4bb");
}

/// Names a key; nothing signs with it.
#[derive(Debug)]
struct PublicOnly(PublicKey);

impl sigstead_crypto::Signer for PublicOnly {
    fn sign<'a>(&'a self, _message: &'a [u8]) -> sigstead_crypto::SignFuture<'a> {
        Box::pin(std::future::ready(Err(sigstead_crypto::SignError::new("public key only"))))
    }

    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn algorithm(&self) -> sigstead_crypto::SignatureAlgorithm {
        sigstead_crypto::SignatureAlgorithm::Ed25519
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "(\\PC|\n|\u{2014} a AAAAAAAA\n){0,40}") {
        let _ = Note::parse(&text);
    }
}
