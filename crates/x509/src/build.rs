//! Putting certificates together: fields to TBS bytes, TBS and signature to a certificate.

use std::str::FromStr as _;
use std::time::Duration;

use const_oid::ObjectIdentifier;
use der::Encode;
use der::asn1::{GeneralizedTime, OctetString, UtcTime};
use sigstead_crypto::{SignatureAlgorithm, Signer};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::name::Name;

use crate::tlv::{self, BIT_STRING, BOOLEAN, INTEGER, OCTET_STRING, UTF8_STRING};
use crate::{Certificate, SubjectAlternativeName, X509Error, oid};

/// 2050-01-01T00:00:00Z: from here on RFC 5280 wants GeneralizedTime.
const YEAR_2050: i64 = 2_524_608_000;

/// An extension to put into a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// What it is.
    pub id: ObjectIdentifier,
    /// Whether a verifier that does not know it must refuse the certificate.
    pub critical: bool,
    /// The value's DER, without the octet string around it.
    pub value: Vec<u8>,
}

/// Everything that goes into a TBSCertificate, in its encoding order.
#[derive(Debug, Clone)]
pub struct TbsFields<'a> {
    /// Big-endian and positive.
    pub serial: &'a [u8],
    /// How the issuer will sign.
    pub algorithm: SignatureAlgorithm,
    /// Name in DER.
    pub issuer_der: &'a [u8],
    /// Unix seconds.
    pub not_before: i64,
    /// Unix seconds.
    pub not_after: i64,
    /// Name in DER.
    pub subject_der: &'a [u8],
    /// SubjectPublicKeyInfo in DER.
    pub spki_der: &'a [u8],
    /// In the order in which they are encoded.
    pub extensions: &'a [Extension],
}

impl TbsFields<'_> {
    /// The TBSCertificate (RFC 5280 §4.1.2), version 3.
    ///
    /// # Errors
    /// When a time lies outside 1970 to 9999.
    pub fn encode(&self) -> Result<Vec<u8>, X509Error> {
        let version = tlv::wrap(tlv::context(0), &tlv::wrap(INTEGER, &[2]));
        let serial = tlv::wrap(INTEGER, &unsigned(self.serial));
        let algorithm = algorithm_identifier(self.algorithm)?;
        let validity = tlv::sequence(&[&time(self.not_before)?, &time(self.not_after)?]);
        let extensions: Vec<u8> =
            self.extensions.iter().map(Extension::encode).collect::<Result<Vec<_>, _>>()?.concat();
        let extensions = tlv::wrap(tlv::context(3), &tlv::sequence(&[&extensions]));
        Ok(tlv::sequence(&[
            &version,
            &serial,
            &algorithm,
            self.issuer_der,
            &validity,
            self.subject_der,
            self.spki_der,
            &extensions,
        ]))
    }
}

/// Signs `tbs` and assembles the certificate.
///
/// # Errors
/// When the signer fails.
pub async fn sign_certificate(tbs: &[u8], signer: &dyn Signer) -> Result<Certificate, X509Error> {
    let signature = signer.sign(tbs).await?;
    let algorithm = algorithm_identifier(signer.algorithm())?;
    Certificate::from_der(&signed(tbs, &algorithm, &signature))
}

/// A certificate with an empty signature: to be looked at before `tbs` is signed.
///
/// # Errors
/// When `tbs` is not a certificate's.
pub fn unsigned_certificate(tbs: &[u8], algorithm: SignatureAlgorithm) -> Result<Certificate, X509Error> {
    Certificate::from_der(&signed(tbs, &algorithm_identifier(algorithm)?, &[]))
}

/// `SEQUENCE { tbs, algorithm, BIT STRING signature }`, the frame of certificates and requests.
pub(crate) fn signed(tbs: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    let bits = tlv::wrap(BIT_STRING, &[&[0], signature].concat());
    tlv::sequence(&[tbs, algorithm, &bits])
}

impl Extension {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, X509Error> {
        let critical = if self.critical { tlv::wrap(BOOLEAN, &[0xff]) } else { Vec::new() };
        Ok(tlv::sequence(&[&encode(&self.id)?, &critical, &tlv::wrap(OCTET_STRING, &self.value)]))
    }
}

/// KeyUsage, critical: digitalSignature.
///
/// # Errors
/// Never for this value; the encoder's type says it could.
pub fn key_usage_signature() -> Result<Extension, X509Error> {
    extension(oid::KEY_USAGE, true, &KeyUsage(KeyUsages::DigitalSignature.into()))
}

/// KeyUsage, critical: keyCertSign and cRLSign.
///
/// # Errors
/// Never for this value; the encoder's type says it could.
pub fn key_usage_authority() -> Result<Extension, X509Error> {
    extension(oid::KEY_USAGE, true, &KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))
}

