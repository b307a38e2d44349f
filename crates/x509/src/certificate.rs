use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use const_oid::ObjectIdentifier;
use der::Decode as _;
use der::asn1::{GeneralizedTime, UtcTime};
use sigstead_crypto::{HashAlgorithm, PublicKey, pem};
use x509_cert::ext::pkix::name::DirectoryString;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};
use x509_cert::name::Name;

use crate::tlv::{self, BIT_STRING, BOOLEAN, INTEGER, OCTET_STRING, SEQUENCE};
use crate::{SubjectAlternativeName, X509Error, oid};

/// Longest certificate that is looked at.
const MAX_CERTIFICATE: usize = 64 * 1024;
/// Most certificates in a PEM chain.
const MAX_CHAIN: usize = 16;

/// An X.509 certificate as it was encoded: nothing is normalised, odd serial numbers are fine.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

/// Slices of `der`, which they share; checked once.
struct Parts {
    der: Bytes,
    tbs: Bytes,
    serial: Bytes,
    issuer: Bytes,
    subject: Bytes,
    spki: Bytes,
    not_before: i64,
    not_after: i64,
    extensions: Vec<Extension>,
    signature_algorithm: ObjectIdentifier,
    signature: Bytes,
}

struct Extension {
    id: ObjectIdentifier,
    critical: bool,
    value: Bytes,
}

