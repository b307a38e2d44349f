//! Signed notes (C2SP signed-note): text, an empty line, signature lines.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use thiserror::Error;

use crate::{HashAlgorithm, PublicKey, PublicKeyKind, SignError, Signer, sha256};

/// Longest note that is read.
const MAX_NOTE: usize = 1 << 20;
/// Most signature lines that are read; the specification wants at least 16 accepted.
const MAX_SIGNATURES: usize = 64;

/// A key that signs checkpoints, under a name.
#[derive(Debug, Clone)]
pub struct NoteSigner {
    name: String,
    kind: Kind,
    signer: Arc<dyn Signer>,
}

/// How the key's id and the signed bytes are formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Rekor v1: the id is the start of SHA-256(SPKI), the signature is over the text.
    RekorV1,
    /// Signature type 0x01.
    Ed25519,
    /// Rekor v2's RSA keys: type 0xff with a long name.
    Rsa,
    /// Signature type 0x05: an RFC 6962 tree head.
    Rfc6962,
}

impl NoteSigner {
    /// As Rekor v1 signs: with any key, its id the first bytes of the log id.
    pub fn rekor_v1(name: impl Into<String>, signer: Arc<dyn Signer>) -> Self {
        Self { name: name.into(), kind: Kind::RekorV1, signer }
    }

    /// As Rekor v2 logs sign: Ed25519 as C2SP's type 0x01, the only kind that witnesses take; ECDSA and RSA
    /// for those who have no other key.
    pub fn rekor_v2(name: impl Into<String>, signer: Arc<dyn Signer>) -> Self {
        Self { name: name.into(), kind: Kind::of_rekor_v2(signer.public_key()), signer }
    }

    /// As static-ct logs sign: the RFC 6962 tree head inside a note (type 0x05).
    pub fn rfc6962(name: impl Into<String>, signer: Arc<dyn Signer>) -> Self {
        Self { name: name.into(), kind: Kind::Rfc6962, signer }
    }

    /// Whether clients can verify what this signs: the name is one, and the key of the kind that the form calls for.
    ///
    /// # Errors
    /// When it is not, with what to use instead.
    pub fn validate(&self) -> Result<(), SignError> {
        if self.name.is_empty() || self.name.contains('+') || self.name.chars().any(char::is_whitespace) {
            return Err(SignError::new(format!("\"{}\" cannot name a key in a checkpoint", self.name)));
        }
        match (self.kind, self.signer.public_key().kind()) {
            (
                Kind::RekorV1 | Kind::Rfc6962 | Kind::Rsa,
                PublicKeyKind::EcdsaP256 | PublicKeyKind::Rsa { .. },
            )
            | (Kind::Ed25519, PublicKeyKind::Ed25519) => Ok(()),
            (_, other) => Err(SignError::new(format!(
                "use a P-256 or RSA key, which clients verify with SHA-256, not {other:?}"
            ))),
        }
    }

    /// SHA-256 over what names the key; a Rekor v2 log's id.
    pub fn full_key_hash(&self) -> [u8; 32] {
        self.kind.key_hash(&self.name, self.signer.public_key())
    }

    /// The four bytes before each signature.
    pub fn key_id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.full_key_hash();
        [a, b, c, d]
    }

    /// The name on signature lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that verifies.
    pub fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    /// Signs `text`, which must end in a line feed; the whole note.
    ///
    /// # Errors
    /// When the signer fails.
    pub async fn sign(&self, text: &str) -> Result<String, SignError> {
        Ok(self.note(text, &self.signer.sign(text.as_bytes()).await?))
    }

    /// Signs the tree head of the checkpoint in `text` (RFC 6962 §3.5): the note, and the
    /// DigitallySigned structure that `get-sth` answers.
    ///
    /// # Errors
    /// When the signer fails.
    pub async fn sign_tree_head(
        &self,
        text: &str,
        size: u64,
        root: &[u8; 32],
        timestamp_ms: u64,
    ) -> Result<(String, Vec<u8>), SignError> {
        let signature = self.signer.sign(&tree_head(size, root, timestamp_ms)).await?;
        let digitally_signed = digitally_signed(self.signer.public_key(), &signature);
        let in_note = [timestamp_ms.to_be_bytes().as_slice(), &digitally_signed].concat();
        Ok((self.note(text, &in_note), digitally_signed))
    }

    fn note(&self, text: &str, signature: &[u8]) -> String {
        let signature = BASE64_STANDARD.encode([&self.key_id(), signature].concat());
        format!("{text}\n\u{2014} {} {signature}\n", self.name)
    }
}

/// The id of a Rekor v2 log with that origin and key, as trust roots name it.
pub fn rekor_v2_log_id(origin: &str, key: &PublicKey) -> [u8; 32] {
    Kind::of_rekor_v2(key).key_hash(origin, key)
}

impl Kind {
    const fn of_rekor_v2(key: &PublicKey) -> Self {
        match key.kind() {
            PublicKeyKind::Ed25519 => Self::Ed25519,
            PublicKeyKind::Rsa { .. } => Self::Rsa,
            // An ECDSA key's id has no name in it, as in v1.
            _ => Self::RekorV1,
        }
    }

