use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::IssuerType;
use crate::ci_provider::RawCiProvider;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    #[serde(default, rename = "oidc-issuers", alias = "OIDCIssuers")]
    pub(super) issuers: BTreeMap<String, RawIssuer>,
    #[serde(default, rename = "meta-issuers", alias = "MetaIssuers")]
    pub(super) patterns: BTreeMap<String, RawIssuer>,
    #[serde(default, rename = "ci-issuer-metadata", alias = "CIIssuerMetadata")]
    pub(super) ci_providers: BTreeMap<String, RawCiProvider>,
    /// Where Fulcio's file keeps the anchors of its aliases.
    #[serde(default)]
    #[expect(dead_code, reason = "YAML's anchors need a place in the file; nothing depends on it")]
    define: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawIssuer {
    #[serde(alias = "IssuerURL")]
    pub(super) issuer_url: Option<String>,
    #[serde(default, alias = "ClientID")]
    pub(super) client_id: String,
    #[serde(alias = "Type")]
    pub(super) r#type: IssuerType,
    #[serde(alias = "IssuerClaim")]
    pub(super) issuer_claim: Option<String>,
    #[serde(alias = "SubjectDomain")]
    pub(super) subject_domain: Option<String>,
    #[serde(alias = "SPIFFETrustDomain")]
    pub(super) spiffe_trust_domain: Option<String>,
    #[serde(default, alias = "SkipEmailVerification")]
    pub(super) skip_email_verification: bool,
    #[serde(alias = "ChallengeClaim")]
    pub(super) challenge_claim: Option<String>,
    #[serde(alias = "CIProvider")]
    pub(super) ci_provider: Option<String>,
    #[serde(alias = "CACert")]
    pub(super) ca_cert: Option<String>,
    /// Not in Fulcio's file, which knows one folder and one API server.
    pub(super) service_account: Option<PathBuf>,
    /// Informational.
    #[serde(default, alias = "Description")]
    #[expect(dead_code, reason = "Fulcio's file may say it; nothing depends on it")]
    description: String,
    #[serde(default, alias = "Contact")]
    #[expect(dead_code, reason = "Fulcio's file may say it; nothing depends on it")]
    contact: String,
    #[serde(default, alias = "Environment")]
    #[expect(dead_code, reason = "Fulcio's file may say it; nothing depends on it")]
    environment: String,
}
