use serde_json::Value;
use sigstead_clock::Timestamp;
use sigstead_x509::{Certificate, ChainError, ChainRules, Purpose, validate_chain};

use super::raw::Raw;
use super::rule::{Check, Finding, GO, JAVA, JS, OPERATOR, PYTHON, error, findings, join, warning, when};
use super::validity::{VALIDITY, Validity, lacks_start};

/// A certificate authority or timestamp authority of a trusted root.
pub(super) struct Authority {
    url: String,
    has_operator: bool,
    purpose: Purpose,
    certificates: Vec<Raw>,
    /// Those that can be read: all of them, where the chain is judged.
    chain: Vec<Certificate>,
    pub(super) validity: Validity,
    now: Timestamp,
}

/// Most certificates of a chain that are looked at; sigstore's have three.
const MAX_CHAIN: usize = 16;

impl Authority {
    pub(super) fn read(json: &Value, purpose: Purpose, now: Timestamp) -> Self {
        let certificates = json.pointer("/certChain/certificates").and_then(Value::as_array);
        let certificates: Vec<Raw> = certificates
            .into_iter()
            .flatten()
            .take(MAX_CHAIN)
            .map(|certificate| Raw::read(certificate.get("rawBytes")))
            .collect();
        let readable = certificates.iter().filter_map(Raw::bytes);
        let url = json.get("uri").and_then(Value::as_str).unwrap_or_default();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            has_operator: json.get("operator").is_some(),
            purpose,
            chain: readable.filter_map(|der| Certificate::from_der(der).ok()).collect(),
            certificates,
            validity: Validity::of(json),
            now,
        }
    }

    pub(super) fn findings(&self, path: &str) -> Vec<Finding> {
        let certificates = self.certificates.iter().enumerate().flat_map(|(index, certificate)| {
            findings(CERTIFICATE, certificate, &format!("{path}.certChain.certificates[{index}]"))
        });
        let validity = findings(VALIDITY, &self.validity, &join(path, "validFor"));
        certificates.chain(validity).chain(findings(AUTHORITY, self, path)).collect()
    }

    /// What it says, if it has no errors.
    pub(super) fn believed(&self) -> Option<crate::Authority> {
        (!self.chain.is_empty() && self.chain.len() == self.certificates.len()).then_some(())?;
        Some(crate::Authority {
            url: self.url.clone(),
            chain: self.chain.clone(),
            validity: self.validity.believed()?,
            is_current: self.validity.contains(self.now),
            // No document says so.
            is_stolen: false,
        })
    }

    /// Judged at a time when every certificate of it should be valid; what has expired since is another rule's.
    fn chain_error(&self) -> Option<ChainError> {
        if self.chain.is_empty() || self.chain.len() != self.certificates.len() {
            return None;
        }
        let at = self.chain.iter().map(Certificate::not_before).max()?;
        validate_chain(&self.chain, ChainRules { purpose: self.purpose, at }).err()
    }

    fn expired(&self) -> Option<String> {
        let now = self.now.unix_seconds();
        let position = self.chain.iter().position(|certificate| certificate.not_after() < now)?;
        Some(format!("certificate {} of the chain has expired", position + 1))
    }
}

/// Of each certificate of a chain.
static CERTIFICATE: &[Check<Raw>] = &[
    Check {
        rule: error(
            "certificate-pem",
            &[GO, PYTHON, JS, JAVA],
            "refuse the whole file",
            "write the base64 of the DER, one certificate an element",
        ),
        at: "rawBytes",
        broken: |raw| when(*raw == Raw::Pem, "PEM"),
    },
    Check {
        rule: error(
            "certificate-unreadable",
            &[GO, PYTHON, JS, JAVA],
            "refuse the whole file",
            "write the base64 of the certificate's DER",
        ),
        at: "rawBytes",
        broken: |raw| match raw {
            Raw::Absent => Some("missing".to_owned()),
            Raw::NotBase64 => Some("no base64".to_owned()),
            Raw::Bytes(der) => Certificate::from_der(der).err().map(|error| error.to_string()),
            Raw::Pem => None,
        },
    },
];

/// Of every authority.
static AUTHORITY: &[Check<Authority>] = &[
    Check {
        rule: error(
            "chain-empty",
            &[GO, PYTHON, JS, JAVA],
            "refuse the whole file",
            "put the chain there: what signs first, the root last",
        ),
        at: "certChain.certificates",
        broken: |authority| when(authority.certificates.is_empty(), "missing"),
    },
    Check {
        rule: warning(
            "ca-chain",
            &[GO, PYTHON, JS, JAVA],
            "take the last certificate for the root, whatever it is, and find no way to it, or believe what the root does not vouch for",
            "put the issuing certificate first, each one's issuer after it, and the root last",
        ),
        at: "certChain.certificates",
        broken: |authority| match authority.purpose {
            Purpose::CodeSigningAuthority => authority.chain_error().map(|error| error.to_string()),
            Purpose::Timestamping => None,
        },
    },
    Check {
        rule: error(
            "tsa-chain",
            &[GO, PYTHON, JS, JAVA],
            "refuse every timestamp, for they look for the timestamping certificate in the first place and for the root in the last",
            "put the timestamping certificate first (timestamps may come without it), each one's issuer after it, and the root last",
        ),
        at: "certChain.certificates",
        broken: |authority| match authority.purpose {
            Purpose::Timestamping => authority.chain_error().map(|error| error.to_string()),
            Purpose::CodeSigningAuthority => None,
        },
    },
    Check {
        rule: warning(
            "authority-start",
            &[GO, PYTHON],
            "believe what was signed before the authority was there",
            "write when it began to sign",
        ),
        at: "validFor.start",
        broken: |authority| lacks_start(&authority.validity),
    },
    Check {
        rule: warning(
            "authority-expired",
            &[GO, PYTHON, JS, JAVA],
            "refuse what is signed with it from now on, though validFor goes on",
            "add the authority that signs now, and end this one's validFor; leave it in for what it signed",
        ),
        at: "certChain.certificates",
        broken: |authority| authority.expired().filter(|_| authority.validity.contains(authority.now)),
    },
    Check { rule: OPERATOR, at: "operator", broken: |authority| when(authority.has_operator, "present") },
];
