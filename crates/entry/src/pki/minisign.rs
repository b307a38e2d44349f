//! The `minisign` format: keys and detached signatures of minisign and of OpenBSD's signify.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blake2::{Blake2b512, Digest as _};
use sigstead_crypto::{HashAlgorithm, PublicKey};

use crate::Rejection;
use crate::fields::decode_base64;

/// Longest file that is read: minisign's own comments have at most 1,024 and 8,192 bytes.
const MAX_TEXT: usize = 16 * 1024;
/// Algorithm, key id, Ed25519 key.
const KEY_LEN: usize = 2 + 8 + 32;
/// Algorithm, key id, Ed25519 signature.
const SIGNATURE_LEN: usize = 2 + 8 + 64;
/// Ed25519 signature over a signature and its comment.
const GLOBAL_LEN: usize = 64;
/// What a key without algorithm and id, as Rekor once kept them, is taken to have.
const BARE_KEY: [u8; 10] = *b"Ed\0\0\0\0\0\0\0\0";

/// A public key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// Algorithm, key id, key.
    bytes: Vec<u8>,
    pub(crate) public_key: PublicKey,
}

impl Key {
    /// From a key file, its second line, or 32 bytes.
    pub(crate) fn parse(sent: &[u8]) -> Result<Self, Rejection> {
        let invalid = || Rejection::entry("unable to read minisign public key: Invalid encoded public key");
        if sent.len() > MAX_TEXT {
            return Err(invalid());
        }
        let after_comment = sent.splitn(2, |byte| *byte == b'\n').nth(1);
        let decoded = after_comment
            .and_then(|line| block(line, KEY_LEN))
            .or_else(|| block(sent, KEY_LEN))
            .or_else(|| (sent.len() == 32).then(|| [&BARE_KEY, sent].concat()));
        let bytes = decoded.ok_or_else(invalid)?;
        let raw = bytes.get(BARE_KEY.len()..).unwrap_or_default();
        let public_key = PublicKey::from_ed25519_bytes(raw).map_err(|_| invalid())?;
        Ok(Self { bytes, public_key })
    }

    /// What entries keep of it: the base64 line.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        BASE64_STANDARD.encode(&self.bytes).into_bytes()
    }
}

/// A detached signature; its comments, and the signature over them, are not kept.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    /// Algorithm, key id, signature.
    bytes: Vec<u8>,
}

impl Signature {
    /// From a signature file: minisign's with four lines, signify's with two.
    pub(crate) fn parse(sent: &[u8]) -> Result<Self, Rejection> {
        let invalid = |why: String| Rejection::entry(format!("invalid signature provided: {why}"));
        if sent.len() > MAX_TEXT {
            return Err(invalid(format!("longer than {MAX_TEXT} bytes")));
        }
        if let Some(bytes) = minisign_block(sent) {
            return Ok(Self { bytes });
        }
        let kept = sent.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
        let lines: Vec<&[u8]> = sent.get(..kept).unwrap_or(sent).split(|byte| *byte == b'\n').collect();
        let [_, line] = lines.as_slice() else {
            return Err(invalid(format!("{} lines detected", lines.len())));
        };
        let bytes = decoded(line).ok_or_else(|| invalid("base64 decoding failed".to_owned()))?;
        if bytes.len() == SIGNATURE_LEN {
            Ok(Self { bytes })
        } else {
            Err(invalid(format!("incorrect size {} detected", bytes.len())))
        }
    }

    /// What entries keep of it: signify's file without a comment.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        format!("untrusted comment:\n{}", BASE64_STANDARD.encode(&self.bytes)).into_bytes()
    }

    /// Checks it over the message, or over its BLAKE2b-512 where the algorithm is `ED`. The key's id is only
    /// a hint: keys that Rekor once kept have none.
    pub(crate) fn verify(&self, message: &[u8], key: &Key) -> Result<(), Rejection> {
        let signature = self.bytes.get(BARE_KEY.len()..).unwrap_or_default();
        let prehashed = (self.bytes.get(1) == Some(&b'D')).then(|| Blake2b512::digest(message));
        let signed = prehashed.as_deref().unwrap_or(message);
        let verified = key.public_key.verify(HashAlgorithm::Sha512, signed, signature);
        verified.map_err(|_| Rejection::entry("failed to verify signature"))
    }
}

/// The second of the four lines, of which the fourth must look right too.
fn minisign_block(sent: &[u8]) -> Option<Vec<u8>> {
    let mut lines = sent.splitn(4, |byte| *byte == b'\n');
    let bytes = block(lines.nth(1)?, SIGNATURE_LEN)?;
    block(lines.nth(1)?, GLOBAL_LEN).map(|_| bytes)
}

/// Base64 of so many bytes.
fn block(text: &[u8], len: usize) -> Option<Vec<u8>> {
    decoded(text).filter(|bytes| bytes.len() == len)
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    decode_base64(std::str::from_utf8(text).ok()?).ok()
}
