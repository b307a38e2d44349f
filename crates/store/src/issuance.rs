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
    /// The certificate in DER, with its SCT.
    pub certificate: Vec<u8>,
}
