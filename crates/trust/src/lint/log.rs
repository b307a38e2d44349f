use axum::http::Uri;
use serde_json::Value;
use sigstead_crypto::note::rekor_v2_log_id;
use sigstead_crypto::{PublicKey, PublicKeyKind};

use super::raw::Raw;
use super::rule::join;
use super::rule::{
    Check, Finding, GO, JAVA, JS, OPERATOR, POLICY_CONTROLLER, PYTHON, RUST, error, findings, warning, when,
};
use super::service::origin_problem;
use super::validity::{VALIDITY, Validity, lacks_start};

/// A transparency log or CT log of a trusted root.
pub(super) struct Log {
    json: Value,
    pub(super) id: Raw,
    raw_key: Raw,
    key: Option<PublicKey>,
    pub(super) validity: Validity,
}

impl Log {
    pub(super) fn read(json: &Value) -> Self {
        let public_key = json.get("publicKey").unwrap_or(&Value::Null);
        let raw_key = Raw::read(public_key.get("rawBytes"));
        let parse = match public_key.get("keyDetails").and_then(Value::as_str) {
            Some(details) if details.starts_with("PKCS1_") => PublicKey::from_pkcs1_der,
            _ => PublicKey::from_spki_der,
        };
        Self {
            id: Raw::read(json.get("logId").and_then(|id| id.get("keyId"))),
            key: raw_key.bytes().and_then(|der| parse(der).ok()),
            raw_key,
            validity: Validity::of(public_key),
            json: json.clone(),
        }
    }

    /// Of a transparency log.
    pub(super) fn findings(&self, path: &str) -> Vec<Finding> {
        self.common(path).chain(findings(TLOG, self, path)).collect()
    }

    /// Of a CT log.
    pub(super) fn ct_findings(&self, path: &str) -> Vec<Finding> {
        self.common(path).chain(findings(CT_LOG, self, path)).collect()
    }

    /// What it says, if it has no errors.
    pub(super) fn believed(&self) -> Option<crate::Log> {
        Some(crate::Log {
            url: self.text("/baseUrl")?.trim_end_matches('/').to_owned(),
            public_key: self.key.clone()?,
            log_id: self.id.bytes()?.try_into().ok()?,
            validity: self.validity.believed()?,
        })
    }

    fn common(&self, path: &str) -> impl Iterator<Item = Finding> {
        let validity = findings(VALIDITY, &self.validity, &join(path, "publicKey.validFor"));
        findings(LOG, self, path).into_iter().chain(validity)
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.json.pointer(pointer).and_then(Value::as_str)
    }

    fn details(&self) -> &str {
        self.text("/publicKey/keyDetails").unwrap_or_default()
    }

    /// Rekor v2's name of the key, for which clients take the host of the URL as the log's name.
    fn v2_id(&self, key: &PublicKey) -> Option<[u8; 32]> {
        let url: Uri = self.text("/baseUrl")?.parse().ok()?;
        Some(rekor_v2_log_id(url.host()?.trim_matches(['[', ']']), key))
    }
}

/// What the names that clients know stand for.
const KEY_DETAILS: [(&str, PublicKeyKind); 7] = [
    ("PKIX_ECDSA_P256_SHA_256", PublicKeyKind::EcdsaP256),
    ("PKIX_ECDSA_P384_SHA_384", PublicKeyKind::EcdsaP384),
    ("PKIX_ECDSA_P521_SHA_512", PublicKeyKind::EcdsaP521),
    ("PKIX_ED25519", PublicKeyKind::Ed25519),
    ("PKIX_RSA_PKCS1V15_2048_SHA256", PublicKeyKind::Rsa { bits: 2048 }),
    ("PKIX_RSA_PKCS1V15_3072_SHA256", PublicKeyKind::Rsa { bits: 3072 }),
    ("PKIX_RSA_PKCS1V15_4096_SHA256", PublicKeyKind::Rsa { bits: 4096 }),
];
/// Names that are deprecated and still known, for RSA keys of any size.
const OLD_RSA: [&str; 2] = ["PKCS1_RSA_PKCS1V5", "PKIX_RSA_PKCS1V5"];

fn is_known(details: &str) -> bool {
    OLD_RSA.contains(&details) || KEY_DETAILS.iter().any(|(name, _)| *name == details)
}

fn fits(details: &str, kind: PublicKeyKind) -> bool {
    let is_old = OLD_RSA.contains(&details) && matches!(kind, PublicKeyKind::Rsa { .. });
    is_old || KEY_DETAILS.contains(&(details, kind))
}

