use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use der::Encode as _;
use der::asn1::UintRef;
use sigstead_crypto::{HashAlgorithm, KeyError, PublicKey, PublicKeyKind, sha256};

use super::wire::{Reader, put_magnitude, put_string};
use crate::Rejection;

/// Longest modulus, as in OpenSSH and Go.
const MAX_RSA_BITS: usize = 8192;
/// Longest exponent, as in Go.
const MAX_EXPONENT: usize = 3;
/// In a security key's signature: somebody touched it.
const USER_PRESENT: u8 = 1;

/// A public key as SSH knows it (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4, OpenSSH's PROTOCOL.u2f).
#[derive(Debug, Clone)]
pub(crate) struct SshKey {
    pub(super) key: PublicKey,
    /// What a security key signs for; other keys have none.
    application: Option<Vec<u8>>,
}

/// A signature by such a key.
#[derive(Debug, Clone)]
pub(super) struct SshSignature {
    pub(super) algorithm: String,
    pub(super) blob: Vec<u8>,
    /// A security key's flags and counter; empty otherwise.
    pub(super) rest: Vec<u8>,
}

impl SshKey {
    pub(crate) const fn of(key: PublicKey) -> Self {
        Self { key, application: None }
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let mut reader = Reader::new(bytes);
        let name = reader.string()?;
        let (key, is_security_key) = match name {
            b"ssh-rsa" => (rsa(&mut reader)?, false),
            b"ssh-ed25519" => (ed25519(&mut reader)?, false),
            b"sk-ssh-ed25519@openssh.com" => (ed25519(&mut reader)?, true),
            b"ecdsa-sha2-nistp256" => (ecdsa(&mut reader, PublicKeyKind::EcdsaP256)?, false),
            b"ecdsa-sha2-nistp384" => (ecdsa(&mut reader, PublicKeyKind::EcdsaP384)?, false),
            b"ecdsa-sha2-nistp521" => (ecdsa(&mut reader, PublicKeyKind::EcdsaP521)?, false),
            b"sk-ecdsa-sha2-nistp256@openssh.com" => (ecdsa(&mut reader, PublicKeyKind::EcdsaP256)?, true),
            other => {
                let name = String::from_utf8_lossy(other);
                return Err(Rejection::entry(format!("ssh: unknown key algorithm: {name}")));
            }
        };
        let application = is_security_key.then(|| reader.string().map(<[u8]>::to_vec)).transpose()?;
        if reader.rest().is_empty() {
            Ok(Self { key, application })
        } else {
            Err(Rejection::entry("ssh: trailing junk in public key"))
        }
    }

    /// The key's type.
    pub(super) const fn name(&self) -> &'static str {
        match (self.key.kind(), self.application.is_some()) {
            (PublicKeyKind::Rsa { .. }, _) => "ssh-rsa",
            (PublicKeyKind::Ed25519, false) => "ssh-ed25519",
            (PublicKeyKind::Ed25519, true) => "sk-ssh-ed25519@openssh.com",
            (PublicKeyKind::EcdsaP256, false) => "ecdsa-sha2-nistp256",
            (PublicKeyKind::EcdsaP256, true) => "sk-ecdsa-sha2-nistp256@openssh.com",
            (PublicKeyKind::EcdsaP384, _) => "ecdsa-sha2-nistp384",
            (PublicKeyKind::EcdsaP521, _) => "ecdsa-sha2-nistp521",
        }
    }

    /// As it stands in key files and signatures.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_string(&mut out, self.name().as_bytes());
        if let Some((modulus, exponent)) = self.key.rsa_components() {
            put_magnitude(&mut out, &exponent);
            put_magnitude(&mut out, &modulus);
        } else {
            if let Some(curve) = curve_name(self.key.kind()) {
                put_string(&mut out, curve.as_bytes());
            }
            put_string(&mut out, self.key.key_bytes());
        }
        if let Some(application) = &self.application {
            put_string(&mut out, application);
        }
        out
    }

    /// `SHA256:` and unpadded base64, as `ssh-keygen -l` shows it.
    pub(crate) fn fingerprint(&self) -> String {
        format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(sha256(&self.encode())))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &SshSignature) -> Result<(), Rejection> {
        let hash = self.hash(&signature.algorithm).ok_or_else(|| {
            let (given, name) = (&signature.algorithm, self.name());
            Rejection::entry(format!("ssh: signature type {given} for key type {name}"))
        })?;
        let invalid = || match self.key.kind() {
            PublicKeyKind::Rsa { .. } => Rejection::entry("crypto/rsa: verification error"),
            _ => Rejection::entry("ssh: signature did not verify"),
        };
        let signed = match &self.application {
            None => message.to_vec(),
            Some(application) => security_key_data(application, message, &signature.rest)?,
        };
        let native = self.native(&signature.blob).ok_or_else(invalid)?;
        self.key.verify(hash, &signed, &native).map_err(|_| invalid())
    }

    /// The hash that a signature's algorithm says; `None` if the key does not sign with it. `ssh-rsa`, which is
    /// SHA-1, is not allowed in signatures of files (PROTOCOL.sshsig).
    fn hash(&self, algorithm: &str) -> Option<HashAlgorithm> {
        match (self.key.kind(), algorithm) {
            (PublicKeyKind::Rsa { .. }, "rsa-sha2-256") => Some(HashAlgorithm::Sha256),
            (PublicKeyKind::Rsa { .. }, "rsa-sha2-512") => Some(HashAlgorithm::Sha512),
            (PublicKeyKind::Rsa { .. }, _) => None,
            (kind, name) if name == self.name() => Some(match kind {
                PublicKeyKind::EcdsaP384 => HashAlgorithm::Sha384,
                PublicKeyKind::EcdsaP521 => HashAlgorithm::Sha512,
                _ => HashAlgorithm::Sha256,
            }),
            _ => None,
        }
    }

    /// The signature as other protocols write it.
    fn native(&self, blob: &[u8]) -> Option<Vec<u8>> {
        match self.key.kind() {
            PublicKeyKind::Ed25519 => Some(blob.to_vec()),
            PublicKeyKind::Rsa { bits } => {
                // Some programs leave the number's leading zeros out (RFC 8332 §3).
                let missing = bits.div_ceil(8).saturating_sub(blob.len());
                Some([&vec![0; missing], blob].concat())
            }
            _ => ecdsa_der(blob),
        }
    }
}

