use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use sigstead_x509::{Certificate, parse_pem_chain};

use super::Role;
use super::install::{Installation, Terms};
use crate::cli::ServiceArguments;
use crate::config::{Config, absolute_key};
use crate::wire;

/// `sigstead ca|tsa import`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    #[command(flatten)]
    service: ServiceArguments,
    /// The signed certificate and those above it up to the root, in PEM or DER, in any order and any number of files.
    #[arg(required = true, value_name = "FILE")]
    certificates: Vec<PathBuf>,
    /// The key that `init` made or was given; otherwise the file that it makes for this name.
    #[arg(long, value_name = "URI")]
    key: Option<String>,
    #[command(flatten)]
    terms: Terms,
}

impl Import {
    pub(super) async fn run(self, role: Role) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let installation = Installation::open(role, role.file(&config)?, &self.terms)?;
        let key = self.key.unwrap_or_else(|| installation.default_key());
        let signer = wire::signer(&absolute_key(installation.folder(), &key)).await?;
        let mut certificates = Vec::new();
        for file in &self.certificates {
            certificates.extend(read(file)?);
        }
        installation
            .install((key, signer.public_key()), certificates, self.terms)
            .context("nothing was installed")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// PEM, or one certificate in DER.
fn read(file: &PathBuf) -> anyhow::Result<Vec<Certificate>> {
    let content = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let certificates = match Certificate::from_der(&content) {
        Ok(one) => Ok(vec![one]),
        Err(_) => parse_pem_chain(&content),
    };
    certificates.with_context(|| format!("{} does not hold certificates", file.display()))
}
