use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_crypto::PublicKey;
use sigstead_keystore::KeyUri;
use sigstead_trust::tuf::{Envelope, Metadata, Role, Root, RootPlan, Signatories};

use super::ServiceArguments;
use super::trust::publisher;
use super::trust_sign::summary;
use crate::config::{Config, TufKeys};
use crate::{console, data_dir, wire};

/// `sigstead trust root …`.
#[derive(Debug, Subcommand)]
pub(super) enum RootCommand {
    /// The first one. The keys that are online come from the configuration.
    Init(RootFile),
    /// The one after the root in the repository: what is not given stays, the keys that are online come from the
    /// configuration.
    Next(RootFile),
}

#[derive(Debug, Args)]
pub(super) struct RootFile {
    #[command(flatten)]
    service: ServiceArguments,
    /// A key that may sign roots: its public part in a PEM file, or a key URI. Several times; all that shall count.
    #[arg(long = "root-key", value_name = "PEM|URI")]
    root_keys: Vec<String>,
    /// How many of them must sign.
    #[arg(long, value_name = "NUMBER")]
    threshold: Option<usize>,
    /// A key of people who sign targets, instead of the configuration's targets_key; several times.
    #[arg(long = "targets-key", value_name = "PEM|URI")]
    targets_keys: Vec<String>,
    /// How many of them must sign.
    #[arg(long, value_name = "NUMBER", requires = "targets_keys", default_value_t = 1)]
    targets_threshold: usize,
    /// How long the root counts.
    #[arg(long, default_value_t = 365)]
    days: u32,
    /// The file to write.
    file: PathBuf,
}

impl RootCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Init(file) => {
                let publisher = publisher(&file.load()?).await?;
                ensure!(publisher.current_root().is_err(), "the repository has a root; prepare the next one");
                file.write(None).await
            }
            Self::Next(file) => {
                let current = publisher(&file.load()?).await?.latest_root()?;
                file.write(Some(&current)).await
            }
        }
    }
}

impl RootFile {
    fn load(&self) -> anyhow::Result<Config> {
        Config::load(&self.service.config, &self.service.overrides)
    }

    async fn write(&self, current: Option<&Metadata<Root>>) -> anyhow::Result<ExitCode> {
        let tuf = self.load()?.tuf()?.context("the configuration has no [trust.tuf]")?;
        let online = tuf.keys.context("[trust.tuf] names no keys; the root must name them")?;
        let stays = |role| current.map(|root| Signatories::of(&root.body, role)).transpose();
        let days = Duration::from_secs(u64::from(self.days) * 24 * 3600);
        let plan = RootPlan {
            root: self.root(stays(Role::Root)?).await?,
            targets: self.targets(&online, stays(Role::Targets)?).await?,
            snapshot: public_part(&online.snapshot).await?,
            timestamp: public_part(&online.timestamp).await?,
            expires: SystemClock.now().plus(days),
        };
        let version = current.map_or(0, |current| current.version).saturating_add(1);
        write_prepared(&self.file, &Envelope::unsigned(&plan.metadata(version)?)?)
    }

    async fn root(&self, stays: Option<Signatories>) -> anyhow::Result<Signatories> {
        let given = public_parts(&self.root_keys).await?;
        let (keys, threshold) = match stays {
            Some(stays) if given.is_empty() => (stays.keys, Some(stays.threshold)),
            Some(stays) => (given, Some(stays.threshold)),
            None => (given, None),
        };
        ensure!(!keys.is_empty(), "name the keys that may sign roots: --root-key");
        let threshold = self.threshold.or(threshold).context("say how many must sign: --threshold")?;
        Ok(Signatories { keys, threshold })
    }

    async fn targets(&self, online: &TufKeys, stays: Option<Signatories>) -> anyhow::Result<Signatories> {
        if !self.targets_keys.is_empty() {
            let keys = public_parts(&self.targets_keys).await?;
            return Ok(Signatories { keys, threshold: self.targets_threshold });
        }
        match (&online.targets, stays) {
            (Some(uri), _) => Ok(Signatories { keys: vec![public_part(uri).await?], threshold: 1 }),
            (None, Some(stays)) => Ok(stays),
            (None, None) => bail!("name who signs targets: --targets-key, or trust.tuf.targets_key"),
        }
    }
}

async fn public_parts(named: &[String]) -> anyhow::Result<Vec<PublicKey>> {
    let mut keys = Vec::new();
    for one in named {
        keys.push(public_part(one).await?);
    }
    Ok(keys)
}

/// Of a key URI or a PEM file.
async fn public_part(named: &str) -> anyhow::Result<PublicKey> {
    match KeyUri::parse(named) {
        Ok(_) => Ok(wire::signer(named).await?.public_key().clone()),
        Err(_) => wire::public_key(Path::new(named)),
    }
}

/// Writes a file for people to sign, and says what is in it.
pub(super) fn write_prepared(file: &Path, prepared: &Envelope) -> anyhow::Result<ExitCode> {
    ensure!(!file.exists(), "{} is there already", file.display());
    data_dir::write_atomically(file, &prepared.to_file()?, 0o644)
        .with_context(|| format!("cannot write {}", file.display()))?;
    console::line(summary(prepared)?);
    console::line(format_args!(
        "to be signed: sigstead trust sign --key URI {}, then sigstead trust publish",
        file.display()
    ));
    Ok(ExitCode::SUCCESS)
}
