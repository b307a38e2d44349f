//! One primary key with its user ids and subkeys, as Rekor's library reads it: what is not bound to the primary
//! key by a signature is left out or makes the key unreadable.

use pgp::packet::{
    Packet, PublicKey, PublicSubkey, RevocationCode, Signature, SignatureType, SubpacketData, UserId,
};
use pgp::ser::Serialize;
use pgp::types::{Duration, KeyDetails, KeyVersion, Tag, Timestamp};

use super::packets::{Packets, Raw, framed};
use crate::Rejection;

/// Types of packets.
const PUBLIC_KEY: u8 = 6;
const PUBLIC_SUBKEY: u8 = 14;

#[derive(Debug, Clone)]
pub(super) struct Entity {
    primary: PublicKey,
    primary_packet: Vec<u8>,
    revocations: Vec<Signature>,
    /// Key revocations, then (of version 6 only) direct-key signatures, as written.
    own_packets: Vec<u8>,
    direct: Option<Signature>,
    users: Vec<User>,
    subkeys: Vec<Subkey>,
}

#[derive(Debug, Clone)]
struct User {
    id: UserId,
    /// The id and every certification of it, as written.
    packets: Vec<u8>,
    /// The newest.
    self_signature: Option<Signature>,
    revocations: Vec<Signature>,
}

#[derive(Debug, Clone)]
pub(super) struct Subkey {
    key: PublicSubkey,
    is_secret: bool,
    key_packet: Vec<u8>,
    revocations: Vec<Signature>,
    revocation_packets: Vec<u8>,
    /// The newest, and as written.
    binding: Option<(Signature, Vec<u8>)>,
}

/// What the next signature is about.
enum About {
    Primary,
    User,
    Subkey,
}

impl Entity {
    /// Every readable key of a ring; an error if there is none.
    pub(super) fn read_all(packets: &[u8]) -> Result<Vec<Self>, String> {
        let (mut entities, mut why) = (Vec::new(), "no keys found".to_owned());
        let mut current: Option<Result<(Self, About), String>> = None;
        let mut finish = |entity: Option<Result<(Self, About), String>>| match entity
            .map(|entity| entity.and_then(|(entity, _)| entity.checked()))
        {
            Some(Ok(entity)) => entities.push(entity),
            Some(Err(error)) => why = error,
            None => {}
        };
        for raw in Packets::new(packets) {
            let raw = raw.map_err(str::to_owned)?;
            let Some(packet) = raw.parse() else { continue };
            if let Some(primary) = primary(&packet) {
                finish(current.take());
                current = Some(Self::new(primary));
            } else if let Some(Ok((mut entity, about))) = current.take_if(|entity| entity.is_ok()) {
                current = Some(entity.add(raw, packet, about).map(|about| (entity, about)));
            } else if current.is_none() {
                current = Some(Err("first packet was not a public/private key".to_owned()));
            }
        }
        finish(current);
        if entities.is_empty() { Err(format!("openpgp: invalid data: {why}")) } else { Ok(entities) }
    }

    fn new(primary: PublicKey) -> Result<(Self, About), String> {
        if !primary.algorithm().can_sign() {
            return Err("primary key cannot be used for signatures".to_owned());
        }
        let body = primary.to_bytes().map_err(|error| error.to_string())?;
        let entity = Self {
            primary,
            primary_packet: framed(PUBLIC_KEY, &body),
            revocations: Vec::new(),
            own_packets: Vec::new(),
            direct: None,
            users: Vec::new(),
            subkeys: Vec::new(),
        };
        Ok((entity, About::Primary))
    }

