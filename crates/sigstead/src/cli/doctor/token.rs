use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use sigstead_identity::IssuerType;

use crate::cli::token::mint;
use crate::config::TrustConfig;
use crate::dev_issuer::TokenRequest;

pub(super) fn from_file(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.trim().to_owned())
}

/// From the issuer of `sigstead up`, whose secret is in its data directory.
pub(super) async fn of_development(dir: &Path, config: &TrustConfig) -> anyhow::Result<String> {
    const HINT: &str = "give an identity token with --identity-token FILE";
    let secret = std::fs::read_to_string(dir.join("dev-issuer.secret"));
    let secret = secret.with_context(|| format!("there is no development issuer\n  hint: {HINT}"))?;
    let issuer = config.oidc_url.as_deref().with_context(|| format!("no trust.oidc_url\n  hint: {HINT}"))?;
    let request = TokenRequest {
        issuer_type: IssuerType::Email,
        email: Some("doctor@sigstead.invalid".to_owned()),
        sub: None,
        audience: "sigstore".to_owned(),
        lifetime_secs: 60,
        claims: serde_json::Map::new(),
    };
    mint(issuer, secret.trim(), &request).await
}

/// What the key signs to prove that it is held: the address, or else the subject, as clients choose it.
pub(super) fn challenge(token: &str) -> anyhow::Result<String> {
    let payload = token.split('.').nth(1).and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Option<Value> = payload.and_then(|payload| serde_json::from_slice(&payload).ok());
    let claims = claims.context("the identity token is no JWT")?;
    let claim = ["email", "sub"].into_iter().find_map(|name| claims.get(name).and_then(Value::as_str));
    Ok(claim.context("the identity token names neither email nor sub")?.to_owned())
}
