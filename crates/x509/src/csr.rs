use const_oid::ObjectIdentifier;
use der::Decode as _;
use sigstead_crypto::{HashAlgorithm, PublicKey, pem};

use crate::X509Error;
use crate::certificate::hash_of_signature;
use crate::tlv::{self, BIT_STRING, SEQUENCE};

/// Longest request that is looked at.
const MAX_REQUEST: usize = 64 * 1024;

/// A PKCS#10 certificate signing request (RFC 2986); subject and requested extensions are not looked at.
#[derive(Debug, Clone)]
pub struct CertificateRequest {
    info: Vec<u8>,
    spki: Vec<u8>,
    algorithm: ObjectIdentifier,
    signature: Vec<u8>,
}

impl CertificateRequest {
    /// From the first `CERTIFICATE REQUEST` or `NEW CERTIFICATE REQUEST` block of PEM text.
    ///
    /// # Errors
    /// When there is none, or it is not a request.
    pub fn from_pem(text: &[u8]) -> Result<Self, X509Error> {
        let malformed = |why| X509Error::malformed("the certificate signing request", why);
        let block = pem::blocks(text).into_iter().next().ok_or_else(|| malformed("no PEM block"))?;
        if !matches!(block.label.as_str(), "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST") {
            return Err(malformed("the PEM block is not a CERTIFICATE REQUEST"));
        }
        if block.der.len() > MAX_REQUEST {
            return Err(malformed("too long"));
        }
        parse(&block.der).ok_or_else(|| malformed("not PKCS#10 in DER"))
    }

    /// The requested key.
    ///
    /// # Errors
    /// When it is of a kind that is not certified here.
    pub fn public_key(&self) -> Result<PublicKey, sigstead_crypto::KeyError> {
        PublicKey::from_spki_der(&self.spki)
    }

    /// The hash that the request was signed with.
    ///
    /// # Errors
    /// When the signature algorithm is not an accepted one.
    pub fn hash(&self) -> Result<HashAlgorithm, X509Error> {
        hash_of_signature(self.algorithm).ok_or_else(|| X509Error::Algorithm(self.algorithm.to_string()))
    }

    /// Checks that the requested key signed the request.
    ///
    /// # Errors
    /// When it did not.
    pub fn verify_self_signature(&self) -> Result<(), X509Error> {
        let wrong = X509Error::Signature("the certificate signing request");
        let Ok(key) = self.public_key() else { return Err(wrong) };
        key.verify(self.hash()?, &self.info, &self.signature).map_err(|_| wrong)
    }
}

fn parse(der: &[u8]) -> Option<CertificateRequest> {
    let outer = tlv::single(der).filter(|outer| outer.tag == SEQUENCE)?;
    let outer = tlv::elements(outer.content)?;
    let [info, algorithm, signature] = outer.as_slice() else { return None };
    let fields = tlv::elements(info.content)?;
    let [_version, _subject, spki, ..] = fields.as_slice() else { return None };
    Some(CertificateRequest {
        info: info.raw.to_vec(),
        spki: spki.raw.to_vec(),
        algorithm: ObjectIdentifier::from_der(tlv::elements(algorithm.content)?.first()?.raw).ok()?,
        signature: signature.content.strip_prefix(&[0]).filter(|_| signature.tag == BIT_STRING)?.to_vec(),
    })
}
