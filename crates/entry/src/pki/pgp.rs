//! OpenPGP (RFC 9580): keys and detached signatures, with the checks and the canonical forms of Rekor's library.

mod armor;
mod clear_signed;
mod entity;
mod packets;

use pgp::packet::{Signature as SignaturePacket, SignatureType, SignatureVersion};
use pgp::types::KeyDetails;

pub(crate) use clear_signed::ClearSigned;
use entity::Entity;
use packets::Packets;

use super::ssh::is_email;
use crate::Rejection;

/// A key with hundreds of foreign certifications stays below; each self-signature costs a verification.
const MAX_KEYS: usize = 1 << 20;
/// Signatures are a few hundred bytes; notations may add some.
const MAX_SIGNATURE: usize = 64 << 10;

const PUBLIC_KEY: &str = "PGP PUBLIC KEY BLOCK";
const PRIVATE_KEY: &str = "PGP PRIVATE KEY BLOCK";
const SIGNATURE: &str = "PGP SIGNATURE";

/// A ring of public keys.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    entities: Vec<Entity>,
}

impl Key {
    /// From one or more armored blocks, or from packets.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        if bytes.len() > MAX_KEYS {
            return Err(Rejection::entry("error reading PGP public key: it is too long"));
        }
        let mut entities = Vec::new();
        if bytes.starts_with(b"-----BEGIN PGP") {
            for block in armor::blocks(bytes) {
                let block = block.ok_or_else(|| Rejection::entry("invalid PGP public key provided: EOF"))?;
                if block.label != PUBLIC_KEY && block.label != PRIVATE_KEY {
                    return Err(Rejection::entry("invalid PGP type detected"));
                }
                entities.extend(ring(&block.data, "error reading PGP public key")?);
            }
        } else {
            entities = ring(bytes, "error reading binary PGP public key")?;
        }
        // Rekor's test for private keys, which also turns away the most usual ones.
        if entities.len() == entities.iter().map(Entity::secret_encryption_keys).sum::<usize>() {
            return Err(Rejection::entry("no PGP public keys could be read"));
        }
        Ok(Self { entities })
    }

    /// Armor around what is understood of each key.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let mut packets = Vec::new();
        for entity in &self.entities {
            entity.write(&mut packets);
        }
        armor::encode(PUBLIC_KEY, &packets)
    }

    /// The addresses in user ids, in the order of the key.
    pub(crate) fn emails(&self) -> Vec<String> {
        let addresses = self.entities.iter().flat_map(Entity::addresses);
        addresses.filter(|address| is_email(address)).map(str::to_owned).collect()
    }

    /// Checks a single signature packet by whichever key it names, whatever that key is for, as packages want.
    pub(crate) fn verify_packet(&self, packet: &[u8], message: &[u8]) -> Result<(), Rejection> {
        let none = || Rejection::entry("no supported PGP signature packet found");
        let mut packets = Packets::new(packet);
        let raw = packets.next().and_then(Result::ok).ok_or_else(none)?;
        if !packets.is_at_end() {
            return Err(Rejection::entry("trailing garbage after PGP signature packet"));
        }
        let signature = raw.signature().ok_or_else(none)?;
        let mut signers = self.entities.iter().flat_map(Entity::signers);
        let signer = signers.find(|signer| is_named(signer.key(), &signature));
        let signer = signer.ok_or_else(|| {
            let id = signature.issuer_key_id().first().map(ToString::to_string).unwrap_or_default();
            Rejection::entry(format!("keyid {id} not found"))
        })?;
        signer.verify(&signature, message)
    }
}

fn ring(packets: &[u8], what: &str) -> Result<Vec<Entity>, Rejection> {
    Entity::read_all(packets).map_err(|why| Rejection::entry(format!("{what}: {why}")))
}

/// A detached signature, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    /// Its armor, if it came in one; that is kept to the byte.
    armored: Option<Vec<u8>>,
    packets: Vec<u8>,
}

impl Signature {
    /// From armor or packets.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        if bytes.len() > MAX_SIGNATURE {
            return Err(Rejection::entry("invalid PGP signature: it is too long"));
        }
        let signature = match armor::blocks(bytes).next().flatten() {
            Some(block) if block.label != SIGNATURE => {
                return Err(Rejection::entry("invalid PGP signature provided"));
            }
            Some(block) => Self { armored: Some(bytes.to_vec()), packets: block.data },
            None => Self { armored: None, packets: bytes.to_vec() },
        };
        let invalid = |why: &str| Rejection::entry(format!("invalid PGP signature: {why}"));
        signature.signatures().next().ok_or_else(|| invalid("EOF"))?.map_err(invalid)?;
        Ok(signature)
    }

    /// The armor that it came in, or armor around it.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        self.armored.clone().unwrap_or_else(|| armor::encode(SIGNATURE, &self.packets))
    }

    /// Whether one of the signatures is `key`'s and right. Keys are judged by the time of the signature: one
    /// that expired since still verifies what it signed.
    pub(crate) fn verify(&self, message: &[u8], key: &Key) -> Result<(), Rejection> {
        for signature in self.signatures() {
            let signature =
                signature.map_err(|why| Rejection::entry(format!("openpgp: invalid data: {why}")))?;
            let mut signers = key.entities.iter().flat_map(Entity::signers);
            if let Some(signer) =
                signers.find(|signer| is_named(signer.key(), &signature) && signer.may_sign())
            {
                if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
                    return Err(Rejection::entry("openpgp: unsupported feature: unsupported signature type"));
                }
                signer.verify(&signature, message)?;
                return signer.is_valid_for(&signature);
            }
        }
        Err(Rejection::entry("openpgp: signature made by unknown entity"))
    }

    /// The signatures in it that are of a supported kind; the rest is passed over.
    fn signatures(&self) -> impl Iterator<Item = Result<SignaturePacket, &'static str>> {
        Packets::new(&self.packets).filter_map(|packet| match packet {
            Err(why) => Some(Err(why)),
            Ok(packet) if packet.is_signature() => packet.signature().map(Ok),
            Ok(_) => Some(Err("non signature packet found")),
        })
    }
}

/// Whether Rekor's library knows the kind of signature; others are as if they were not there.
fn is_supported(signature: &SignaturePacket) -> bool {
    use pgp::crypto::hash::HashAlgorithm::{Md5, Other, Ripemd160};
    matches!(signature.version(), SignatureVersion::V4 | SignatureVersion::V6)
        && !matches!(signature.hash_alg(), None | Some(Md5 | Ripemd160 | Other(_)))
}

/// Whether `signature` says that it is by `key`.
fn is_named(key: &dyn KeyDetails, signature: &SignaturePacket) -> bool {
    let (id, fingerprint) = (key.legacy_key_id(), key.fingerprint());
    signature.issuer_key_id().into_iter().any(|issuer| *issuer == id)
        || signature.issuer_fingerprint().into_iter().any(|issuer| *issuer == fingerprint)
}
