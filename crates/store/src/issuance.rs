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
    /// With a certificate in DER, which carries its SCT.
    Issued(Vec<u8>),
    /// Without one; a precertificate may have been signed and logged. Why, for the operator.
    Failed(String),
}

/// How many certificates the CA set out to issue, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuanceCounts {
    /// That were issued.
    pub issued: u64,
    /// That were not.
    pub failed: u64,
    /// Whose outcome is not recorded: in the making, or cut off.
    pub open: u64,
}

impl Issuance {
    /// The columns `outcome`, `certificate` and `reason`.
    pub(crate) fn columns(&self) -> (&'static str, &[u8], &str) {
        match &self.outcome {
            IssuanceOutcome::Issued(certificate) => ("issued", certificate, ""),
            IssuanceOutcome::Failed(reason) => ("failed", &[], reason),
        }
    }
}