    fn key_hash(self, name: &str, key: &PublicKey) -> [u8; 32] {
        const RSA: &[u8] = b"\xffPKIX-RSA-PKCS#1v1.5";
        let typed = |kind: &[u8], bytes: &[u8]| sha256(&[name.as_bytes(), b"\n", kind, bytes].concat());
        match self {
            Self::RekorV1 => key.fingerprint(),
            Self::Ed25519 => typed(&[0x01], key.key_bytes()),
            Self::Rsa => typed(RSA, key.spki_der()),
            Self::Rfc6962 => typed(&[0x05], &key.fingerprint()),
        }
    }
}

/// Whether a CT log's key signed that its tree had this root at this size (RFC 6962 §3.5).
pub fn verify_tree_head(
    key: &PublicKey,
    size: u64,
    root: &[u8; 32],
    timestamp_ms: u64,
    signature: &[u8],
) -> bool {
    verify_digitally_signed(key, &tree_head(size, root, timestamp_ms), signature)
}

/// TreeHeadSignature (RFC 6962 §3.5).
fn tree_head(size: u64, root: &[u8; 32], timestamp_ms: u64) -> Vec<u8> {
    [&[0, 1], timestamp_ms.to_be_bytes().as_slice(), &size.to_be_bytes(), root].concat()
}

/// Whether a DigitallySigned is a CT key's over `data`.
pub fn verify_digitally_signed(key: &PublicKey, data: &[u8], signed: &[u8]) -> bool {
    let Some((_, signature)) = signed.split_first_chunk::<4>() else { return false };
    // Hash, algorithm and length are the ones that this key's signatures have.
    signed == digitally_signed(key, signature) && key.verify(HashAlgorithm::Sha256, data, signature).is_ok()
}

/// TLS's DigitallySigned (RFC 5246 §4.7): hash, algorithm, length, signature. CT keys sign with SHA-256.
pub fn digitally_signed(key: &PublicKey, signature: &[u8]) -> Vec<u8> {
    const SHA256: u8 = 4;
    let algorithm = if matches!(key.kind(), PublicKeyKind::Rsa { .. }) { 1 } else { 3 };
    let length = u16::try_from(signature.len()).unwrap_or(u16::MAX);
    [&[SHA256, algorithm], length.to_be_bytes().as_slice(), signature].concat()
}

/// A note, taken apart; nothing verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is signed, with its final line feed.
    pub text: String,
    /// The signature lines.
    pub signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub key_id: [u8; 4],
    /// What stands after the id.
    pub signature: Vec<u8>,
}

/// Why a note is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Not a signed note.
    #[error("malformed note: {0}")]
    Malformed(&'static str),
    /// No line is by the key that was asked for.
    #[error("the note has no signature by this key")]
    NoSignature,
    /// The key's line does not verify.
    #[error("the note's signature does not verify")]
    Invalid,
}

impl Note {
    /// Takes a note apart.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE || note.chars().any(|c| c.is_ascii_control() && c != '\n') {
            return Err(NoteError::Malformed("too long, or with control characters"));
        }
        let (text, lines) =
            note.rsplit_once("\n\n").ok_or(NoteError::Malformed("no empty line before signatures"))?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed("no line feed at the end"))?;
        let signatures: Vec<_> =
            lines.split('\n').take(MAX_SIGNATURES + 1).map(signature_line).collect::<Result<_, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Malformed("too many signatures"));
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// Checks the line of a Rekor v1 key.
    ///
    /// # Errors
    /// When there is none, or it does not verify.
    pub fn verify_rekor_v1(&self, key: &PublicKey) -> Result<(), NoteError> {
        let [a, b, c, d, ..] = key.fingerprint();
        let line =
            self.signatures.iter().find(|line| line.key_id == [a, b, c, d]).ok_or(NoteError::NoSignature)?;
        key.verify(HashAlgorithm::Sha256, self.text.as_bytes(), &line.signature)
            .map_err(|_| NoteError::Invalid)
    }
}

impl Note {
    /// Checks the line of an Ed25519 key (type 0x01) with that name.
    ///
    /// # Errors
    /// When there is none, or it does not verify.
    pub fn verify_ed25519(&self, name: &str, key: &PublicKey) -> Result<(), NoteError> {
        let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n\x01", key.key_bytes()].concat());
        let line = self.signatures.iter().find(|line| line.name == name && line.key_id == [a, b, c, d]);
        let line = line.ok_or(NoteError::NoSignature)?;
        key.verify(HashAlgorithm::Sha512, self.text.as_bytes(), &line.signature)
            .map_err(|_| NoteError::Invalid)
    }
}

fn signature_line(line: &str) -> Result<NoteSignature, NoteError> {
    let malformed = NoteError::Malformed("a signature line");
    let (name, signature) =
        line.strip_prefix("\u{2014} ").and_then(|line| line.split_once(' ')).ok_or(malformed)?;
    if name.is_empty() || name.contains('+') || name.chars().any(char::is_whitespace) {
        return Err(NoteError::Malformed("a key name"));
    }
    let bytes = BASE64_STANDARD.decode(signature).map_err(|_| malformed)?;
    let (key_id, signature) = bytes.split_first_chunk::<4>().ok_or(malformed)?;
    Ok(NoteSignature { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
}
