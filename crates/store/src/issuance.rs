use std::ops::Range;

use sigstead_merkle::Hash;

/// A certificate that is about to be signed: the CA's audit trail begins before its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The serial number it will have, big-endian.
    pub serial: Vec<u8>,
    /// Now, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The identity provider, as the token names it.
    pub issuer: String,
    /// The token's subject.
    pub subject: String,
    /// The subject alternative name.
    pub san: String,
    /// The token's claims, a JSON object; never the token.
    pub claims: String,
    /// SHA-256 of the certified key's info.
    pub key_fingerprint: Hash,
    /// First second of validity, in Unix time.
    pub not_before: i64,
    /// Last second of validity, in Unix time.
    pub not_after: i64,
}

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuance {
    /// The intent's serial number.
    pub serial: Vec<u8>,
    /// Now, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// How it ended.
    pub outcome: IssuanceOutcome,
}

/// How an issuance ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuanceOutcome {
    /// With a certificate.
    Issued {
        /// In DER.
        certificate: Vec<u8>,
        /// The promises it came with, in the certificate or beside it: a TLS SignedCertificateTimestampList
        /// (RFC 6962 §3.3). Empty without a CT log, and in certificates from before it was recorded.
        scts: Vec<u8>,
    },
    /// Without one; a precertificate may have been signed and logged. Why, for the operator.
    Failed(String),
    /// Without one, and nothing was signed: the issuance policy does not allow it. The rule, and why.
    Denied(String),
}

/// How many certificates the CA set out to issue, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuanceCounts {
    /// That were issued.
    pub issued: u64,
    /// That were not.
    pub failed: u64,
    /// That the issuance policy did not allow.
    pub denied: u64,
    /// Whose outcome is not recorded: in the making, or cut off.
    pub open: u64,
}

/// A line of the audit trail: what was intended, and what became of it; nothing yet if it is in the making, or
/// was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedIssuance {
    /// Who, what for, and when.
    pub intent: Intent,
    /// How it ended, and when.
    pub issuance: Option<Issuance>,
}

/// Which lines of the audit trail: those that meet everything that is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuanceQuery {
    /// The serial number.
    pub serial: Option<Vec<u8>>,
    /// The subject alternative name.
    pub san: Option<SanPattern>,
    /// The identity provider.
    pub issuer: Option<String>,
    /// What became of it.
    pub state: Option<IssuanceState>,
    /// When it was intended, in milliseconds since the Unix epoch.
    pub time: Range<u64>,
    /// Only what comes after this line, named by its time and serial number: the last of the page before.
    pub after: Option<(u64, Vec<u8>)>,
}

/// What is known of a subject alternative name; case matters, as in certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SanPattern {
    /// All of it.
    Exact(String),
    /// How it begins.
    Prefix(String),
}

/// What became of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuanceState {
    /// A certificate.
    Issued,
    /// None.
    Failed,
    /// None, because the issuance policy does not allow it.
    Denied,
    /// No outcome is recorded.
    Open,
}

/// An outcome as it is stored.
pub(crate) struct OutcomeColumns<'a> {
    pub(crate) outcome: &'static str,
    pub(crate) certificate: &'a [u8],
    pub(crate) reason: &'a str,
    pub(crate) scts: &'a [u8],
}

impl Default for IssuanceQuery {
    /// Everything.
    fn default() -> Self {
        Self { serial: None, san: None, issuer: None, state: None, time: 0..u64::MAX, after: None }
    }
}

impl IssuanceOutcome {
    /// From its columns; `None` when there is no such outcome.
    pub(crate) fn from_columns(
        outcome: &str,
        certificate: Vec<u8>,
        reason: String,
        scts: Vec<u8>,
    ) -> Option<Self> {
        match outcome {
            "issued" => Some(Self::Issued { certificate, scts }),
            "failed" => Some(Self::Failed(reason)),
            "denied" => Some(Self::Denied(reason)),
            _ => None,
        }
    }
}

impl Issuance {
    pub(crate) fn columns(&self) -> OutcomeColumns<'_> {
        match &self.outcome {
            IssuanceOutcome::Issued { certificate, scts } => {
                OutcomeColumns { outcome: "issued", certificate, reason: "", scts }
            }
            IssuanceOutcome::Failed(reason) => {
                OutcomeColumns { outcome: "failed", certificate: &[], reason, scts: &[] }
            }
            IssuanceOutcome::Denied(reason) => {
                OutcomeColumns { outcome: "denied", certificate: &[], reason, scts: &[] }
            }
        }
    }
}