impl Certificate {
    /// From DER.
    ///
    /// # Errors
    /// When it is not a certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, X509Error> {
        if der.len() > MAX_CERTIFICATE {
            return Err(X509Error::malformed("the certificate", "too long"));
        }
        let parts = parse(&Bytes::copy_from_slice(der));
        parts
            .map(|parts| Self(Arc::new(parts)))
            .ok_or_else(|| X509Error::malformed("the certificate", "not X.509 in DER"))
    }

    /// From the first `CERTIFICATE` block of PEM text.
    ///
    /// # Errors
    /// When there is none, or it is not a certificate.
    pub fn from_pem(text: &[u8]) -> Result<Self, X509Error> {
        let block = pem::blocks(text).into_iter().find(|block| block.label == "CERTIFICATE");
        Self::from_der(
            &block.ok_or_else(|| X509Error::malformed("the certificate", "no CERTIFICATE block"))?.der,
        )
    }

    /// The whole certificate.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The whole certificate, as bytes that it shares.
    pub fn to_bytes(&self) -> Bytes {
        self.0.der.clone()
    }

    /// The certificate as a PEM block.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", self.der())
    }

    /// What the issuer signed.
    pub fn tbs_der(&self) -> &[u8] {
        &self.0.tbs
    }

    /// The serial number's content bytes, big-endian, as encoded.
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// The issuer's name in DER.
    pub fn issuer_der(&self) -> &[u8] {
        &self.0.issuer
    }

    /// The subject's name in DER.
    pub fn subject_der(&self) -> &[u8] {
        &self.0.subject
    }

    /// The subject's public key info in DER.
    pub fn spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// The certified key.
    ///
    /// # Errors
    /// When it is of a kind that nothing here verifies.
    pub fn public_key(&self) -> Result<PublicKey, sigstead_crypto::KeyError> {
        PublicKey::from_spki_der(self.spki_der())
    }

    /// First second of validity, in Unix time.
    pub fn not_before(&self) -> i64 {
        self.0.not_before
    }

    /// Last second of validity, in Unix time.
    pub fn not_after(&self) -> i64 {
        self.0.not_after
    }

    /// Whether it is valid at `unix_seconds`, both ends included.
    pub fn is_valid_at(&self, unix_seconds: i64) -> bool {
        (self.not_before()..=self.not_after()).contains(&unix_seconds)
    }

    /// Fulcio's extension `1.3.6.1.4.1.57264.1.N` as text: the first six are bare, the later ones DER.
    pub fn fulcio_text(&self, number: u8) -> Option<String> {
        let (_, value) = self.extension(oid::fulcio(number)?)?;
        match number {
            ..7 => std::str::from_utf8(value).ok().map(str::to_owned),
            _ => String::from_der(value).ok(),
        }
    }

    /// An extension: whether it is critical, and its value.
    pub fn extension(&self, id: ObjectIdentifier) -> Option<(bool, &[u8])> {
        let found = self.0.extensions.iter().find(|extension| extension.id == id)?;
        Some((found.critical, &found.value))
    }

    /// Whether BasicConstraints says that it may issue certificates.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.ca)
    }

    /// How many intermediates may follow below it.
    pub fn path_length(&self) -> Option<u8> {
        self.basic_constraints()?.path_len_constraint
    }

    /// Whether KeyUsage, where there is one, includes keyCertSign (RFC 5280 §4.2.1.3).
    pub fn may_sign_certificates(&self) -> bool {
        self.extension(oid::KEY_USAGE)
            .is_none_or(|(_, value)| KeyUsage::from_der(value).is_ok_and(|usages| usages.key_cert_sign()))
    }

    /// Whether KeyUsage, where there is one, includes digitalSignature or nonRepudiation.
    pub fn may_sign(&self) -> bool {
        self.extension(oid::KEY_USAGE).is_none_or(|(_, value)| {
            KeyUsage::from_der(value)
                .is_ok_and(|usages| usages.digital_signature() || usages.non_repudiation())
        })
    }

    /// Extended key usages, and whether the extension is critical.
    pub fn extended_key_usages(&self) -> Option<(bool, Vec<ObjectIdentifier>)> {
        let (critical, value) = self.extension(oid::EXTENDED_KEY_USAGE)?;
        Some((critical, ExtendedKeyUsage::from_der(value).ok()?.0))
    }

    /// The key identifier of SubjectKeyIdentifier.
    pub fn subject_key_identifier(&self) -> Option<Vec<u8>> {
        let (_, value) = self.extension(oid::SUBJECT_KEY_IDENTIFIER)?;
        Some(SubjectKeyIdentifier::from_der(value).ok()?.0.as_bytes().to_vec())
    }

    /// The key identifier of AuthorityKeyIdentifier.
    pub fn authority_key_identifier(&self) -> Option<Vec<u8>> {
        let (_, value) = self.extension(oid::AUTHORITY_KEY_IDENTIFIER)?;
        Some(AuthorityKeyIdentifier::from_der(value).ok()?.key_identifier?.as_bytes().to_vec())
    }

    /// Which extensions it has, in their order.
    pub fn extension_ids(&self) -> impl Iterator<Item = ObjectIdentifier> {
        self.0.extensions.iter().map(|extension| extension.id)
    }

    /// The names of SubjectAltName that are of a known kind.
    pub fn subject_alternative_names(&self) -> Vec<SubjectAlternativeName> {
        self.general_names().iter().filter_map(SubjectAlternativeName::from_element).collect()
    }

    /// How many names SubjectAltName has, of whatever kind.
    pub fn alternative_name_count(&self) -> usize {
        self.general_names().len()
    }

    fn general_names(&self) -> Vec<tlv::Element<'_>> {
        let names = self.extension(oid::SUBJECT_ALT_NAME).and_then(|(_, value)| tlv::single(value));
        names.and_then(|names| tlv::elements(names.content)).unwrap_or_default()
    }

    /// The subject's common name.
    pub fn common_name(&self) -> Option<String> {
        text_of(Name::from_der(self.subject_der()).ok()?.common_name().ok()??)
    }

    /// The subject's organization.
    pub fn organization(&self) -> Option<String> {
        text_of(Name::from_der(self.subject_der()).ok()?.organization().ok()??)
    }

    /// Checks that `issuer`'s key signed this certificate, and that the names agree.
    ///
    /// # Errors
    /// When it did not.
    pub fn verify_signed_by(&self, issuer: &Self) -> Result<(), X509Error> {
        let wrong = || X509Error::Signature("the certificate");
        if self.issuer_der() != issuer.subject_der() {
            return Err(wrong());
        }
        let hash = hash_of_signature(self.0.signature_algorithm)
            .ok_or_else(|| X509Error::Algorithm(self.0.signature_algorithm.to_string()))?;
        let key = issuer.public_key().map_err(|_| wrong())?;
        key.verify(hash, self.tbs_der(), &self.0.signature).map_err(|_| wrong())
    }

    fn basic_constraints(&self) -> Option<BasicConstraints> {
        BasicConstraints::from_der(self.extension(oid::BASIC_CONSTRAINTS)?.1).ok()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate(serial {})", hex::encode(self.serial()))
    }
}