    fn add(&mut self, raw: Raw<'_>, packet: Packet, about: About) -> Result<About, String> {
        match packet {
            Packet::UserId(id) => {
                self.users.push(User {
                    id,
                    packets: raw.write(),
                    self_signature: None,
                    revocations: Vec::new(),
                });
                Ok(About::User)
            }
            Packet::PublicSubkey(key) => self.add_subkey(key, false),
            Packet::SecretSubkey(key) => self.add_subkey(key.public_key().clone(), true),
            Packet::Signature(signature) if super::is_supported(&signature) => {
                match about {
                    About::Primary => self.add_own(raw, signature)?,
                    About::User => self.certify(raw, signature)?,
                    About::Subkey => self.bind(raw, signature)?,
                }
                Ok(about)
            }
            // Certifications of what is left out are left out, too.
            Packet::UserAttribute(_) => Ok(About::Primary),
            _ => Ok(about),
        }
    }

    fn add_subkey(&mut self, key: PublicSubkey, is_secret: bool) -> Result<About, String> {
        let body = key.to_bytes().map_err(|error| error.to_string())?;
        self.subkeys.push(Subkey {
            key,
            is_secret,
            key_packet: framed(PUBLIC_SUBKEY, &body),
            revocations: Vec::new(),
            revocation_packets: Vec::new(),
            binding: None,
        });
        Ok(About::Subkey)
    }

