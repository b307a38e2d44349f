//! cose 0.0.1: a COSE_Sign1 message (RFC 9052 §4.2), which the log may keep as an attestation.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use coset::{Algorithm, CoseError, CoseSign1, RegisteredLabel, TaggedCborSerializable as _, cbor, iana};
use serde::Serialize;
use serde_json::Value;
use sigstead_crypto::{HashAlgorithm, PssSalt, PublicKeyKind};

use crate::Rejection;
use crate::canonical::{Canonical, Hash};
use crate::dsse::committed_hash;
use crate::envelope::About;
use crate::fields::{Fields, decode_base64};
use crate::pki::Verifier;

/// Longest message: each byte of CBOR may take thirty in memory.
const MAX_MESSAGE: usize = 4 << 20;
/// How a tagged COSE_Sign1 begins: tag 18, an array of four.
const SIGN1: [u8; 2] = [0xd2, 0x84];

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct Cose {
    verifier: Verifier,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Proposed {
        message: Bytes,
        sign1: Box<CoseSign1>,
        scheme: Scheme,
        aad: Vec<u8>,
    },
    /// As the log keeps it.
    Committed(Data),
}

/// How a kind of key signs COSE messages.
#[derive(Debug, Clone, Copy)]
enum Scheme {
    Es256,
    Ps256,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    envelope_hash: Hash,
    payload_hash: Hash,
}

impl Cose {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let spec = Fields::of(Some(spec));
        let data = spec.object("data");
        let message = optional_bytes(spec, "message")?;
        let key = optional_bytes(spec, "publicKey")?;
        let aad = optional_bytes(data, "aad")?.unwrap_or_default();
        let key = key.ok_or_else(|| Rejection::validation(&["publicKey in body is required".to_owned()]))?;
        let verifier = Verifier::from_pem(&key)?;
        let Some(message) = message else {
            let content = Content::Committed(Data::parse(data)?);
            return Ok(Self { verifier, content });
        };
        let scheme = Scheme::of(verifier.key.kind())?;
        let sign1 = Box::new(parse_sign1(&message)?);
        if !data.is_present() {
            return Err(Rejection::entry("cose object data cannot be nil"));
        }
        Ok(Self { verifier, content: Content::Proposed { message: message.into(), sign1, scheme, aad } })
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        matches!(self.content, Content::Proposed { .. })
    }

    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        let (message, sign1, scheme, aad) = match self.content {
            Content::Committed(data) => return canonical(&self.verifier, data, Vec::new(), None),
            Content::Proposed { message, sign1, scheme, aad } => (message, sign1, scheme, aad),
        };
        let payload = sign1.payload.as_deref().ok_or_else(|| Rejection::entry("missing payload"))?;
        scheme.check_header(&sign1, &aad)?;
        if !scheme.verifies(&self.verifier, &sign1.tbs_data(&aad), &sign1.signature) {
            return Err(Rejection::entry("verification error"));
        }
        let data = Data { envelope_hash: Hash::sha256_of(&message), payload_hash: Hash::sha256_of(payload) };
        let mut search_values: Vec<String> = self.verifier.search_values().collect();
        search_values.extend([data.envelope_hash.prefixed(), data.payload_hash.prefixed()]);
        if let Some(RegisteredLabel::Text(content_type)) = &sign1.protected.header.content_type {
            search_values.extend(About::payload(content_type, payload).digests);
        }
        canonical(&self.verifier, data, search_values, Some(message))
    }
}

impl Data {
    fn parse(data: Fields<'_>) -> Result<Self, Rejection> {
        let hashes =
            committed_hash(data.object("envelopeHash")).zip(committed_hash(data.object("payloadHash")));
        let (envelope_hash, payload_hash) =
            hashes.ok_or_else(|| Rejection::entry("envelope hash should have been previously computed"))?;
        Ok(Self { envelope_hash, payload_hash })
    }
}