/// BasicConstraints, critical: an authority, with at most `path_length` intermediates below it.
///
/// # Errors
/// Never for this value; the encoder's type says it could.
pub fn basic_constraints(path_length: Option<u8>) -> Result<Extension, X509Error> {
    extension(oid::BASIC_CONSTRAINTS, true, &BasicConstraints { ca: true, path_len_constraint: path_length })
}

/// ExtendedKeyUsage with one usage.
///
/// # Errors
/// Never for this value; the encoder's type says it could.
pub fn extended_key_usage(usage: ObjectIdentifier, critical: bool) -> Result<Extension, X509Error> {
    extension(oid::EXTENDED_KEY_USAGE, critical, &ExtendedKeyUsage(vec![usage]))
}

/// SubjectKeyIdentifier: the first 20 bytes of the key's SHA-256 (RFC 7093 §2, method 1).
///
/// # Errors
/// When `spki_der` is not a public key info.
pub fn subject_key_identifier(spki_der: &[u8]) -> Result<Extension, X509Error> {
    let identifier = OctetString::new(key_identifier(spki_der)?).map_err(unencodable)?;
    extension(oid::SUBJECT_KEY_IDENTIFIER, false, &SubjectKeyIdentifier(identifier))
}

/// AuthorityKeyIdentifier with the issuer's key identifier.
///
/// # Errors
/// Never for identifiers of any real length.
pub fn authority_key_identifier(identifier: &[u8]) -> Result<Extension, X509Error> {
    let identifier = OctetString::new(identifier).map_err(unencodable)?;
    let value = AuthorityKeyIdentifier { key_identifier: Some(identifier), ..Default::default() };
    extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &value)
}

/// SubjectAltName with one name.
///
/// # Errors
/// When the name has characters that its kind cannot carry.
pub fn subject_alternative_name(
    name: &SubjectAlternativeName,
    critical: bool,
) -> Result<Extension, X509Error> {
    Ok(Extension { id: oid::SUBJECT_ALT_NAME, critical, value: tlv::sequence(&[&name.to_der()?]) })
}

/// Fulcio's extension `1.3.6.1.4.1.57264.1.N`: raw bytes up to 6, a UTF8String from 8 on.
///
/// # Errors
/// Never for numbers that exist.
pub fn fulcio_extension(number: u8, text: &str) -> Result<Extension, X509Error> {
    let id = oid::fulcio(number).ok_or_else(|| X509Error::unencodable("an extension", "its number"))?;
    let value = if number < 7 { text.as_bytes().to_vec() } else { tlv::wrap(UTF8_STRING, text.as_bytes()) };
    Ok(Extension { id, critical: false, value })
}

/// A name written as `CN=…,O=…`, in DER.
///
/// # Errors
/// When it is not a name.
pub fn name(text: &str) -> Result<Vec<u8>, X509Error> {
    encode(&Name::from_str(text).map_err(unencodable)?)
}

/// The name without parts.
pub fn empty_name() -> Vec<u8> {
    tlv::sequence(&[])
}

/// The first 20 bytes of SHA-256 over the subjectPublicKey bits.
pub(crate) fn key_identifier(spki_der: &[u8]) -> Result<Vec<u8>, X509Error> {
    let bits = tlv::single(spki_der).and_then(|spki| tlv::elements(spki.content)?.pop());
    let bits = bits.and_then(|bits| bits.content.split_first().map(|(_, key)| key));
    let key =
        bits.ok_or_else(|| X509Error::malformed("the public key info", "not a sequence with a bit string"))?;
    Ok(sigstead_crypto::sha256(key).into_iter().take(20).collect())
}

/// The AlgorithmIdentifier of a signature.
pub(crate) fn algorithm_identifier(algorithm: SignatureAlgorithm) -> Result<Vec<u8>, X509Error> {
    let parameters: &[u8] = if algorithm == SignatureAlgorithm::RsaPkcs1Sha256 { &[5, 0] } else { &[] };
    Ok(tlv::sequence(&[&encode(&algorithm.oid())?, parameters]))
}

pub(crate) fn encode(value: &impl Encode) -> Result<Vec<u8>, X509Error> {
    value.to_der().map_err(unencodable)
}

fn extension(id: ObjectIdentifier, critical: bool, value: &impl Encode) -> Result<Extension, X509Error> {
    Ok(Extension { id, critical, value: encode(value)? })
}

fn unencodable(error: der::Error) -> X509Error {
    X509Error::unencodable("a value", error)
}

/// The shortest encoding of a non-negative INTEGER's content.
fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|first| *first >= 0x80) {
        content.insert(0, 0);
    }
    content
}

fn time(unix_seconds: i64) -> Result<Vec<u8>, X509Error> {
    let outside = || X509Error::unencodable("a time", "before 1970");
    let since_epoch = Duration::from_secs(u64::try_from(unix_seconds).map_err(|_| outside())?);
    if unix_seconds < YEAR_2050 {
        encode(&UtcTime::from_unix_duration(since_epoch).map_err(unencodable)?)
    } else {
        encode(&GeneralizedTime::from_unix_duration(since_epoch).map_err(unencodable)?)
    }
}