    fn add_own(&mut self, raw: Raw<'_>, signature: Signature) -> Result<(), String> {
        match signature.typ() {
            Some(SignatureType::KeyRevocation) => {
                let foreign = |_| "revocation signature signed by alternate key".to_owned();
                signature.verify_key(&self.primary).map_err(foreign)?;
                self.own_packets.extend(raw.write());
                self.revocations.push(signature);
            }
            Some(SignatureType::Key) if self.primary.version() == KeyVersion::V6 => {
                self.own_packets.extend(raw.write());
                if self.direct.as_ref().is_none_or(|kept| kept.created() < signature.created()) {
                    self.direct = Some(signature);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn certify(&mut self, raw: Raw<'_>, signature: Signature) -> Result<(), String> {
        let is_revocation = signature.typ() == Some(SignatureType::CertRevocation);
        if !is_revocation && !signature.is_certification() {
            return Err("user ID signature with wrong type".to_owned());
        }
        let Some(user) = self.users.last_mut() else { return Ok(()) };
        user.packets.extend(raw.write());
        if !super::is_named(&self.primary, &signature) {
            return Ok(());
        }
        let invalid = |error| format!("user ID self-signature invalid: {error}");
        signature.verify_certification(&self.primary, Tag::UserId, &user.id).map_err(invalid)?;
        if is_revocation {
            user.revocations.push(signature);
        } else if user.self_signature.as_ref().is_none_or(|kept| kept.created() < signature.created()) {
            user.self_signature = Some(signature);
        }
        Ok(())
    }

    fn bind(&mut self, raw: Raw<'_>, signature: Signature) -> Result<(), String> {
        let Some(subkey) = self.subkeys.last_mut() else { return Ok(()) };
        let is_revocation = signature.typ() == Some(SignatureType::SubkeyRevocation);
        if !is_revocation && signature.typ() != Some(SignatureType::SubkeyBinding) {
            return Err("subkey signature with wrong type".to_owned());
        }
        let invalid = |error| format!("subkey signature invalid: {error}");
        signature.verify_subkey_binding(&self.primary, &subkey.key).map_err(invalid)?;
        if is_revocation {
            subkey.revocation_packets.extend(raw.write());
            subkey.revocations.push(signature);
            return Ok(());
        }
        if signature.key_flags().sign() {
            let back = signature.embedded_signature();
            let back = back.ok_or("subkey signature invalid: signing subkey is missing cross-signature")?;
            back.verify_primary_key_binding(&subkey.key, &self.primary).map_err(invalid)?;
        }
        if subkey.binding.as_ref().is_none_or(|(kept, _)| kept.created() < signature.created()) {
            subkey.binding = Some((signature, raw.write()));
        }
        Ok(())
    }

    /// Leaves out what nothing binds.
    fn checked(mut self) -> Result<Self, String> {
        self.users.retain(|user| user.self_signature.is_some());
        if self.subkeys.iter().any(|subkey| subkey.binding.is_none()) {
            return Err("subkey packet not followed by signature".to_owned());
        }
        if self.primary.version() == KeyVersion::V6 {
            let direct = self.direct.as_ref().ok_or("v6 entity without a valid direct-key signature")?;
            let invalid = |_| "invalid direct-key self-signature for v6 primary key".to_owned();
            direct.verify_key(&self.primary).map_err(invalid)?;
        } else if self.users.is_empty() {
            return Err(format!("v{} entity without any identities", u8::from(self.primary.version())));
        }
        Ok(self)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.primary_packet);
        out.extend_from_slice(&self.own_packets);
        for user in &self.users {
            out.extend_from_slice(&user.packets);
        }
        for subkey in &self.subkeys {
            out.extend_from_slice(&subkey.key_packet);
            out.extend_from_slice(&subkey.revocation_packets);
            out.extend(subkey.binding.iter().flat_map(|(_, packet)| packet));
        }
    }

    /// The address in each user id: `Name (comment) <address>`, or the whole of it.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.users.iter().filter_map(|user| user.id.as_str()).map(address)
    }

    pub(super) fn secret_encryption_keys(&self) -> usize {
        let encrypts = |subkey: &&Subkey| {
            let flags = subkey.binding.as_ref().map(|(signature, _)| signature.key_flags());
            subkey.is_secret && flags.is_some_and(|flags| flags.encrypt_comms() || flags.encrypt_storage())
        };
        self.subkeys.iter().filter(encrypts).count()
    }

    pub(super) fn signers(&self) -> impl Iterator<Item = Signer<'_>> {
        let subkeys = self.subkeys.iter().map(move |subkey| Signer::Subkey(self, subkey));
        std::iter::once(Signer::Primary(self)).chain(subkeys)
    }

    /// The user id that speaks for the key.
    fn primary_user(&self) -> Option<&User> {
        self.users.iter().reduce(|first, other| if other.is_preferred_to(first) { other } else { first })
    }

    /// What says how long the key is valid.
    fn self_signature(&self) -> Option<&Signature> {
        if self.primary.version() == KeyVersion::V6 {
            return self.direct.as_ref();
        }
        self.primary_user()?.self_signature.as_ref()
    }
}

impl User {
    fn is_preferred_to(&self, other: &Self) -> bool {
        let rank = |user: &Self| {
            let is_primary = user.self_signature.as_ref().is_some_and(Signature::is_primary);
            let created = user.self_signature.as_ref().and_then(Signature::created);
            (std::cmp::Reverse(user.revocations.len()), is_primary, created)
        };
        rank(self) > rank(other)
    }
}

/// A key that can sign, and to whom it belongs.
#[derive(Clone, Copy)]
pub(super) enum Signer<'a> {
    Primary(&'a Entity),
    Subkey(&'a Entity, &'a Subkey),
}

impl<'a> Signer<'a> {
    pub(super) fn key(&self) -> &'a dyn KeyDetails {
        match self {
            Self::Primary(entity) => &entity.primary,
            Self::Subkey(_, subkey) => &subkey.key,
        }
    }

