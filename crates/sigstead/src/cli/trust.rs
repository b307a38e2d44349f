use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_trust::tuf::{Envelope, Publisher, Role, TufError, audit};

use super::ServiceArguments;
use super::trust_export::Export;
use super::trust_lint::Lint;
use super::trust_root::{RootCommand, write_prepared};
use super::trust_sign::{Sign, read, summary};
use crate::config::Config;
use crate::{console, wire};

/// `sigstead trust …`: the documents, and the TUF repository. What people sign goes prepare, sign, publish
/// (docs/trust-root.md).
#[derive(Debug, Subcommand)]
pub(super) enum TrustCommand {
    /// Prepare a root for people to sign: whose keys count.
    #[command(subcommand)]
    Root(RootCommand),
    /// Prepare the targets for people to sign, where no key for them is online.
    Targets(Targets),
    /// Sign a prepared file with one key, after telling what is in it. Needs no configuration and no network.
    Sign(Sign),
    /// Check a signed file, or several signed copies of it, and put it into the repository.
    Publish(Publish),
    /// Walk the repository as a client does; fails on what a client would refuse.
    Status(ServiceArguments),
    /// Tell what clients would refuse or misread in trusted roots, signing configs, client trust configs and TUF repositories; fails on
    /// errors.
    Lint(Lint),
    /// Hand on what the trust root says, in the form that a client or an admission controller reads.
    #[command(subcommand)]
    Export(Export),
}

#[derive(Debug, Args)]
pub(super) struct Targets {
    #[command(flatten)]
    service: ServiceArguments,
    /// The file to write.
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Publish {
    #[command(flatten)]
    service: ServiceArguments,
    /// Copies of one file; their signatures are put together.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl TrustCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Root(command) => command.run().await,
            Self::Targets(targets) => targets.run().await,
            Self::Sign(sign) => sign.run().await,
            Self::Publish(publish) => publish.run().await,
            Self::Status(arguments) => status(&arguments).await,
            Self::Lint(lint) => lint.run().await,
            Self::Export(export) => export.run().await,
        }
    }
}

impl Targets {
    async fn run(&self) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let documents = wire::trust_documents(&config.trust()?)?;
        let targets = Envelope::unsigned(&publisher(&config).await?.next_targets(&documents)?)?;
        write_prepared(&self.file, &targets)
    }
}

impl Publish {
    async fn run(&self) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let documents = wire::trust_documents(&config.trust()?)?;
        let publisher = publisher(&config).await?;
        let signed = self.together()?;
        match signed.role()? {
            Role::Root => publisher.publish_root(&signed).await.map(drop)?,
            Role::Targets => publisher.publish_targets(&signed, &documents).await?,
            role => bail!("sigstead signs {role} by itself"),
        }
        console::line(summary(&signed)?);
        match publisher.publish(&documents).await {
            // After a root, targets for people may be next.
            Err(error @ TufError::TargetsOffline(_)) => console::note(error),
            outcome => outcome.context("it is published, but what rests on it could not be signed")?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// One file with the signatures of all copies.
    fn together(&self) -> anyhow::Result<Envelope> {
        let mut copies = self.files.iter().map(|file| read(file));
        let mut first = copies.next().context("no file")??;
        for copy in copies {
            first.merge(copy?)?;
        }
        Ok(first)
    }
}

/// The publisher of the configuration's repository.
pub(super) async fn publisher(config: &Config) -> anyhow::Result<Publisher> {
    let tuf = config.tuf()?.context("the configuration has no [trust.tuf]")?;
    wire::tuf_publisher(&tuf, Arc::new(SystemClock), None).await
}

async fn status(arguments: &ServiceArguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config, &arguments.overrides)?;
    let standings = audit(publisher(&config).await?.folder())?;
    let now = SystemClock.now();
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["ROLE", "VERSION", "EXPIRES", "DAYS LEFT"]);
    for standing in &standings {
        table.add_row([
            standing.role.name().to_owned(),
            standing.version.to_string(),
            standing.expires.to_rfc3339(),
            (standing.left(now).as_secs() / (24 * 3600)).to_string(),
        ]);
    }
    console::line(table);
    let has_expired = standings.iter().any(|standing| standing.left(now).is_zero());
    Ok(if has_expired { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
