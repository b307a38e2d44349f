//! `trusted_root.json`, media type version 0.1: the only one that cosign, sigstore-go, sigstore-python
//! and sigstore-java all accept. Without `operator`, for which policy-controller refuses the whole file.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use sigstead_crypto::{PublicKey, PublicKeyKind};

use crate::documents::TrustError;
use crate::material::{Authority, Log, TrustMaterial, Validity};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/// `dev.sigstore.trustroot.v1.TrustedRoot` in protobuf's JSON mapping.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustedRoot {
    media_type: &'static str,
    tlogs: Vec<TransparencyLog>,
    certificate_authorities: Vec<CertificateAuthority>,
    ctlogs: Vec<TransparencyLog>,
    timestamp_authorities: Vec<CertificateAuthority>,
}

impl TrustedRoot {
    /// From the services' public material.
    ///
    /// # Errors
    /// When a log's key is of a kind that trusted roots cannot name, or a chain is empty.
    pub fn new(material: &TrustMaterial) -> Result<Self, TrustError> {
        let logs = |logs: &[Log]| logs.iter().map(TransparencyLog::new).collect::<Result<Vec<_>, _>>();
        let authorities =
            |all: &[Authority]| all.iter().map(CertificateAuthority::new).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            media_type: MEDIA_TYPE,
            tlogs: logs(&[material.logs.as_slice(), &material.v2_logs].concat())?,
            certificate_authorities: authorities(&material.certificate_authorities)?,
            ctlogs: logs(&material.ct_logs)?,
            timestamp_authorities: authorities(&material.timestamp_authorities)?,
        })
    }
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct TransparencyLog {
    base_url: String,
    hash_algorithm: &'static str,
    public_key: LogKey,
    log_id: LogId,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogKey {
    raw_bytes: String,
    key_details: &'static str,
    valid_for: TimeRange,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogId {
    key_id: String,
}

impl TransparencyLog {
    fn new(log: &Log) -> Result<Self, TrustError> {
        Ok(Self {
            base_url: log.url.clone(),
            hash_algorithm: "SHA2_256",
            public_key: LogKey {
                raw_bytes: BASE64_STANDARD.encode(log.public_key.spki_der()),
                key_details: key_details(&log.public_key)
                    .ok_or_else(|| TrustError::UnnamedKeyKind { url: log.url.clone() })?,
                valid_for: TimeRange::from(log.validity),
            },
            log_id: LogId { key_id: BASE64_STANDARD.encode(log.log_id) },
        })
    }
}

/// The name that protobuf-specs gives the key's kind; `None` for kinds that clients refuse.
fn key_details(key: &PublicKey) -> Option<&'static str> {
    match key.kind() {
        PublicKeyKind::EcdsaP256 => Some("PKIX_ECDSA_P256_SHA_256"),
        PublicKeyKind::EcdsaP384 => Some("PKIX_ECDSA_P384_SHA_384"),
        PublicKeyKind::EcdsaP521 => Some("PKIX_ECDSA_P521_SHA_512"),
        PublicKeyKind::Ed25519 => Some("PKIX_ED25519"),
        PublicKeyKind::Rsa { bits: 2048 } => Some("PKIX_RSA_PKCS1V15_2048_SHA256"),
        PublicKeyKind::Rsa { bits: 3072 } => Some("PKIX_RSA_PKCS1V15_3072_SHA256"),
        PublicKeyKind::Rsa { bits: 4096 } => Some("PKIX_RSA_PKCS1V15_4096_SHA256"),
        PublicKeyKind::Rsa { .. } => None,
    }
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateAuthority {
    subject: DistinguishedName,
    uri: String,
    cert_chain: CertificateChain,
    valid_for: TimeRange,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct DistinguishedName {
    organization: String,
    common_name: String,
}

#[derive(Debug, Clone, Serialize)]
struct CertificateChain {
    certificates: Vec<RawCertificate>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct RawCertificate {
    raw_bytes: String,
}

impl CertificateAuthority {
    fn new(authority: &Authority) -> Result<Self, TrustError> {
        let first =
            authority.chain.first().ok_or_else(|| TrustError::EmptyChain { url: authority.url.clone() })?;
        let raw = |der: &[u8]| RawCertificate { raw_bytes: BASE64_STANDARD.encode(der) };
        Ok(Self {
            subject: DistinguishedName {
                organization: first.organization().unwrap_or_default(),
                common_name: first.common_name().unwrap_or_default(),
            },
            uri: authority.url.clone(),
            cert_chain: CertificateChain {
                certificates: authority.chain.iter().map(|certificate| raw(certificate.der())).collect(),
            },
            valid_for: TimeRange::from(authority.validity),
        })
    }
}

/// `dev.sigstore.common.v1.TimeRange`: RFC 3339, both ends included.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TimeRange {
    start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

impl From<Validity> for TimeRange {
    fn from(validity: Validity) -> Self {
        Self { start: validity.start.to_rfc3339(), end: validity.end.map(|end| end.to_rfc3339()) }
    }
}