/// Of every log.
static LOG: &[Check<Log>] = &[
    Check {
        rule: error(
            "log-url",
            &[GO, JAVA],
            "cannot derive the name on a Rekor v2 log's checkpoints from it",
            "write the whole URL, as https://log.example.com",
        ),
        at: "baseUrl",
        broken: |log| origin_problem(log.text("/baseUrl")),
    },
    Check {
        rule: error("log-hash", &[GO], "refuse the whole file", "write SHA2_256"),
        at: "hashAlgorithm",
        broken: |log| {
            let found = log.text("/hashAlgorithm").unwrap_or("missing");
            when(found != "SHA2_256", found)
        },
    },
    Check {
        rule: error(
            "log-id-missing",
            &[GO, PYTHON],
            "refuse the whole file (tlog missing log ID)",
            "write the base64 of SHA-256 over the key's DER; for Rekor v2, of the log's name and its key",
        ),
        at: "logId.keyId",
        broken: |log| when(log.id == Raw::Absent, "missing"),
    },
    Check {
        rule: error(
            "log-id-length",
            &[GO, JS, JAVA],
            "never find this log for a signature, which names it with 32 bytes",
            "write the base64 of 32 bytes",
        ),
        at: "logId.keyId",
        broken: |log| match &log.id {
            Raw::Bytes(id) => when(id.len() != 32, format!("{} bytes", id.len())),
            Raw::Absent => None,
            Raw::NotBase64 | Raw::Pem => Some("no base64".to_owned()),
        },
    },
    Check {
        rule: error(
            "key-missing",
            &[GO, PYTHON, JS, JAVA],
            "refuse the whole file",
            "put the log's public key there",
        ),
        at: "publicKey.rawBytes",
        broken: |log| when(log.raw_key == Raw::Absent, "missing"),
    },
    Check {
        rule: error(
            "key-pem",
            &[GO, PYTHON, JS, JAVA],
            "refuse the whole file, or every signature of this log",
            "write the base64 of the DER: what stands between the PEM's lines, in one line",
        ),
        at: "publicKey.rawBytes",
        broken: |log| when(log.raw_key == Raw::Pem, "PEM"),
    },
    Check {
        rule: error(
            "key-unreadable",
            &[GO, PYTHON, JS, JAVA],
            "refuse the whole file, or every signature of this log",
            "write the base64 of the key's SubjectPublicKeyInfo in DER",
        ),
        at: "publicKey.rawBytes",
        broken: |log| match &log.raw_key {
            Raw::NotBase64 => Some("no base64".to_owned()),
            Raw::Bytes(_) => when(log.key.is_none(), "no public key that is safe to use"),
            Raw::Absent | Raw::Pem => None,
        },
    },
    Check {
        rule: error(
            "key-details-unknown",
            &[GO],
            "refuse the whole file; sigstore-python leaves the log out",
            "name the key's kind as protobuf-specs does, for example PKIX_ECDSA_P256_SHA_256",
        ),
        at: "publicKey.keyDetails",
        broken: |log| when(!is_known(log.details()), format!("\"{}\"", log.details())),
    },
    Check {
        rule: error(
            "key-details-other",
            &[GO, PYTHON, JAVA],
            "refuse the whole file, or every signature of this log",
            "name the kind of the key that is there",
        ),
        at: "publicKey.keyDetails",
        broken: |log| {
            let key = log.key.as_ref().filter(|_| is_known(log.details()))?;
            when(
                !fits(log.details(), key.kind()),
                format!("{} with a key of kind {:?}", log.details(), key.kind()),
            )
        },
    },
    Check {
        rule: error(
            "log-start",
            &[GO],
            "refuse the whole file, or believe what was signed before the log was there",
            "write when the key began to sign",
        ),
        at: "publicKey.validFor.start",
        broken: |log| lacks_start(&log.validity),
    },
    Check {
        rule: OPERATOR,
        at: "operator",
        broken: |log| when(log.json.get("operator").is_some(), "present"),
    },
];

/// Of transparency logs.
static TLOG: &[Check<Log>] = &[
    Check {
        rule: error(
            "log-id-other",
            &[GO, JS, JAVA],
            "never find this log for its entries, and refuse them",
            "Rekor v1: SHA-256 of the key's DER; Rekor v2: of the host in baseUrl, which must be the log's origin, and the key",
        ),
        at: "logId.keyId",
        broken: |log| {
            let key = log.key.as_ref()?;
            let id = log.id.bytes().filter(|id| id.len() == 32)?;
            let is_v2 = log.v2_id(key).is_some_and(|expected| id == expected);
            when(!is_v2 && id != key.fingerprint(), "neither Rekor v1's nor Rekor v2's name of this key")
        },
    },
    Check {
        rule: warning(
            "log-key-not-ecdsa",
            &[POLICY_CONTROLLER],
            "refuses the whole trust root, for it reads ECDSA keys of logs only",
            "give the log an ECDSA key if policy-controller follows this trust root, or name another one without this log (trustedRootTarget)",
        ),
        at: "publicKey.keyDetails",
        broken: |log| {
            use PublicKeyKind::{EcdsaP256, EcdsaP384, EcdsaP521};
            let kind = log.key.as_ref()?.kind();
            when(!matches!(kind, EcdsaP256 | EcdsaP384 | EcdsaP521), log.details())
        },
    },
];

/// Of CT logs.
static CT_LOG: &[Check<Log>] = &[
    Check {
        rule: error(
            "ct-log-id-other",
            &[GO, JS, JAVA],
            "never find this log for the SCT of a certificate, and refuse the certificate",
            "write the base64 of SHA-256 over the key's DER",
        ),
        at: "logId.keyId",
        broken: |log| {
            let key = log.key.as_ref()?;
            let id = log.id.bytes().filter(|id| id.len() == 32)?;
            when(id != key.fingerprint(), "another key's")
        },
    },
    Check {
        rule: error(
            "ct-checkpoint-key-id",
            &[JS],
            "looks for it in SCTs, where it never stands, and refuses every certificate",
            "leave it out for CT logs",
        ),
        at: "checkpointKeyId",
        broken: |log| when(log.json.get("checkpointKeyId").is_some_and(|id| !id.is_null()), "present"),
    },
    Check {
        rule: warning(
            "ct-key-not-p256",
            &[RUST],
            "knows P-256 keys of CT logs only",
            "give the CT log a P-256 key if sigstore-rs verifies",
        ),
        at: "publicKey.keyDetails",
        broken: |log| when(log.key.as_ref()?.kind() != PublicKeyKind::EcdsaP256, log.details()),
    },
];