impl SshSignature {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let mut reader = Reader::new(bytes);
        let algorithm = String::from_utf8_lossy(reader.string()?).into_owned();
        let blob = reader.string()?.to_vec();
        let rest = reader.rest().to_vec();
        if algorithm.starts_with("sk-") || rest.is_empty() {
            Ok(Self { algorithm, blob, rest })
        } else {
            Err(Rejection::entry("ssh: trailing junk in signature"))
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_string(&mut out, self.algorithm.as_bytes());
        put_string(&mut out, &self.blob);
        out.extend(&self.rest);
        out
    }
}

fn rsa(reader: &mut Reader<'_>) -> Result<PublicKey, Rejection> {
    #[derive(der::Sequence)]
    struct Pkcs1<'a> {
        modulus: UintRef<'a>,
        exponent: UintRef<'a>,
    }
    let (exponent, modulus) = (reader.magnitude()?, reader.magnitude()?);
    if modulus.len() > MAX_RSA_BITS / 8 {
        return Err(Rejection::entry("ssh: rsa modulus too large"));
    }
    if exponent.len() > MAX_EXPONENT {
        return Err(Rejection::entry("ssh: exponent too large"));
    }
    if matches!(exponent, [] | [1]) || exponent.last().is_some_and(|byte| byte % 2 == 0) {
        return Err(Rejection::entry("ssh: incorrect exponent"));
    }
    let numbers = UintRef::new(modulus).and_then(|modulus| Ok((modulus, UintRef::new(exponent)?)));
    let der = numbers.and_then(|(modulus, exponent)| Pkcs1 { modulus, exponent }.to_der());
    let der = der.map_err(|error| Rejection::entry(format!("ssh: {error}")))?;
    PublicKey::from_pkcs1_der(&der).map_err(unusable)
}

fn ed25519(reader: &mut Reader<'_>) -> Result<PublicKey, Rejection> {
    let raw = reader.string()?;
    PublicKey::from_ed25519_bytes(raw)
        .map_err(|_| Rejection::entry(format!("invalid size {} for Ed25519 public key", raw.len())))
}

fn ecdsa(reader: &mut Reader<'_>, kind: PublicKeyKind) -> Result<PublicKey, Rejection> {
    let curve = reader.string()?;
    if Some(curve) != curve_name(kind).map(str::as_bytes) {
        return Err(Rejection::entry("ssh: the curve is not the one of the key's type"));
    }
    let point = reader.string()?;
    PublicKey::from_point(kind, point).map_err(|_| Rejection::entry("ssh: invalid curve point"))
}

fn unusable(error: KeyError) -> Rejection {
    Rejection::entry(format!("ssh: {error}"))
}

const fn curve_name(kind: PublicKeyKind) -> Option<&'static str> {
    match kind {
        PublicKeyKind::EcdsaP256 => Some("nistp256"),
        PublicKeyKind::EcdsaP384 => Some("nistp384"),
        PublicKeyKind::EcdsaP521 => Some("nistp521"),
        PublicKeyKind::Rsa { .. } | PublicKeyKind::Ed25519 => None,
    }
}

/// Two `mpint`s (RFC 5656 §3.1.2) as ASN.1 DER.
fn ecdsa_der(blob: &[u8]) -> Option<Vec<u8>> {
    #[derive(der::Sequence)]
    struct Signature<'a> {
        r: UintRef<'a>,
        s: UintRef<'a>,
    }
    let mut reader = Reader::new(blob);
    let (r, s) = (reader.magnitude().ok()?, reader.magnitude().ok()?);
    let is_whole = reader.rest().is_empty();
    let der = Signature { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? }.to_der().ok();
    der.filter(|_| is_whole)
}

/// What a security key signs (PROTOCOL.u2f): it must have been touched.
fn security_key_data(application: &[u8], message: &[u8], rest: &[u8]) -> Result<Vec<u8>, Rejection> {
    let [flags, _, _, _, _] = rest else { return Err(Rejection::entry("ssh: short read")) };
    if flags & USER_PRESENT == 0 {
        return Err(Rejection::entry("ssh: signature missing required user presence flag"));
    }
    Ok([&sha256(application), rest, &sha256(message)].concat())
}
