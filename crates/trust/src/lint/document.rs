use serde_json::Value;
use sigstead_clock::Timestamp;
use thiserror::Error;

use super::rule::{Check, Finding, PYTHON, RUST, error, findings, when};
use super::signing_config::lint_signing_config;
use super::trusted_root::lint_trusted_root;

/// Longest document that is read: TUF clients take no larger target list, and the public trusted root is 7 KB.
pub const MAX_DOCUMENT: usize = 5_000_000;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `trusted_root.json`: whom clients believe.
    TrustedRoot,
    /// `signing_config.v0.2.json`: whom they ask.
    SigningConfig,
    /// Both in one file.
    ClientTrustConfig,
}

impl Kind {
    /// For programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrustedRoot => "trusted-root",
            Self::SigningConfig => "signing-config",
            Self::ClientTrustConfig => "client-trust-config",
        }
    }
}

/// Why a document could not be judged.
#[derive(Debug, Error)]
pub enum LintError {
    /// No client would read it either.
    #[error("it is larger than {MAX_DOCUMENT} bytes")]
    TooLong,
    /// No client can read it.
    #[error("it is no JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// Something else.
    #[error("it is neither a trusted root nor a signing config nor a client trust config")]
    Unknown,
}

/// What is wrong with a document at a time.
///
/// # Errors
/// When it is none of them.
pub fn lint(document: &[u8], now: Timestamp) -> Result<(Kind, Vec<Finding>), LintError> {
    if document.len() > MAX_DOCUMENT {
        return Err(LintError::TooLong);
    }
    let json: Value = serde_json::from_slice(document)?;
    let kind = kind(&json).ok_or(LintError::Unknown)?;
    let found = match kind {
        Kind::TrustedRoot => lint_trusted_root(&json, "", now),
        Kind::SigningConfig => lint_signing_config(&json, "", now),
        Kind::ClientTrustConfig => lint_client_trust_config(&json, now),
    };
    Ok((kind, found))
}

/// By its fields, for the media type may be what is wrong.
fn kind(json: &Value) -> Option<Kind> {
    let fields = json.as_object()?;
    let has = |names: &[&str]| names.iter().any(|name| fields.contains_key(*name));
    if has(&["trustedRoot", "signingConfig"]) {
        return Some(Kind::ClientTrustConfig);
    }
    if has(&["tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"]) {
        return Some(Kind::TrustedRoot);
    }
    has(&["caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls"]).then_some(Kind::SigningConfig)
}

fn lint_client_trust_config(json: &Value, now: Timestamp) -> Vec<Finding> {
    let mut found = findings(CLIENT_TRUST_CONFIG, json, "");
    if let Some(root) = json.get("trustedRoot") {
        found.extend(lint_trusted_root(root, "trustedRoot", now));
    }
    if let Some(config) = json.get("signingConfig") {
        found.extend(lint_signing_config(config, "signingConfig", now));
    }
    found
}

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";

static CLIENT_TRUST_CONFIG: &[Check<Value>] = &[
    Check {
        rule: error(
            "client-trust-config-media-type",
            &[PYTHON],
            "refuses the whole file",
            "write application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        ),
        at: "mediaType",
        broken: |json| {
            let found = json.get("mediaType").and_then(Value::as_str).unwrap_or("missing");
            when(found != MEDIA_TYPE, found)
        },
    },
    Check {
        rule: error(
            "no-trusted-root",
            &[PYTHON, RUST],
            "refuse the whole file",
            "put the trusted root there",
        ),
        at: "trustedRoot",
        broken: |json| when(json.get("trustedRoot").is_none(), "missing"),
    },
    Check {
        rule: error("no-signing-config", &[PYTHON], "refuses the whole file", "put the signing config there"),
        at: "signingConfig",
        broken: |json| when(json.get("signingConfig").is_none(), "missing"),
    },
];
