//! CMS SignedData (RFC 5652 §5), as far as its signatures can be checked with what it carries.
//!
//! It is read in place: signers do not all sort their sets, and signed attributes are signed as they were encoded.

use const_oid::ObjectIdentifier;
use der::Decode as _;
use sigstead_crypto::{HashAlgorithm, PublicKeyKind};
use thiserror::Error;
use x509_cert::name::Name;

use crate::tlv::{self, Element};
use crate::{Certificate, X509Error};

/// Signed content, nothing believed yet.
#[derive(Debug, Clone)]
pub struct SignedData<'a> {
    content: Option<&'a [u8]>,
    certificates: Vec<Certificate>,
    /// Why one of the certificates could not be read; it matters only if it is the one that signed.
    unreadable: Option<X509Error>,
    signers: Vec<SignerInfo<'a>>,
}

/// Why signed data is not believed; the words are those of Go's relic, which Rekor passes on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CmsError {
    /// Not the structure that it should be.
    #[error("asn1: structure error: {0}")]
    Malformed(&'static str),
    /// A ContentInfo of something else.
    #[error("wrong content type: {0}")]
    ContentType(ObjectIdentifier),
    /// The content was left out.
    #[error("pkcs7: missing content")]
    NoContent,
    /// Nobody signed.
    #[error("pkcs7 contains no signatures")]
    NotSigned,
    /// A digest that is not SHA-2.
    #[error("pkcs7: unsupported hash algorithm {0}")]
    Digest(ObjectIdentifier),
    /// A signed attribute that must be there once.
    #[error("attribute not found: {0}")]
    NoAttribute(ObjectIdentifier),
    /// The content is not what was signed.
    #[error("pkcs7: content digest does not match")]
    OtherContent,
    /// Whoever signed is not among the certificates.
    #[error("certificate missing from signedData: serial={serial} issuer: {issuer}")]
    NoCertificate {
        /// In hex.
        serial: String,
        /// Its name, most specific part first.
        issuer: String,
    },
    /// The certificate of the signer cannot be read.
    #[error(transparent)]
    Certificate(X509Error),
    /// Neither RSA PKCS#1 v1.5 nor ECDSA.
    #[error("unsupported public key algorithm")]
    Algorithm,
    /// The signature's algorithm names another hash than the digest's.
    #[error("signature type does not match digest type")]
    OtherDigest,
    /// The certified key does not make such signatures.
    #[error("incorrect key type for signature")]
    KeyType,
    /// The RSA signature does not verify.
    #[error("crypto/rsa: verification error")]
    Rsa,
    /// The ECDSA signature does not verify.
    #[error("ECDSA verification failed")]
    Ecdsa,
}

impl<'a> SignedData<'a> {
    /// From a ContentInfo (RFC 5652 §3) in DER.
    ///
    /// # Errors
    /// When it is not one, longer than 64 KiB, or of another type of content.
    pub fn from_content_info(der: &'a [u8]) -> Result<Self, CmsError> {
        let malformed = || CmsError::Malformed("not a ContentInfo");
        let info = tlv::single(der).filter(|_| der.len() <= MAX_LENGTH);
        let fields = info.and_then(|info| parts(&info, tlv::SEQUENCE)).ok_or_else(malformed)?;
        let [content_type, content] = fields.as_slice() else { return Err(malformed()) };
        let content_type = ObjectIdentifier::from_der(content_type.raw).map_err(|_| malformed())?;
        if content_type != SIGNED_DATA {
            return Err(CmsError::ContentType(content_type));
        }
        Self::parse(content).ok_or(CmsError::Malformed("not a SignedData"))
    }

    fn parse(content: &Element<'a>) -> Option<Self> {
        let wrapped = parts(content, tlv::context(0))?;
        let [signed] = wrapped.as_slice() else { return None };
        let fields = parts(signed, tlv::SEQUENCE)?;
        let [version, digests, content, rest @ ..] = fields.as_slice() else { return None };
        if version.tag != tlv::INTEGER || digests.tag != tlv::SET {
            return None;
        }
        let certificates = match rest.iter().find(|field| field.tag == tlv::context(0)) {
            Some(set) => tlv::elements(set.content)?,
            None => Vec::new(),
        };
        let mut unreadable = None;
        let parsed = certificates.iter().filter_map(|certificate| {
            Certificate::from_der(certificate.raw).map_err(|error| unreadable = Some(error)).ok()
        });
        Some(Self {
            certificates: parsed.collect(),
            unreadable,
            content: match parts(content, tlv::SEQUENCE)?.as_slice() {
                [_type] => None,
                [_type, content] => match parts(content, tlv::context(0))?.as_slice() {
                    [content] => Some(content.content),
                    _ => return None,
                },
                _ => return None,
            },
            signers: parts(rest.last()?, tlv::SET)?.iter().map(SignerInfo::parse).collect::<Option<_>>()?,
        })
    }

