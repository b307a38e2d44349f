use std::process::ExitCode;

use anyhow::Context as _;
use sigstead_crypto::VerifierKey;

use super::ServiceArguments;
use crate::config::Config;
use crate::{console, wire};

/// Prints the keys of `[log_v2]` and `[witness]` as policies and witnesses write them.
pub(super) async fn keys(arguments: &ServiceArguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config, &arguments.overrides)?;
    if let Some(log) = config.log_v2()? {
        let key = wire::signer(&log.key).await?.public_key().clone();
        let key = VerifierKey::of_log(&log.origin, key).context("an RSA key has no such form")?;
        console::line(format_args!("log {}", key.to_text()));
    }
    if let Some(witness) = config.witness()? {
        let key = wire::signer(&witness.key).await?.public_key().clone();
        console::line(format_args!("witness {}", VerifierKey::cosigner(&witness.name, key).to_text()));
    }
    Ok(ExitCode::SUCCESS)
}
