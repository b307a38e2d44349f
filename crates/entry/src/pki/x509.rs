//! The `x509` format: a PEM public key, or a certificate chain with the key's own certificate first.

use sigstead_crypto::{HashAlgorithm, PublicKey, PublicKeyKind, VerifyError, pem};
use sigstead_x509::Certificate;

use crate::pki::key_search_values;
use crate::{Rejection, SearchField};

/// Most certificates in one entry.
const MAX_CERTIFICATES: usize = 10;

/// A key that verifies an entry, and who it says it is.
#[derive(Debug, Clone)]
pub(crate) struct Verifier {
    pub(crate) key: PublicKey,
    /// Every certificate that came with it, the key's own first.
    certificates: Vec<Certificate>,
}

impl Verifier {
    pub(crate) fn from_pem(text: &[u8]) -> Result<Self, Rejection> {
        let invalid = |why: String| Rejection::entry(format!("invalid public key: {why}"));
        let text = text.trim_ascii();
        let blocks = pem::blocks(text);
        let first = blocks.first().ok_or_else(|| invalid("failure decoding PEM".to_owned()))?;
        // What follows the first block can only be certificates, to the end.
        let is_end = |block: &pem::Block| text.ends_with(format!("-----END {}-----", block.label).as_bytes());
        if !blocks.last().is_some_and(is_end) {
            return Err(Rejection::entry("error during PEM decoding"));
        }
        match first.label.as_str() {
            "PUBLIC KEY" if blocks.len() > 1 => Err(invalid("a key and something else".to_owned())),
            "PUBLIC KEY" => {
                let key = PublicKey::from_spki_der(&first.der).map_err(|error| invalid(error.to_string()))?;
                Ok(Self { key, certificates: Vec::new() })
            }
            "CERTIFICATE" if blocks.len() > MAX_CERTIFICATES => {
                Err(Rejection::entry("too many certificates specified in PEM block"))
            }
            "CERTIFICATE" => {
                let parsed = blocks.iter().map(|block| Certificate::from_der(&block.der));
                let certificates: Vec<_> =
                    parsed.collect::<Result<_, _>>().map_err(|error| invalid(error.to_string()))?;
                let key = certificates.first().map(Certificate::public_key);
                let key = key.ok_or_else(|| invalid("no certificate".to_owned()))?;
                Ok(Self { key: key.map_err(|error| invalid(error.to_string()))?, certificates })
            }
            other => Err(invalid(format!("cannot handle type {other}"))),
        }
    }

    /// A bare key, as SubjectPublicKeyInfo in DER.
    pub(crate) fn from_spki_der(der: &[u8]) -> Result<Self, Rejection> {
        let key = PublicKey::from_spki_der(der);
        let key = key.map_err(|error| Rejection::entry(format!("invalid public key: {error}")))?;
        Ok(Self { key, certificates: Vec::new() })
    }

    /// The key of one certificate in DER.
    pub(crate) fn from_certificate_der(der: &[u8]) -> Result<Self, Rejection> {
        let invalid = |why: &dyn std::fmt::Display| Rejection::entry(format!("invalid certificate: {why}"));
        let certificate = Certificate::from_der(der).map_err(|error| invalid(&error))?;
        let key = certificate.public_key().map_err(|error| invalid(&error))?;
        Ok(Self { key, certificates: vec![certificate] })
    }

    /// With several certificates, each must be signed by the next, which must be an authority (RFC 5280 §6.1),
    /// and all must be valid when the first one begins: the last one is the root, whoever it is.
    pub(crate) fn check_chain(&self) -> Result<(), Rejection> {
        let invalid = |why: &str| Rejection::entry(format!("invalid certificate chain: {why}"));
        let Some((first, issuers)) = self.certificates.split_first().filter(|(_, rest)| !rest.is_empty())
        else {
            return Ok(());
        };
        if !self.certificates.iter().all(|certificate| certificate.is_valid_at(first.not_before())) {
            return Err(invalid("a certificate is not valid when the first one begins"));
        }
        for (between, (certificate, issuer)) in self.certificates.iter().zip(issuers).enumerate() {
            certificate.verify_signed_by(issuer).map_err(|error| invalid(&error.to_string()))?;
            if !issuer.is_ca() || !issuer.may_sign_certificates() {
                return Err(invalid("an issuer is not a certificate authority"));
            }
            if issuer.path_length().is_some_and(|allowed| between > usize::from(allowed)) {
                return Err(invalid("an issuer allows fewer certificates below it"));
            }
        }
        Ok(())
    }

    /// The key or certificates as Rekor encodes them again.
    pub(crate) fn canonical(&self) -> String {
        if self.certificates.is_empty() {
            self.key.to_pem()
        } else {
            self.certificates.iter().map(Certificate::to_pem).collect()
        }
    }

    /// The names in the certificate.
    pub(crate) fn subjects(&self) -> Vec<String> {
        let names = self.certificates.first().map(Certificate::subject_alternative_names).unwrap_or_default();
        names.iter().map(sigstead_x509::SubjectAlternativeName::value).collect()
    }

    /// What the key's certificate says of who signed.
    pub(crate) fn search_fields(&self) -> impl Iterator<Item = (SearchField, String)> + use<> {
        let certificate = self.certificates.first();
        let text = |number| certificate.and_then(|certificate| certificate.fulcio_text(number));
        let subjects = self.subjects().into_iter().map(|subject| (SearchField::Subject, subject));
        // The later extensions say the same as the first six, as DER and in full.
        let issuer = text(8).or_else(|| text(1)).map(|issuer| (SearchField::Issuer, issuer));
        let repository = text(12).or_else(|| text(5)).map(|repository| (SearchField::Repository, repository));
        let mut workflows = [text(18), text(9), text(4)].into_iter().flatten().collect::<Vec<_>>();
        workflows.dedup();
        let workflows = workflows.into_iter().map(|workflow| (SearchField::Workflow, workflow));
        let key = (SearchField::Key, hex::encode(self.key.fingerprint()));
        subjects.chain(issuer).chain(repository).chain(workflows).chain([key])
    }

    /// Over a whole message, hashed with SHA-256 whatever the curve; ECDSA signatures may also be raw `r ‖ s`.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        let hash = HashAlgorithm::Sha256;
        match self.key.kind() {
            // Over a digest, it would have to be Ed25519ph.
            PublicKeyKind::Ed25519 => self.key.verify(hash, message, signature),
            _ => self.key.verify_digest(hash, &hash.digest(message), signature),
        }
    }

    /// What entries made with the key are found by.
    pub(crate) fn search_values(&self) -> impl Iterator<Item = String> + use<> {
        key_search_values(self.canonical().as_bytes(), self.subjects())
    }
}
