use sigstead_clock::Timestamp;
use sigstead_crypto::PublicKey;
use sigstead_x509::Certificate;

/// When a key or certificate may be believed; both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First instant.
    pub start: Timestamp,
    /// Last instant; open while the key is in use.
    pub end: Option<Timestamp>,
}

impl Validity {
    /// From `start`, with no end yet.
    pub const fn since(start: Timestamp) -> Self {
        Self { start, end: None }
    }
}

/// A certificate authority or timestamp authority.
#[derive(Debug, Clone)]
pub struct Authority {
    /// Base URL of the service, without a trailing slash.
    pub url: String,
    /// CA: issuing certificate first, root last. TSA: the signing certificate first, root last.
    pub chain: Vec<Certificate>,
    /// When its signatures count.
    pub validity: Validity,
    /// Whether it is the one that signs now: clients that read one chain from a file are given this one's.
    pub is_current: bool,
    /// Whether its key is known to others: only clients that see its validity are told of it.
    pub is_stolen: bool,
}

/// A transparency log or certificate-transparency log.
#[derive(Debug, Clone)]
pub struct Log {
    /// Base URL of the log, without a trailing slash.
    pub url: String,
    /// The key that signs SETs, checkpoints or SCTs.
    pub public_key: PublicKey,
    /// The 32 bytes that name the key on the wire (v1 and CT: SHA-256 of the SPKI; v2: of name and key).
    pub log_id: [u8; 32],
    /// When its signatures count.
    pub validity: Validity,
}

/// Where a client sends a signing request.
#[derive(Debug, Clone)]
pub struct Service {
    /// CA, log and identity provider: the base URL. TSA: the whole endpoint.
    pub url: String,
    /// The API's major version, as signing configs count it.
    pub major_api_version: u32,
    /// When clients may use it.
    pub validity: Validity,
}

/// Everything that the documents are made of; authorities and logs oldest first, services newest first.
#[derive(Debug, Clone, Default)]
pub struct TrustMaterial {
    /// Who runs the services; clients group services by it.
    pub operator: String,
    /// Certificate authorities.
    pub certificate_authorities: Vec<Authority>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<Authority>,
    /// Transparency logs, Rekor v1.
    pub logs: Vec<Log>,
    /// Transparency logs, Rekor v2.
    pub v2_logs: Vec<Log>,
    /// Certificate-transparency logs.
    pub ct_logs: Vec<Log>,
    /// Where to get certificates.
    pub ca_services: Vec<Service>,
    /// Where to get identity tokens.
    pub oidc_services: Vec<Service>,
    /// Where to log signatures, Rekor v1.
    pub log_services: Vec<Service>,
    /// Where to log signatures, Rekor v2; in a signing config of their own, for not every client speaks v2.
    pub v2_log_services: Vec<Service>,
    /// Where to get timestamps.
    pub tsa_services: Vec<Service>,
}
