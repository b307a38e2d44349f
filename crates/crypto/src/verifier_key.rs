//! Keys as text (C2SP signed-note "vkey"), and cosignatures of checkpoints (C2SP tlog-cosignature).

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::note::{Note, NoteError, NoteSignature};
use crate::{HashAlgorithm, PublicKey, PublicKeyKind, SignError, Signer, sha256};

const ED25519: u8 = 0x01;
const ECDSA: u8 = 0x02;
const COSIGNATURE: u8 = 0x04;

/// Who signs notes, and with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: u8,
    key: PublicKey,
}

impl VerifierKey {
    /// Reads `name+key id+key`: Ed25519 and ECDSA keys of logs, Ed25519 keys of cosigners.
    ///
    /// # Errors
    /// When it is none, or its id is not that of its key.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Malformed("a verifier key is name+id+key"));
        };
        if name.is_empty() || name.chars().any(char::is_whitespace) {
            return Err(NoteError::Malformed("the name of a verifier key"));
        }
        let key = BASE64_STANDARD.decode(key).map_err(|_| NoteError::Malformed("a verifier key's base64"))?;
        let (kind, raw) = key.split_first().ok_or(NoteError::Malformed("a verifier key without a key"))?;
        let key = match *kind {
            ED25519 | COSIGNATURE => PublicKey::from_ed25519_bytes(raw),
            ECDSA => PublicKey::from_spki_der(raw),
            _ => return Err(NoteError::Malformed("a verifier key of a kind that is not supported")),
        };
        let key = key.map_err(|_| NoteError::Malformed("the key of a verifier key"))?;
        let parsed = Self { name: name.to_owned(), kind: *kind, key };
        if hex::encode(parsed.key_id()) != id.to_ascii_lowercase() {
            return Err(NoteError::Malformed("a verifier key with the id of another"));
        }
        Ok(parsed)
    }

    /// An Ed25519 key that cosigns under a name.
    pub fn cosigner(name: impl Into<String>, key: PublicKey) -> Self {
        Self { name: name.into(), kind: COSIGNATURE, key }
    }

    /// The key of a log that signs its checkpoints as Rekor v2 does; `None` if it cannot be written as text.
    pub fn of_log(name: impl Into<String>, key: PublicKey) -> Option<Self> {
        let kind = match key.kind() {
            PublicKeyKind::Ed25519 => ED25519,
            PublicKeyKind::Rsa { .. } => return None,
            _ => ECDSA,
        };
        Some(Self { name: name.into(), kind, key })
    }

    /// The name on its signature lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it cosigns the checkpoints of others.
    pub const fn is_cosigner(&self) -> bool {
        self.kind == COSIGNATURE
    }

    /// The four bytes before each of its signatures.
    pub fn key_id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = match self.kind {
            ECDSA => self.key.fingerprint(),
            kind => sha256(&[self.name.as_bytes(), b"\n", &[kind], self.key.key_bytes()].concat()),
        };
        [a, b, c, d]
    }

    /// As text.
    pub fn to_text(&self) -> String {
        let key = if self.kind == ECDSA { self.key.spki_der() } else { self.key.key_bytes() };
        let key = BASE64_STANDARD.encode([&[self.kind], key].concat());
        format!("{}+{}+{key}", self.name, hex::encode(self.key_id()))
    }

    /// Checks the key's line of a note; for a cosignature, when it was made, in Unix seconds.
    ///
    /// # Errors
    /// When the note has no line of this key, or it does not verify.
    pub fn verify(&self, note: &Note) -> Result<Option<u64>, NoteError> {
        let is_own = |line: &&NoteSignature| line.name == self.name && line.key_id == self.key_id();
        let line = note.signatures.iter().find(is_own).ok_or(NoteError::NoSignature)?;
        let verifies = |algorithm, message: &[u8], signature: &[u8]| {
            self.key.verify(algorithm, message, signature).map_err(|_| NoteError::Invalid)
        };
        match self.kind {
            COSIGNATURE => {
                let (time, signature) = line.signature.split_first_chunk::<8>().ok_or(NoteError::Invalid)?;
                let time = u64::from_be_bytes(*time);
                verifies(HashAlgorithm::Sha512, cosigned(&note.text, time).as_bytes(), signature)?;
                Ok(Some(time))
            }
            ED25519 => verifies(HashAlgorithm::Sha512, note.text.as_bytes(), &line.signature).map(|()| None),
            _ => verifies(HashAlgorithm::Sha256, note.text.as_bytes(), &line.signature).map(|()| None),
        }
    }
}