    fn entity(self) -> &'a Entity {
        match self {
            Self::Primary(entity) | Self::Subkey(entity, _) => entity,
        }
    }

    /// The signature that says what the key is for.
    fn self_signature(self) -> Option<&'a Signature> {
        match self {
            Self::Primary(entity) => entity.self_signature(),
            Self::Subkey(_, subkey) => subkey.binding.as_ref().map(|(signature, _)| signature),
        }
    }

    pub(super) fn may_sign(self) -> bool {
        self.self_signature().is_some_and(|signature| signature.key_flags().sign())
    }

    pub(super) fn verify(self, signature: &Signature, message: &[u8]) -> Result<(), Rejection> {
        match self {
            Self::Primary(entity) => signature.verify(&entity.primary, message),
            Self::Subkey(_, subkey) => signature.verify(&subkey.key, message),
        }
        .map_err(|_| Rejection::entry(format!("openpgp: invalid signature: {}", failure(self.key()))))
    }

    /// Whether key and signatures were good when `signature` was made.
    pub(super) fn is_valid_for(self, signature: &Signature) -> Result<(), Rejection> {
        let reject = |why: &str| Err(Rejection::entry(format!("openpgp: {why}")));
        let Some(now) = signature.created() else { return reject("invalid data: no creation time") };
        let (entity, own) = (self.entity(), self.self_signature());
        let relevant = || {
            let back =
                own.filter(|_| matches!(self, Self::Subkey(..))).and_then(Signature::embedded_signature);
            [Some(signature), entity.self_signature(), own, back].into_iter().flatten()
        };
        if relevant().any(has_critical_notation) {
            return reject("invalid signature: unknown critical notation");
        }
        let mut revocations = vec![&entity.revocations];
        revocations.extend(entity.primary_user().map(|user| &user.revocations));
        if let Self::Subkey(_, subkey) = self {
            revocations.push(&subkey.revocations);
        }
        if revocations.into_iter().flatten().any(|revocation| revokes(revocation, now)) {
            return reject("signature made by revoked key");
        }
        if is_key_expired(&entity.primary, entity.self_signature(), now)
            || is_key_expired(self.key(), own, now)
        {
            return reject("key expired");
        }
        if relevant().any(|signature| is_expired(signature, now)) {
            return reject("signature expired");
        }
        Ok(())
    }
}

fn primary(packet: &Packet) -> Option<PublicKey> {
    match packet {
        Packet::PublicKey(key) => Some(key.clone()),
        Packet::SecretKey(key) => Some(key.public_key().clone()),
        _ => None,
    }
}

fn address(id: &str) -> &str {
    let in_brackets = id.split_once('<').map(|(_, rest)| rest.split('>').next().unwrap_or_default());
    in_brackets.map(str::trim).filter(|address| !address.is_empty()).unwrap_or_else(|| id.trim())
}

/// The library's words, by algorithm.
fn failure(key: &dyn KeyDetails) -> &'static str {
    use pgp::crypto::public_key::PublicKeyAlgorithm::{DSA, ECDSA, Ed448, Ed25519, EdDSALegacy};
    match key.algorithm() {
        DSA => "DSA verification failure",
        ECDSA => "ECDSA verification failure",
        EdDSALegacy => "EdDSA verification failure",
        Ed25519 => "Ed25519 verification failure",
        Ed448 => "ed448 verification failure",
        _ => "RSA verification failure",
    }
}

/// No notation is known here, so a critical one forbids to believe the signature (RFC 9580, section 5.2.3.7).
fn has_critical_notation(signature: &Signature) -> bool {
    let config = signature.config();
    config.is_some_and(|config| {
        config
            .hashed_subpackets()
            .any(|subpacket| subpacket.is_critical && matches!(subpacket.data, SubpacketData::Notation(_)))
    })
}

/// A compromised key never was good; any other revocation counts as long as it is not over.
fn revokes(revocation: &Signature, now: Timestamp) -> bool {
    revocation.revocation_reason_code() == Some(&RevocationCode::KeyCompromised)
        || !is_expired(revocation, now)
}

fn is_expired(signature: &Signature, now: Timestamp) -> bool {
    signature.created().is_none_or(|created| is_over(created, signature.signature_expiration_time(), now))
}

fn is_key_expired(key: &dyn KeyDetails, self_signature: Option<&Signature>, now: Timestamp) -> bool {
    is_over(key.created_at(), self_signature.and_then(Signature::key_expiration_time), now)
}

/// Whether something made at `created` is not there yet or no longer; no lifetime and none at all are forever.
fn is_over(created: Timestamp, lifetime: Option<Duration>, now: Timestamp) -> bool {
    let (created, now) = (u64::from(created.as_secs()), u64::from(now.as_secs()));
    let lifetime = lifetime.map_or(0, |lifetime| u64::from(lifetime.as_secs()));
    created > now || lifetime != 0 && now > created + lifetime
}