    /// Checks every signature by the certificate that it names. Nothing vouches for the certificates.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn verify(&self) -> Result<(), CmsError> {
        let content = self.content.ok_or(CmsError::NoContent)?;
        if self.signers.is_empty() {
            return Err(CmsError::NotSigned);
        }
        self.signers.iter().try_for_each(|signer| signer.verify(content, self))
    }

    fn certificate_of(&self, signer: &SignerInfo<'_>) -> Result<&Certificate, CmsError> {
        let is_it = |certificate: &&Certificate| {
            certificate.issuer_der() == signer.issuer && certificate.serial() == signer.serial
        };
        self.certificates.iter().find(is_it).ok_or_else(|| match &self.unreadable {
            Some(error) => CmsError::Certificate(error.clone()),
            None => signer.no_certificate(),
        })
    }
}

/// RFC 5652 §5.3, with the signer known by issuer and serial number.
#[derive(Debug, Clone)]
struct SignerInfo<'a> {
    issuer: &'a [u8],
    serial: &'a [u8],
    digest: ObjectIdentifier,
    /// What the [0] holds, if it holds something.
    attributes: Option<&'a [u8]>,
    algorithm: ObjectIdentifier,
    signature: &'a [u8],
}

impl<'a> SignerInfo<'a> {
    fn parse(element: &Element<'a>) -> Option<Self> {
        let fields = parts(element, tlv::SEQUENCE)?;
        let [version, signer, digest, rest @ ..] = fields.as_slice() else { return None };
        let signer = parts(signer, tlv::SEQUENCE)?;
        let [issuer, serial] = signer.as_slice() else { return None };
        let (attributes, rest) = match rest {
            [attributes, rest @ ..] if attributes.tag == tlv::context(0) => (Some(attributes.content), rest),
            _ => (None, rest),
        };
        let [algorithm, signature, ..] = rest else { return None };
        let tags = [(version, tlv::INTEGER), (serial, tlv::INTEGER), (signature, tlv::OCTET_STRING)];
        tags.iter().all(|(field, tag)| field.tag == *tag).then_some(Self {
            issuer: issuer.raw,
            serial: serial.content,
            digest: algorithm_of(digest)?,
            attributes: attributes.filter(|attributes| !attributes.is_empty()),
            algorithm: algorithm_of(algorithm)?,
            signature: signature.content,
        })
    }

    fn verify(&self, content: &[u8], within: &SignedData<'_>) -> Result<(), CmsError> {
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

    fn no_certificate(&self) -> CmsError {
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

/// What a constructed element of that tag consists of.
fn parts<'a>(element: &Element<'a>, tag: u8) -> Option<Vec<Element<'a>>> {
    tlv::elements(element.content).filter(|_| element.tag == tag)
}

fn algorithm_of(identifier: &Element<'_>) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_der(parts(identifier, tlv::SEQUENCE)?.first()?.raw).ok()
}

/// The content's digest among signed attributes (RFC 5652 §11.2).
fn message_digest(attributes: &[u8]) -> Result<&[u8], CmsError> {
    let malformed = || CmsError::Malformed("signed attributes");
    for attribute in tlv::elements(attributes).ok_or_else(malformed)? {
        let fields = parts(&attribute, tlv::SEQUENCE).ok_or_else(malformed)?;
        let [kind, values] = fields.as_slice() else { return Err(malformed()) };
        if ObjectIdentifier::from_der(kind.raw).map_err(|_| malformed())? == MESSAGE_DIGEST {
            let value = tlv::single(values.content).filter(|value| value.tag == tlv::OCTET_STRING);
            return value.map(|value| value.content).ok_or_else(malformed);
        }
    }
    Err(CmsError::NoAttribute(MESSAGE_DIGEST))
}

/// Whether a signature algorithm is RSA's or ECDSA's, and the hash that it names, if it does.
fn scheme(algorithm: ObjectIdentifier) -> Option<(bool, Option<HashAlgorithm>)> {
    Some(match algorithm.to_string().as_str() {
        "1.2.840.113549.1.1.1" => (true, None),
        "1.2.840.113549.1.1.11" => (true, Some(HashAlgorithm::Sha256)),
        "1.2.840.113549.1.1.12" => (true, Some(HashAlgorithm::Sha384)),
        "1.2.840.113549.1.1.13" => (true, Some(HashAlgorithm::Sha512)),
        "1.2.840.10045.2.1" => (false, None),
        "1.2.840.10045.4.3.2" => (false, Some(HashAlgorithm::Sha256)),
        "1.2.840.10045.4.3.3" => (false, Some(HashAlgorithm::Sha384)),
        "1.2.840.10045.4.3.4" => (false, Some(HashAlgorithm::Sha512)),
        _ => return None,
    })
}

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// Longest ContentInfo that is looked at: a timestamp with a long chain is a tenth of it.
const MAX_LENGTH: usize = 64 << 10;
