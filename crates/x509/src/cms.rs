//! CMS SignedData (RFC 5652 §5), as far as its signatures can be checked with what it carries.
//!
//! It is read in place: signers do not all sort their sets, and signed attributes are signed as they were encoded.

mod signer;
mod timestamp;

use const_oid::ObjectIdentifier;
use der::Decode as _;
use signer::SignerInfo;
use thiserror::Error;

use crate::tlv::{self, Element};
use crate::{Certificate, X509Error};

/// Signed content, nothing believed yet.
#[derive(Debug, Clone)]
pub struct SignedData<'a> {
    /// As they were encoded: version, digests, content, perhaps certificates and revocations, signers.
    fields: Vec<Element<'a>>,
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
    /// Another copy of the content came with the signature.
    #[error("pkcs7: internal and external content were both provided but are not equal")]
    TwoContents,
    /// A timestamp over the signature is of another signature.
    #[error("verifying timestamp imprint: pkcs9: digest check failed")]
    OtherImprint,
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
        let (certificates, signers) = match rest {
            [signers] => (None, signers),
            [certificates, signers] if certificates.tag == tlv::context(0) => (Some(certificates), signers),
            [revocations, signers] if revocations.tag == tlv::context(1) => (None, signers),
            [certificates, revocations, signers]
                if [certificates.tag, revocations.tag] == [tlv::context(0), tlv::context(1)] =>
            {
                (Some(certificates), signers)
            }
            _ => return None,
        };
        let certificates = tlv::elements(certificates.map_or(&[], |set| set.content))?;
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
            signers: parts(signers, tlv::SET)?.iter().map(SignerInfo::parse).collect::<Option<_>>()?,
            fields,
        })
    }

    /// What is signed, if it came along.
    pub const fn content(&self) -> Option<&'a [u8]> {
        self.content
    }

    /// Checks every signature by the certificate that it names. Nothing vouches for the certificates.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn verify(&self) -> Result<(), CmsError> {
        self.verify_over(self.content.ok_or(CmsError::NoContent)?)
    }

    /// Checks every signature over a content that came apart from them, and the timestamps over the signatures.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn verify_detached(&self, content: &[u8]) -> Result<(), CmsError> {
        if self.content.is_some_and(|own| own != content) {
            return Err(CmsError::TwoContents);
        }
        self.verify_over(content)?;
        self.signers.iter().try_for_each(timestamp::verify)
    }

    fn verify_over(&self, content: &[u8]) -> Result<(), CmsError> {
        if self.signers.is_empty() {
            return Err(CmsError::NotSigned);
        }
        self.signers.iter().try_for_each(|signer| signer.verify(content, self))
    }

    /// Every certificate, in the order in which they stand.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn certificates(&self) -> Result<&[Certificate], CmsError> {
        match &self.unreadable {
            Some(error) => Err(CmsError::Certificate(error.clone())),
            None => Ok(&self.certificates),
        }
    }

    /// The certificate of whoever signed; of several, the last.
    ///
    /// # Errors
    /// When nobody did, or the certificate is not there.
    pub fn signer(&self) -> Result<&Certificate, CmsError> {
        self.certificate_of(self.signers.last().ok_or(CmsError::NotSigned)?)
    }

    /// The ContentInfo without the content, in DER: its sets in their order (X.690 §11.6).
    pub fn detached(&self) -> Vec<u8> {
        let field = |(at, field): (usize, &Element<'a>)| match (at, field.tag) {
            (CONTENT, _) => {
                let content_type = tlv::elements(field.content).and_then(|parts| parts.first().copied());
                tlv::wrap(tlv::SEQUENCE, content_type.map_or(&[], |content_type| content_type.raw))
            }
            (_, tlv::SET) => {
                let mut members: Vec<&[u8]> =
                    tlv::elements(field.content).into_iter().flatten().map(|member| member.raw).collect();
                members.sort_unstable();
                tlv::wrap(tlv::SET, &members.concat())
            }
            _ => field.raw.to_vec(),
        };
        let fields: Vec<u8> = self.fields.iter().enumerate().flat_map(field).collect();
        let signed = tlv::wrap(tlv::context(0), &tlv::wrap(tlv::SEQUENCE, &fields));
        tlv::sequence(&[&tlv::wrap(tlv::OBJECT_IDENTIFIER, SIGNED_DATA.as_bytes()), &signed])
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

/// What a constructed element of that tag consists of.
fn parts<'a>(element: &Element<'a>, tag: u8) -> Option<Vec<Element<'a>>> {
    tlv::elements(element.content).filter(|_| element.tag == tag)
}

fn algorithm_of(identifier: &Element<'_>) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_der(parts(identifier, tlv::SEQUENCE)?.first()?.raw).ok()
}

/// The one value of an attribute, if the attribute is there.
fn attribute(attributes: &[u8], wanted: ObjectIdentifier) -> Result<Option<Element<'_>>, CmsError> {
    let malformed = || CmsError::Malformed(ATTRIBUTES);
    for attribute in tlv::elements(attributes).ok_or_else(malformed)? {
        let fields = parts(&attribute, tlv::SEQUENCE).ok_or_else(malformed)?;
        let [kind, values] = fields.as_slice() else { return Err(malformed()) };
        if ObjectIdentifier::from_der(kind.raw).map_err(|_| malformed())? == wanted {
            return tlv::single(values.content).map(Some).ok_or_else(malformed);
        }
    }
    Ok(None)
}

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// What is malformed where attributes are.
const ATTRIBUTES: &str = "attributes";
/// Where the content stands among the fields.
const CONTENT: usize = 2;
/// Longest ContentInfo that is looked at: a timestamp with a long chain is a tenth of it.
const MAX_LENGTH: usize = 64 << 10;