/// Cosigns the checkpoints of others.
#[derive(Debug, Clone)]
pub struct Cosigner {
    key: VerifierKey,
    signer: Arc<dyn Signer>,
}

impl Cosigner {
    /// Under a name, which should be a URL without its scheme.
    ///
    /// # Errors
    /// When the key is not an Ed25519 key, or the name cannot stand on a signature line.
    pub fn new(name: &str, signer: Arc<dyn Signer>) -> Result<Self, SignError> {
        if signer.public_key().kind() != PublicKeyKind::Ed25519 {
            return Err(SignError::new("cosignatures need an Ed25519 key"));
        }
        if name.is_empty() || name.contains('+') || name.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(SignError::new(format!("\"{name}\" cannot name a cosigner")));
        }
        Ok(Self { key: VerifierKey::cosigner(name, signer.public_key().clone()), signer })
    }

    /// The key that verifies.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The signature line, with its line feed, over a checkpoint's text at a time in Unix seconds.
    ///
    /// # Errors
    /// When the signer fails.
    pub async fn cosign(&self, text: &str, time: u64) -> Result<String, SignError> {
        let signature = self.signer.sign(cosigned(text, time).as_bytes()).await?;
        let line = [&self.key.key_id()[..], &time.to_be_bytes(), &signature].concat();
        Ok(format!("\u{2014} {} {}\n", self.key.name, BASE64_STANDARD.encode(line)))
    }
}

/// What a cosignature is over.
fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyKind, SoftwareSigner};

    /// Of C2SP signed-note: the key of Go's checksum database.
    const SUMDB: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    #[test]
    fn a_published_key_is_read_and_written() {
        let key = VerifierKey::parse(SUMDB).unwrap();
        assert_eq!((key.name(), key.is_cosigner(), key.to_text().as_str()), ("sum.golang.org", false, SUMDB));
        for wrong in [
            "sum.golang.org",
            "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
            "other.example+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
            "+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
            "a b+033de0ae+Ac4z",
            "a+033de0ae+",
            "a+033de0ae+//8=",
        ] {
            assert!(VerifierKey::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn cosignatures_are_over_time_and_text() {
        let signer = Arc::new(SoftwareSigner::generate(KeyKind::Ed25519).unwrap());
        let cosigner = Cosigner::new("witness.example", signer).unwrap();
        let key = VerifierKey::parse(&cosigner.key().to_text()).unwrap();
        assert_eq!(&key, cosigner.key());
        let text = "log.example\n1\nAAAA\n";
        let line = cosigner.cosign(text, 1_800_000_000).await.unwrap();
        let note = Note::parse(&format!("{text}\n{line}")).unwrap();
        assert_eq!(key.verify(&note), Ok(Some(1_800_000_000)));
        let other = Note::parse(&format!("log.example\n2\nAAAA\n\n{line}")).unwrap();
        assert_eq!(key.verify(&other), Err(NoteError::Invalid));
        let stranger = Arc::new(SoftwareSigner::generate(KeyKind::Ed25519).unwrap());
        let stranger = Cosigner::new("witness.example", stranger).unwrap();
        assert_eq!(stranger.key().verify(&note), Err(NoteError::NoSignature));
    }
}