impl Scheme {
    fn of(kind: PublicKeyKind) -> Result<Self, Rejection> {
        let curve = |name| Rejection::entry(format!("unsupported elliptic curve {name}"));
        match kind {
            PublicKeyKind::EcdsaP256 => Ok(Self::Es256),
            PublicKeyKind::EcdsaP384 => Err(curve("P-384")),
            PublicKeyKind::EcdsaP521 => Err(curve("P-521")),
            PublicKeyKind::Ed25519 => Err(Rejection::entry("unsupported algorithm type ed25519.PublicKey")),
            PublicKeyKind::Rsa { bits } if bits < 2048 => {
                Err(Rejection::entry("RSA key must be at least 2048 bits long"))
            }
            PublicKeyKind::Rsa { .. } => Ok(Self::Ps256),
        }
    }

    /// The protected header must name the key's algorithm; with external data, whoever verifies may know it
    /// from there (RFC 9052 §3.1).
    fn check_header(self, sign1: &CoseSign1, aad: &[u8]) -> Result<(), Rejection> {
        let (wanted, name) = match self {
            Self::Es256 => (iana::Algorithm::ES256, "ES256"),
            Self::Ps256 => (iana::Algorithm::PS256, "PS256"),
        };
        match &sign1.protected.header.alg {
            Some(Algorithm::Assigned(given)) if *given == wanted => Ok(()),
            Some(Algorithm::Text(given)) => {
                Err(Rejection::entry(format!("Algorithm({given:?}): algorithm not supported")))
            }
            Some(given) => Err(Rejection::entry(format!(
                "algorithm mismatch: verifier {name}: header {}",
                name_of(given)
            ))),
            None if aad.is_empty() => Err(Rejection::entry("algorithm not found")),
            None => Ok(()),
        }
    }

    fn verifies(self, verifier: &Verifier, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            // Raw `r ‖ s` only (RFC 9053 §2.1), where a signature over a digest may also be DER.
            Self::Es256 if signature.len() == 64 => {
                let digest = HashAlgorithm::Sha256.digest(signed);
                verifier.key.verify_digest(HashAlgorithm::Sha256, &digest, signature).is_ok()
            }
            Self::Es256 => false,
            Self::Ps256 => verifier.key.verify_pss(PssSalt::Digest, signed, signature).is_ok(),
        }
    }
}

fn parse_sign1(message: &[u8]) -> Result<CoseSign1, Rejection> {
    if message.len() > MAX_MESSAGE {
        return Err(Rejection::entry("cbor: message exceeds maximum allowed size (4MB)"));
    }
    if !message.starts_with(&SIGN1) {
        return Err(Rejection::entry("cbor: invalid COSE_Sign1_Tagged object"));
    }
    let sign1 = CoseSign1::from_tagged_slice(message);
    let sign1 = sign1.map_err(|error| match error {
        CoseError::DecodeFailed(cbor::de::Error::Io(_)) => Rejection::entry("unexpected EOF"),
        error => Rejection::entry(format!("cbor: {error}")),
    })?;
    if sign1.signature.is_empty() { Err(Rejection::entry("empty signature")) } else { Ok(sign1) }
}

fn name_of(algorithm: &Algorithm) -> String {
    match algorithm {
        Algorithm::Assigned(assigned) => format!("{assigned:?}"),
        Algorithm::PrivateUse(number) => format!("Algorithm({number})"),
        Algorithm::Text(text) => text.clone(),
    }
}

/// An empty field is an absent one.
fn optional_bytes(fields: Fields<'_>, name: &str) -> Result<Option<Vec<u8>>, Rejection> {
    let text = fields.text(name).filter(|text| !text.is_empty());
    let failed = |why| Rejection::entry(format!("failed parsing base64 data for {name}: {why}"));
    text.map(|text| decode_base64(text).map_err(failed)).transpose()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    data: Data,
    public_key: String,
}

fn canonical(
    verifier: &Verifier,
    data: Data,
    search_values: Vec<String>,
    message: Option<Bytes>,
) -> Result<Canonical, Rejection> {
    let attestation = message.map(|message| (data.envelope_hash.prefixed(), message));
    let spec = Spec { data, public_key: BASE64_STANDARD.encode(verifier.canonical()) };
    let leaf = Canonical::new("cose", "0.0.1", spec, search_values)?;
    Ok(leaf.with_fields(verifier.search_fields()).with_attestation(attestation))
}
