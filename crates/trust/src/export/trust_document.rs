use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use sigstead_clock::Timestamp;
use thiserror::Error;

use crate::TrustMaterial;
use crate::documents::{
    CLIENT_TRUST_CONFIG, SIGNING_CONFIG, TRUSTED_ROOT, TrustError, json as rendered, pem_files,
};
use crate::lint::{Finding, Kind, LintError, believed, first_error, lint};

/// Why a document is not handed on.
#[derive(Debug, Error)]
pub enum ExportError {
    /// It is no trust document at all.
    #[error(transparent)]
    Unreadable(#[from] LintError),
    /// Clients refuse it as it is.
    #[error("{path}: {found}\n  hint: `sigstead trust lint` tells everything")]
    Refused {
        /// Where, in the document.
        path: String,
        /// What is there.
        found: String,
    },
    /// It names nobody to believe.
    #[error(
        "it holds no trusted root\n  hint: name a trusted root, or a client trust config, which holds one"
    )]
    NoTrustedRoot,
    /// What the form needs is not in it.
    #[error("there is no {what}, without which {consumer} verifies nothing")]
    Nothing {
        /// What.
        what: &'static str,
        /// Who needs it.
        consumer: &'static str,
    },
    /// The JSON could not be written.
    #[error(transparent)]
    Json(#[from] TrustError),
}

/// A trusted root, with a signing config or without, that clients read.
#[derive(Debug)]
pub struct TrustDocument {
    trusted_root: Value,
    signing_config: Option<Value>,
    material: TrustMaterial,
    now: Timestamp,
}

impl TrustDocument {
    /// From a trusted root or a client trust config.
    ///
    /// # Errors
    /// When it is neither, or clients refuse it.
    pub fn read(document: &[u8], now: Timestamp) -> Result<Self, ExportError> {
        let (kind, findings) = lint(document, now)?;
        if let Some(Finding { path, found, .. }) = first_error(&findings) {
            return Err(ExportError::Refused { path: path.clone(), found: found.clone() });
        }
        let mut json: Value = serde_json::from_slice(document).map_err(LintError::NotJson)?;
        let mut part = |name| json.get_mut(name).map(Value::take);
        let (trusted_root, signing_config) = match kind {
            Kind::TrustedRoot => (Some(json), None),
            Kind::ClientTrustConfig => (part("trustedRoot"), part("signingConfig")),
            Kind::SigningConfig => (None, None),
        };
        let trusted_root = trusted_root.ok_or(ExportError::NoTrustedRoot)?;
        let material =
            believed(&trusted_root, signing_config.as_ref(), now).ok_or(ExportError::NoTrustedRoot)?;
        Ok(Self { trusted_root, signing_config, material, now })
    }

    /// Whom it lets clients believe, and whom they ask.
    pub const fn material(&self) -> &TrustMaterial {
        &self.material
    }

    /// What clients stumble over in it, by the names that rules have for them.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn warnings(&self, clients: &[&str]) -> Result<Vec<String>, ExportError> {
        let documents = [Some(&self.trusted_root), self.signing_config.as_ref()];
        let warnings = documents.into_iter().flatten().map(|document| self.warnings_of(document, clients));
        Ok(warnings.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// What a client stumbles over that is given no Rekor v2 log.
    pub(super) fn rekor_v1_warnings(&self, client: &str) -> Result<Vec<String>, ExportError> {
        self.warnings_of(&self.rekor_v1(), &[client])
    }

    fn warnings_of(&self, document: &Value, clients: &[&str]) -> Result<Vec<String>, ExportError> {
        let (_, findings) = lint(&rendered(document)?, self.now)?;
        let concerning = findings
            .into_iter()
            .filter(|found| found.rule.clients.iter().any(|client| clients.contains(client)));
        let told = concerning.map(|Finding { rule, path, found }| {
            format!("{path}: {found}: {}: {}; {}", rule.clients.join(", "), rule.consequence, rule.remedy)
        });
        Ok(told.collect())
    }

    /// The trusted root without them.
    fn rekor_v1(&self) -> Value {
        let v2_ids: Vec<_> =
            self.material.v2_logs.iter().map(|log| Value::from(BASE64_STANDARD.encode(log.log_id))).collect();
        let mut root = self.trusted_root.clone();
        if let Some(logs) = root.get_mut("tlogs").and_then(Value::as_array_mut) {
            logs.retain(|log| !log.pointer("/logId/keyId").is_some_and(|id| v2_ids.contains(id)));
        }
        root
    }

    /// The files that clients read, by the names that a trust root serves them under: JSON as it was given, keys and chains
    /// of who signs now.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn files(&self) -> Result<Vec<(&'static str, Bytes)>, ExportError> {
        let mut files = vec![(TRUSTED_ROOT, rendered(&self.trusted_root)?)];
        if let Some(config) = &self.signing_config {
            let both = json!({
                "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
                "trustedRoot": self.trusted_root,
                "signingConfig": config,
            });
            files.push((SIGNING_CONFIG, rendered(config)?));
            files.push((CLIENT_TRUST_CONFIG, rendered(&both)?));
        }
        files.extend(pem_files(&self.material).into_iter().map(|(name, _, content)| (name, content)));
        Ok(files)
    }

    /// What the PEM files do not hold: of logs and timestamp authorities they have the one that signs now.
    pub fn left_out_of_pem(&self) -> Vec<String> {
        let TrustMaterial { logs, v2_logs, ct_logs, timestamp_authorities, .. } = &self.material;
        let earlier = [
            ("rekor.pub", logs.len()),
            ("ctfe.pub", ct_logs.len()),
            ("tsa.certchain.pem", timestamp_authorities.len()),
        ];
        let earlier = earlier.into_iter().filter(|(_, number)| *number > 1).map(|(name, number)| {
            format!("{name} holds one of {number}, and what the others signed is refused; the trusted root holds them all")
        });
        let v2_logs =
            v2_logs.iter().map(|log| format!("{}: left out, for there is no file for Rekor v2", log.url));
        earlier.chain(v2_logs).collect()
    }
}
