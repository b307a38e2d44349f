//! The `ssh` format: a line of `authorized_keys`, and signatures made by `ssh-keygen -Y sign -n file`
//! (OpenSSH's PROTOCOL.sshsig).

mod public_key;
mod wire;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sigstead_crypto::{HashAlgorithm, PublicKey, pem};

pub(crate) use public_key::SshKey;

use crate::Rejection;
use crate::fields::decode_base64;
use public_key::SshSignature;
use wire::{Reader, put_string};

/// Longest text of a key, as in Rekor.
const MAX_KEY: usize = 65_536;
const ARMOR: &str = "SSH SIGNATURE";
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;
/// What the signature is for: files, and nothing else.
const NAMESPACE: &[u8] = b"file";

/// A public key with the comment beside it.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    key: SshKey,
    comment: String,
}

impl Key {
    /// The first key in a text of lines, as sshd(8) reads `authorized_keys`.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Rejection> {
        if text.len() > MAX_KEY {
            return Err(Rejection::entry("http: request body too large"));
        }
        let mut ignored = None;
        for line in text.split(|byte| *byte == b'\n') {
            match Self::from_line(line) {
                Ok(Some(key)) => return Ok(key),
                Ok(None) => {}
                Err(why) => ignored = Some(why),
            }
        }
        Err(match ignored {
            Some(why) => {
                Rejection::entry(format!("ssh: no key found; last parsing error for ignored line: {why}"))
            }
            None => Rejection::entry("ssh: no key found"),
        })
    }

    /// `None` if the line is empty, a comment, or too short to say what is wrong with it.
    fn from_line(line: &[u8]) -> Result<Option<Self>, Rejection> {
        let line = line.split(|byte| *byte == b'\r').next().unwrap_or_default().trim_ascii();
        let plain = if line.starts_with(b"#") { None } else { Self::from_words(line) };
        match plain {
            Some(Err(why)) => after_options(line).and_then(Self::from_words).unwrap_or(Err(why)).map(Some),
            plain => plain.transpose(),
        }
    }

    /// From type, key and comment; `None` if there is but one word.
    fn from_words(text: &[u8]) -> Option<Result<Self, Rejection>> {
        let (name, rest) = text.split_at_checked(text.iter().position(is_blank)?)?;
        let rest = rest.trim_ascii();
        let end = rest.iter().position(is_blank).unwrap_or(rest.len());
        let (base64, comment) = rest.split_at_checked(end)?;
        Some(Self::from_base64(base64, comment.trim_ascii()).and_then(|key| key.check_name(name)))
    }

    fn from_base64(base64: &[u8], comment: &[u8]) -> Result<Self, Rejection> {
        let decoded = decode_base64(&String::from_utf8_lossy(base64)).map_err(Rejection::Entry)?;
        Ok(Self { key: SshKey::parse(&decoded)?, comment: String::from_utf8_lossy(comment).into_owned() })
    }

    /// Else an option that is a single word could be taken for a type, and be without effect.
    fn check_name(self, given: &[u8]) -> Result<Self, Rejection> {
        let name = self.key.name();
        if given == name.as_bytes() {
            return Ok(self);
        }
        let given = String::from_utf8_lossy(given);
        Err(Rejection::entry(format!(
            "ssh: authorized keys key type mismatch: human-readable type {given:?}, encoded type {name:?}"
        )))
    }

    /// The line without options and comment.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        format!("{} {}\n", self.key.name(), BASE64_STANDARD.encode(self.key.encode())).into_bytes()
    }

    /// The comment, if it is an e-mail address.
    pub(crate) fn emails(&self) -> Vec<String> {
        if is_email(&self.comment) { vec![self.comment.clone()] } else { Vec::new() }
    }

    pub(crate) const fn public_key(&self) -> &PublicKey {
        &self.key.key
    }
}

/// A signature over a file's hash.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    /// The key that came inside; the entry's own key is what counts.
    key: SshKey,
    hash: HashAlgorithm,
    signature: SshSignature,
}

impl Signature {
    /// From its armor.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Rejection> {
        let blocks = pem::blocks(text);
        let block = blocks.first().ok_or_else(|| Rejection::entry("unable to decode pem file"))?;
        if block.label != ARMOR {
            let why = format!("wrong pem block type: {}. Expected SSH-SIGNATURE", block.label);
            return Err(Rejection::entry(why));
        }
        Self::from_bytes(&block.der)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Rejection> {
        let mut reader = Reader::new(bytes);
        let (magic, version) = (reader.bytes(MAGIC.len())?, reader.uint32()?);
        let (key, namespace, _reserved) = (reader.string()?, reader.string()?, reader.string()?);
        let (hash, signature) = (reader.string()?, reader.string()?);
        if !reader.rest().is_empty() {
            return Err(Rejection::entry("ssh: trailing junk in signature"));
        }
        let wrong = |what: &str, text| Rejection::entry(format!("{what}: {}", String::from_utf8_lossy(text)));
        if version != VERSION {
            return Err(Rejection::entry(format!("unsupported signature version: {version}")));
        }
        if magic != MAGIC {
            return Err(wrong("invalid magic header", magic));
        }
        if namespace != NAMESPACE {
            return Err(wrong("invalid signature namespace", namespace));
        }
        let hash = match hash {
            b"sha256" => HashAlgorithm::Sha256,
            b"sha512" => HashAlgorithm::Sha512,
            other => return Err(wrong("unsupported hash algorithm", other)),
        };
        let signature = SshSignature::parse(signature)?;
        Ok(Self { key: SshKey::parse(key)?, hash, signature })
    }

    /// The armor in 64 columns. The hash's name stays what it was: Rekor writes `sha512` whatever was signed,
    /// and so cannot take any other.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_be_bytes());
        put_string(&mut out, &self.key.encode());
        put_string(&mut out, NAMESPACE);
        put_string(&mut out, &[]);
        put_string(&mut out, self.hash.name().as_bytes());
        put_string(&mut out, &self.signature.encode());
        pem::encode(ARMOR, &out).into_bytes()
    }

    pub(crate) fn verify(&self, message: &[u8], key: &Key) -> Result<(), Rejection> {
        let mut signed = MAGIC.to_vec();
        put_string(&mut signed, NAMESPACE);
        put_string(&mut signed, &[]);
        put_string(&mut signed, self.hash.name().as_bytes());
        put_string(&mut signed, &self.hash.digest(message));
        key.key.verify(&signed, &self.signature)
    }
}

/// What follows the options, which end at the first blank outside of quotes.
fn after_options(line: &[u8]) -> Option<&[u8]> {
    let (mut quoted, mut before) = (false, b' ');
    let end = line.iter().position(|byte| {
        quoted ^= *byte == b'"' && before != b'\\';
        before = *byte;
        !quoted && is_blank(byte)
    });
    line.get(end?..).map(<[u8]>::trim_ascii_start)
}

const fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a comment reads as an address; most are `user@machine`.
pub(super) fn is_email(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&byte));
    let labels = |domain: &str| domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
    is_plain
        && text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.contains('@') && labels(domain))
}
