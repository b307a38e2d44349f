use const_oid::ObjectIdentifier;
use der::Decode as _;
use sigstead_crypto::{HashAlgorithm, PublicKeyKind};
use x509_cert::name::Name;

use super::{ATTRIBUTES, CmsError, SignedData, algorithm_of, attribute, parts};
use crate::oid;
use crate::tlv::{self, Element};

/// RFC 5652 §5.3, with the signer known by issuer and serial number.
#[derive(Debug, Clone)]
pub(super) struct SignerInfo<'a> {
    pub(super) issuer: &'a [u8],
    pub(super) serial: &'a [u8],
    digest: ObjectIdentifier,
    /// What the [0] holds, if it holds something.
    attributes: Option<&'a [u8]>,
    algorithm: ObjectIdentifier,
    pub(super) signature: &'a [u8],
    /// What the [1] holds: attributes that were added later.
    pub(super) unsigned: &'a [u8],
}

impl<'a> SignerInfo<'a> {
    pub(super) fn parse(element: &Element<'a>) -> Option<Self> {
        let fields = parts(element, tlv::SEQUENCE)?;
        let [version, signer, digest, rest @ ..] = fields.as_slice() else { return None };
        let signer = parts(signer, tlv::SEQUENCE)?;
        let [issuer, serial] = signer.as_slice() else { return None };
        let (attributes, rest) = match rest {
            [attributes, rest @ ..] if attributes.tag == tlv::context(0) => (Some(attributes.content), rest),
            _ => (None, rest),
        };
        let [algorithm, signature, rest @ ..] = rest else { return None };
        let unsigned = rest.first().filter(|unsigned| unsigned.tag == tlv::context(1));
        let tags = [(version, tlv::INTEGER), (serial, tlv::INTEGER), (signature, tlv::OCTET_STRING)];
        tags.iter().all(|(field, tag)| field.tag == *tag).then_some(Self {
            issuer: issuer.raw,
            serial: serial.content,
            digest: algorithm_of(digest)?,
            attributes: attributes.filter(|attributes| !attributes.is_empty()),
            algorithm: algorithm_of(algorithm)?,
            signature: signature.content,
            unsigned: unsigned.map_or(&[], |unsigned| unsigned.content),
        })
    }

    pub(super) fn verify(&self, content: &[u8], within: &SignedData<'_>) -> Result<(), CmsError> {
        let hash = HashAlgorithm::from_oid(&self.digest).ok_or(CmsError::Digest(self.digest))?;
        let signed = match self.attributes {
            None => content.to_vec(),
            Some(attributes) if message_digest(attributes)? == hash.digest(content) => {
                // RFC 5652 §5.4: with the tag of a SET, whatever the tag that they are sent with.
                tlv::wrap(tlv::SET, attributes)
            }
            Some(_) => return Err(CmsError::OtherContent),
        };
        let certificate = within.certificate_of(self)?;
        let (is_rsa, named) = scheme(self.algorithm).ok_or(CmsError::Algorithm)?;
        if named.is_some_and(|named| named != hash) {
            return Err(CmsError::OtherDigest);
        }
        let key = certificate.public_key().map_err(|_| CmsError::KeyType)?;
        match (key.kind(), is_rsa) {
            (PublicKeyKind::Rsa { .. }, true) => {
                key.verify(hash, &signed, self.signature).map_err(|_| CmsError::Rsa)
            }
            (PublicKeyKind::EcdsaP256 | PublicKeyKind::EcdsaP384 | PublicKeyKind::EcdsaP521, false) => {
                key.verify(hash, &signed, self.signature).map_err(|_| CmsError::Ecdsa)
            }
            _ => Err(CmsError::KeyType),
        }
    }

    pub(super) fn no_certificate(&self) -> CmsError {
        let serial = hex::encode(self.serial);
        let name = Name::from_der(self.issuer).map(|name| {
            let mut parts: Vec<String> = name.iter_rdn().map(ToString::to_string).collect();
            parts.reverse();
            parts.join(", ")
        });
        CmsError::NoCertificate {
            serial: serial.trim_start_matches('0').to_owned(),
            issuer: name.unwrap_or_else(|_| "<invalid>".to_owned()),
        }
    }
}

/// The content's digest among signed attributes (RFC 5652 §11.2).
fn message_digest(attributes: &[u8]) -> Result<&[u8], CmsError> {
    let value = attribute(attributes, MESSAGE_DIGEST)?.ok_or(CmsError::NoAttribute(MESSAGE_DIGEST))?;
    let digest = Some(value.content).filter(|_| value.tag == tlv::OCTET_STRING);
    digest.ok_or(CmsError::Malformed(ATTRIBUTES))
}

/// Whether a signature algorithm is RSA's or ECDSA's, and the hash that it names, if it does.
fn scheme(algorithm: ObjectIdentifier) -> Option<(bool, Option<HashAlgorithm>)> {
    Some(match algorithm {
        oid::RSA => (true, None),
        oid::RSA_WITH_SHA256 => (true, Some(HashAlgorithm::Sha256)),
        oid::RSA_WITH_SHA384 => (true, Some(HashAlgorithm::Sha384)),
        oid::RSA_WITH_SHA512 => (true, Some(HashAlgorithm::Sha512)),
        oid::EC => (false, None),
        oid::ECDSA_WITH_SHA256 => (false, Some(HashAlgorithm::Sha256)),
        oid::ECDSA_WITH_SHA384 => (false, Some(HashAlgorithm::Sha384)),
        oid::ECDSA_WITH_SHA512 => (false, Some(HashAlgorithm::Sha512)),
        _ => return None,
    })
}

const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
