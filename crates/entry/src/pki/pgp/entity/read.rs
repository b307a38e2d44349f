//! Reading keys, packet by packet.

use pgp::packet::{Packet, PublicKey, PublicSubkey, Signature, SignatureType};
use pgp::ser::Serialize as _;
use pgp::types::{KeyDetails as _, KeyVersion, Tag};

use super::{Entity, Subkey, User};
use crate::pki::pgp::packets::{Packets, Raw, framed};
use crate::pki::pgp::{is_named, is_supported};

/// Types of packets.
const PUBLIC_KEY: u8 = 6;
const PUBLIC_SUBKEY: u8 = 14;

/// What the next signature is about.
enum About {
    Primary,
    User,
    Subkey,
}

/// What was read of a ring of keys.
#[derive(Default)]
struct Ring {
    entities: Vec<Entity>,
    /// Why the last unreadable one is.
    why: Option<String>,
    current: Option<Result<(Entity, About), String>>,
}

impl Ring {
    fn take(&mut self, raw: Raw<'_>, packet: Packet) {
        if let Some(primary) = primary(&packet) {
            self.finish_entity();
            self.current = Some(Entity::new(primary));
        } else if let Some(Ok((mut entity, about))) = self.current.take_if(|entity| entity.is_ok()) {
            self.current = Some(entity.add(raw, packet, about).map(|about| (entity, about)));
        } else if self.current.is_none() {
            self.current = Some(Err("first packet was not a public/private key".to_owned()));
        }
    }

    fn finish_entity(&mut self) {
        match self.current.take().map(|entity| entity.and_then(|(entity, _)| entity.checked())) {
            Some(Ok(entity)) => self.entities.push(entity),
            Some(Err(error)) => self.why = Some(error),
            None => {}
        }
    }
}

impl Entity {
    /// Every readable key of a ring; an error if there is none.
    pub(in crate::pki::pgp) fn read_all(packets: &[u8]) -> Result<Vec<Self>, String> {
        let mut ring = Ring::default();
        for raw in Packets::new(packets) {
            let raw = raw.map_err(str::to_owned)?;
            if let Some(packet) = raw.parse() {
                ring.take(raw, packet);
            }
        }
        ring.finish_entity();
        if ring.entities.is_empty() {
            return Err(format!("openpgp: invalid data: {}", ring.why.as_deref().unwrap_or("no keys found")));
        }
        Ok(ring.entities)
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
                let (self_signature, revocations) = (None, Vec::new());
                self.users.push(User { id, packets: raw.write(), self_signature, revocations });
                Ok(About::User)
            }
            Packet::PublicSubkey(key) => self.add_subkey(key, false),
            Packet::SecretSubkey(key) => self.add_subkey(key.public_key().clone(), true),
            Packet::Signature(signature) if is_supported(&signature) => {
                match about {
                    About::Primary => self.add_own(raw, signature),
                    About::User => self.certify(raw, signature),
                    About::Subkey => self.bind(raw, signature),
                }?;
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
                if is_newer(&signature, self.direct.as_ref()) {
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
        if !is_named(&self.primary, &signature) {
            return Ok(());
        }
        let invalid = |error| format!("user ID self-signature invalid: {error}");
        signature.verify_certification(&self.primary, Tag::UserId, &user.id).map_err(invalid)?;
        if is_revocation {
            user.revocations.push(signature);
        } else if is_newer(&signature, user.self_signature.as_ref()) {
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
        signature.verify_subkey_binding(&self.primary, &subkey.key).map_err(invalid_subkey)?;
        if is_revocation {
            subkey.revocation_packets.extend(raw.write());
            subkey.revocations.push(signature);
            return Ok(());
        }
        if signature.key_flags().sign() {
            let back = signature.embedded_signature();
            let back = back.ok_or_else(|| invalid_subkey("signing subkey is missing cross-signature"))?;
            back.verify_primary_key_binding(&subkey.key, &self.primary).map_err(invalid_subkey)?;
        }
        if is_newer(&signature, subkey.binding.as_ref().map(|(kept, _)| kept)) {
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
}

fn primary(packet: &Packet) -> Option<PublicKey> {
    match packet {
        Packet::PublicKey(key) => Some(key.clone()),
        Packet::SecretKey(key) => Some(key.public_key().clone()),
        _ => None,
    }
}

fn is_newer(signature: &Signature, kept: Option<&Signature>) -> bool {
    kept.is_none_or(|kept| kept.created() < signature.created())
}

fn invalid_subkey(why: impl std::fmt::Display) -> String {
    format!("subkey signature invalid: {why}")
}
