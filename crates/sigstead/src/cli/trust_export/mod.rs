//! Hands on what a trust root says.

mod files;
mod manifests;
mod source;

use std::process::ExitCode;

use clap::Subcommand;

use super::client::ClientKind;
use files::Files;
use manifests::Manifests;

/// `sigstead trust export …`.
#[derive(Debug, Subcommand)]
pub(super) enum Export {
    /// A TrustRoot for policy-controller, and a ClusterImagePolicy if it is said who may sign; YAML on standard output.
    PolicyController(Box<Manifests>),
    /// An ImageValidatingPolicy for Kyverno, which takes trust from a TUF repository alone; YAML on standard output.
    Kyverno(Box<Manifests>),
    /// Trusted root and signing config for cosign 3 as files, and its settings on standard output.
    Cosign(Files),
    /// Chains and keys for cosign 2 as PEM files, and its settings on standard output.
    Cosign2(Files),
    /// The client trust config for sigstore-python as a file, and its flags on standard output.
    Python(Files),
    /// Trusted root and signing config for sigstore-go, -js and -java as files, and on standard output what reads them.
    Libraries(Files),
}

impl Export {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::PolicyController(manifests) => manifests.policy_controller().await?,
            Self::Kyverno(manifests) => manifests.kyverno().await?,
            Self::Cosign(files) => files.write(ClientKind::Cosign).await?,
            Self::Cosign2(files) => files.write(ClientKind::Cosign2).await?,
            Self::Python(files) => files.write(ClientKind::Python).await?,
            Self::Libraries(files) => files.write(ClientKind::Libraries).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
