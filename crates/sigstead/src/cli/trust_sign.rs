use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use sigstead_trust::tuf::{Envelope, Metadata, Role, Root, Targets};

use crate::{console, data_dir, wire};

/// `sigstead trust sign`.
#[derive(Debug, Args)]
pub(super) struct Sign {
    /// The key, as in the configuration: file:PATH, pkcs11:….
    #[arg(long, value_name = "URI")]
    key: String,
    /// The prepared file; the signature is written into it.
    file: PathBuf,
}

impl Sign {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut envelope = read(&self.file)?;
        // Told first, so that whoever is asked for a PIN or a touch knows what for.
        console::line(summary(&envelope)?);
        let signer = wire::signer(&self.key).await?;
        let key_id = envelope.sign(signer.as_ref()).await?;
        data_dir::write_atomically(&self.file, &envelope.to_file()?, 0o644)
            .with_context(|| format!("cannot write {}", self.file.display()))?;
        console::line(format_args!("signed by {key_id}"));
        Ok(ExitCode::SUCCESS)
    }
}

/// A file that is on its way through a ceremony.
pub(super) fn read(file: &Path) -> anyhow::Result<Envelope> {
    let content = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Envelope::parse(&content).with_context(|| file.display().to_string())
}

/// What people should know before they sign.
pub(super) fn summary(envelope: &Envelope) -> anyhow::Result<String> {
    match envelope.role()? {
        Role::Root => root(envelope, &envelope.metadata(Role::Root)?),
        Role::Targets => Ok(targets(&envelope.metadata(Role::Targets)?)?),
        role => anyhow::bail!("{role} is not signed by people"),
    }
}

fn root(envelope: &Envelope, root: &Metadata<Root>) -> anyhow::Result<String> {
    let mut text = format!("root {}, until {}", root.version, root.expires.to_rfc3339());
    for role in [Role::Root, Role::Targets, Role::Snapshot, Role::Timestamp] {
        let keys = root.body.role(role);
        write!(text, "\n{role}: {} of {} keys", keys.threshold, keys.keyids.len())?;
        let signed_by = envelope.signed_by(&root.body, Role::Root)?;
        for id in &keys.keyids {
            let mark = if role == Role::Root && signed_by.contains(id) { "  signed" } else { "" };
            write!(text, "\n  {id}{mark}")?;
        }
    }
    Ok(text)
}

fn targets(targets: &Metadata<Targets>) -> Result<String, std::fmt::Error> {
    let mut text = format!("targets {}, until {}", targets.version, targets.expires.to_rfc3339());
    for (name, file) in &targets.body.targets {
        write!(text, "\n  {} {name}", file.hashes.sha256)?;
    }
    Ok(text)
}
