use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use sigstead_ca::{ClientAlgorithms, PolicyRequest};
use sigstead_clock::SystemClock;
use sigstead_identity::{FulcioConfig, Principal, Providers};

use super::ServiceArguments;
use crate::config::Config;
use crate::{console, wire};

/// `sigstead ca policy …`.
#[derive(Debug, Subcommand)]
pub(super) enum CaPolicy {
    /// Show what the issuance policy decides about an identity, and why. Nothing is issued, nothing is recorded.
    /// Exits with 0 if a certificate is allowed, with 1 if it is denied, with 2 if that could not be found out.
    Test(Box<PolicyTest>),
}

/// `sigstead ca policy test`.
#[derive(Debug, Args)]
pub(super) struct PolicyTest {
    #[command(flatten)]
    service: ServiceArguments,
    /// A file with an identity token, or `-`; it is verified as the server does, with its issuer's keys.
    #[arg(long, value_name = "FILE", required_unless_present = "claims")]
    token: Option<PathBuf>,
    /// A file with the claims of a token as JSON, or `-`; nothing is verified.
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    claims: Option<PathBuf>,
    /// What the certified key signs with, by Fulcio's name.
    #[arg(long, value_name = "NAME", default_value = "ecdsa-sha2-256-nistp256")]
    key_algorithm: String,
    /// Ask this policy, not the one that the configuration names.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// Neither allowed nor denied.
const UNDECIDED: u8 = 2;
/// Longest token or claims that are read.
const MAX_INPUT: u64 = 1 << 20;

impl CaPolicy {
    pub(super) async fn run(self) -> ExitCode {
        let Self::Test(test) = self;
        test.run().await.unwrap_or_else(|error| {
            console::note(format_args!("error: {error:#}"));
            ExitCode::from(UNDECIDED)
        })
    }
}

impl PolicyTest {
    async fn run(&self) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let ca = config.ca()?;
        let file = self.policy.as_ref().or(ca.policy.as_ref());
        let policy = wire::policy(file.context("ca.policy names no file\n  hint: name one by --policy")?)?;
        ClientAlgorithms::from_names([&*self.key_algorithm]).context("--key-algorithm")?;
        let principal = self.principal(wire::issuers(&ca.issuers)?).await?;
        let decision =
            policy.decide(PolicyRequest { principal: &principal, key_algorithm: &self.key_algorithm });
        console::line(format_args!("name: {}", principal.name.value()));
        console::line(format_args!("issuer: {} ({})", principal.issuer, principal.issuer_type.name()));
        console::line(format_args!("key: {}", self.key_algorithm));
        if !ca.client_algorithms.names().any(|name| name == self.key_algorithm) {
            console::line("denied: ca.client_algorithms does not permit such keys, whatever the policy says");
            return Ok(ExitCode::FAILURE);
        }
        console::line(&decision);
        Ok(match decision.lifetime(ca.lifetime) {
            Ok(lifetime) => {
                console::line(format_args!("lifetime: {} s", lifetime.as_secs()));
                ExitCode::SUCCESS
            }
            Err(_) => ExitCode::FAILURE,
        })
    }

    async fn principal(&self, issuers: FulcioConfig) -> anyhow::Result<Principal> {
        if let Some(token) = &self.token {
            let providers = Providers::new(issuers, Arc::new(SystemClock))?;
            let token =
                read(token).context("--token names a file; a token itself may come by `--token -`")?;
            return providers.authenticate(token.trim()).await.context("the token is not believed");
        }
        let Some(claims) = &self.claims else { bail!("neither --token nor --claims is given") };
        let claims: Map<String, Value> = serde_json::from_str(&read(claims)?)
            .with_context(|| format!("{} holds no claims", claims.display()))?;
        issuers.principal(&claims).context("no certificate could name these claims")
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let told = || format!("cannot read {}", file.display());
    let length = match file == Path::new("-") {
        true => std::io::stdin().take(MAX_INPUT).read_to_string(&mut text),
        false => std::fs::File::open(file).with_context(told)?.take(MAX_INPUT).read_to_string(&mut text),
    };
    length.with_context(told)?;
    Ok(text)
}