/// Every `CERTIFICATE` block of PEM text, in order.
///
/// # Errors
/// When there is none, more than sixteen, or one is not a certificate.
pub fn parse_pem_chain(text: &[u8]) -> Result<Vec<Certificate>, X509Error> {
    let blocks: Vec<_> = pem::blocks(text).into_iter().filter(|block| block.label == "CERTIFICATE").collect();
    if blocks.is_empty() || blocks.len() > MAX_CHAIN {
        return Err(X509Error::malformed("the certificate chain", format!("{} certificates", blocks.len())));
    }
    blocks.iter().map(|block| Certificate::from_der(&block.der)).collect()
}

/// The hash of a signature algorithm identifier; RSA-PSS and weaker ones are not known.
pub(crate) fn hash_of_signature(algorithm: ObjectIdentifier) -> Option<HashAlgorithm> {
    match algorithm {
        oid::ECDSA_WITH_SHA256 | oid::RSA_WITH_SHA256 => Some(HashAlgorithm::Sha256),
        oid::ECDSA_WITH_SHA384 | oid::RSA_WITH_SHA384 => Some(HashAlgorithm::Sha384),
        oid::ECDSA_WITH_SHA512 | oid::RSA_WITH_SHA512 | oid::ED25519 => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

fn text_of(text: DirectoryString) -> Option<String> {
    Some(text.value().into_owned())
}

fn parse(der: &Bytes) -> Option<Parts> {
    let part = |of: &[u8]| der.slice_ref(of);
    let outer = tlv::single(der).filter(|outer| outer.tag == SEQUENCE)?;
    let outer = tlv::elements(outer.content)?;
    let [tbs, algorithm, signature] = outer.as_slice() else { return None };
    let fields = tlv::elements(tbs.content)?;
    let mut fields = fields.iter().filter(|field| field.tag != tlv::context(0)).peekable();
    let serial = fields.next().filter(|serial| serial.tag == INTEGER)?;
    // RFC 5280 §4.1.1.2: what is signed names the algorithm too, and names the same.
    fields.next().filter(|signed| signed.raw == algorithm.raw)?;
    let issuer = fields.next()?;
    let validity = tlv::elements(fields.next()?.content)?;
    let subject = fields.next()?;
    let spki = fields.next()?;
    let extensions = fields.find(|field| field.tag == tlv::context(3));
    let [not_before, not_after] = validity.as_slice() else { return None };
    Some(Parts {
        der: der.clone(),
        tbs: (tbs.tag == SEQUENCE).then(|| part(tbs.raw))?,
        serial: part(serial.content),
        issuer: part(issuer.raw),
        subject: part(subject.raw),
        spki: part(spki.raw),
        not_before: unix_time(not_before.raw)?,
        not_after: unix_time(not_after.raw)?,
        extensions: match extensions {
            Some(extensions) => parse_extensions(extensions.content, part)?,
            None => Vec::new(),
        },
        signature_algorithm: ObjectIdentifier::from_der(tlv::elements(algorithm.content)?.first()?.raw)
            .ok()?,
        signature: signature.content.strip_prefix(&[0]).filter(|_| signature.tag == BIT_STRING).map(part)?,
    })
}

fn unix_time(der: &[u8]) -> Option<i64> {
    let since_epoch = match der.first()? {
        0x17 => UtcTime::from_der(der).ok()?.to_unix_duration(),
        _ => GeneralizedTime::from_der(der).ok()?.to_unix_duration(),
    };
    i64::try_from(since_epoch.as_secs()).ok()
}

fn parse_extensions(content: &[u8], part: impl Fn(&[u8]) -> Bytes) -> Option<Vec<Extension>> {
    let list = tlv::single(content).filter(|list| list.tag == SEQUENCE)?;
    let elements = tlv::elements(list.content)?;
    let extensions: Vec<Extension> =
        elements.iter().map(|extension| parse_extension(extension.content, &part)).collect::<Option<_>>()?;
    // RFC 5280 §4.2: no extension twice, or two readers could each believe another one.
    let mut seen = BTreeSet::new();
    extensions.iter().all(|extension| seen.insert(extension.id)).then_some(extensions)
}

fn parse_extension(content: &[u8], part: impl Fn(&[u8]) -> Bytes) -> Option<Extension> {
    let fields = tlv::elements(content)?;
    let (id, critical, value) = match fields.as_slice() {
        [id, value] => (id, false, value),
        [id, critical, value] if critical.tag == BOOLEAN => (id, critical.content != [0], value),
        _ => return None,
    };
    let id = ObjectIdentifier::from_der(id.raw).ok()?;
    (value.tag == OCTET_STRING).then(|| Extension { id, critical, value: part(value.content) })
}
