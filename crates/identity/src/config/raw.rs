use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use super::IssuerType;
use crate::ci_provider::RawCiProvider;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    #[serde(default, deserialize_with = "or_empty", rename = "oidc-issuers", alias = "OIDCIssuers")]
    pub(super) issuers: BTreeMap<String, RawIssuer>,
    #[serde(default, deserialize_with = "or_empty", rename = "meta-issuers", alias = "MetaIssuers")]
    pub(super) patterns: BTreeMap<String, RawIssuer>,
    #[serde(
        default,
        deserialize_with = "or_empty",
        rename = "ci-issuer-metadata",
        alias = "CIIssuerMetadata"
    )]
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
    #[serde(default, deserialize_with = "filled", alias = "IssuerClaim")]
    pub(super) issuer_claim: Option<String>,
    #[serde(default, deserialize_with = "filled", alias = "SubjectDomain")]
    pub(super) subject_domain: Option<String>,
    #[serde(default, deserialize_with = "filled", alias = "SPIFFETrustDomain")]
    pub(super) spiffe_trust_domain: Option<String>,
    #[serde(default, alias = "SkipEmailVerification")]
    pub(super) skip_email_verification: bool,
    #[serde(default, deserialize_with = "filled", alias = "ChallengeClaim")]
    pub(super) challenge_claim: Option<String>,
    #[serde(default, deserialize_with = "filled", alias = "CIProvider")]
    pub(super) ci_provider: Option<String>,
    #[serde(default, deserialize_with = "filled", alias = "CACert")]
    pub(super) ca_cert: Option<String>,
    /// Not in Fulcio's file, which knows one folder and one API server.
    pub(super) service_account: Option<PathBuf>,
    /// Informational.
    #[serde(default, deserialize_with = "or_empty", alias = "Description")]
    #[expect(dead_code, reason = "Fulcio's file may say it; nothing depends on it")]
    description: String,
    #[serde(default, deserialize_with = "or_empty", alias = "Contact")]
    #[expect(dead_code, reason = "Fulcio's file may say it; nothing depends on it")]
    contact: String,
    #[serde(default, deserialize_with = "or_empty", alias = "Environment")]
    #[expect(dead_code, reason = "Fulcio's file may say it; nothing depends on it")]
    environment: String,
}

/// A text that is empty is one that is not there.
fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// A key with nothing behind it is one that is not there.
fn or_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
