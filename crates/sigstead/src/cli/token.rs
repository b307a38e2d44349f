use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::Value;
use sigstead_identity::IssuerType;

use super::DataArguments;
use crate::config::Config;
use crate::console;
use crate::dev_issuer::TokenRequest;

/// `sigstead token`.
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The e-mail address of an e-mail identity.
    #[arg(long)]
    email: Option<String>,
    /// The subject; for SPIFFE its whole ID.
    #[arg(long)]
    sub: Option<String>,
    /// A claim of your own, as `--claim groups='["dev"]'`; `null` leaves one of the type's claims out.
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<String>,
    /// Which kind of issuer speaks; each has an issuer URL of its own.
    #[arg(long, value_parser = issuer_types(), default_value = "email")]
    issuer_type: IssuerType,
    /// Whom the token is for.
    #[arg(long, default_value = "sigstore")]
    audience: String,
    /// How long it is valid, in seconds.
    #[arg(long, default_value_t = 300)]
    lifetime_secs: u64,
    #[command(flatten)]
    data: DataArguments,
}

/// The types by their names in the issuer configuration.
fn issuer_types() -> impl TypedValueParser<Value = IssuerType> {
    PossibleValuesParser::new(IssuerType::ALL.map(IssuerType::name))
        .try_map(|name| IssuerType::from_name(&name).ok_or("there is no such type"))
}

impl Token {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let data = std::path::absolute(&self.data.data)?;
        let secret_file = data.join("dev-issuer.secret");
        let secret = std::fs::read_to_string(&secret_file).with_context(|| {
            format!(
                "cannot read {}\n  hint: `sigstead up --data {}` starts the development issuer",
                secret_file.display(),
                data.display()
            )
        })?;
        let issuer = Config::load(&data.join("sigstead.toml"), &[])?
            .trust()?
            .oidc_url
            .context("the configuration names no development issuer")?;
        let request = TokenRequest {
            claims: self.claims.iter().map(|claim| parse_claim(claim)).collect::<anyhow::Result<_>>()?,
            issuer_type: self.issuer_type,
            email: self.email,
            sub: self.sub,
            audience: self.audience,
            lifetime_secs: self.lifetime_secs,
        };
        console::value(&mint(&issuer, secret.trim(), &request).await?);
        Ok(ExitCode::SUCCESS)
    }
}

/// A token of the development issuer, for who knows its secret.
pub(super) async fn mint(issuer: &str, secret: &str, request: &TokenRequest) -> anyhow::Result<String> {
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .post(format!("{issuer}/token"))
        .bearer_auth(secret)
        .json(request)
        .send()
        .await
        .with_context(|| {
            format!("the development issuer at {issuer} does not answer\n  hint: start it with `sigstead up`")
        })?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        bail!("the development issuer answered {status}: {}", text.trim());
    }
    Ok(text)
}

/// `name=value`, where the value is JSON if it reads as JSON and text otherwise.
fn parse_claim(claim: &str) -> anyhow::Result<(String, Value)> {
    let (name, value) =
        claim.split_once('=').with_context(|| format!("--claim {claim}: expected name=value"))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_json_or_text() {
        assert_eq!(parse_claim("a=b").unwrap(), ("a".into(), Value::from("b")));
        assert_eq!(parse_claim("a=true").unwrap(), ("a".into(), Value::from(true)));
        assert_eq!(parse_claim("a=x=y").unwrap(), ("a".into(), Value::from("x=y")));
        assert!(parse_claim("a").is_err());
    }
}
