use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use sigstead_trust::lint::{GO, JAVA, JS, PYTHON};

use super::source::{CLIENT_TRUST_CONFIG, Source};
use crate::cli::client::{ClientKind, environment};
use crate::{console, data_dir};

#[derive(Debug, Args)]
pub(in crate::cli) struct Files {
    #[command(flatten)]
    source: Source,
    /// The folder to write to.
    #[arg(long, short)]
    output: PathBuf,
}

impl Files {
    pub(super) async fn write(&self, client: ClientKind) -> anyhow::Result<()> {
        let (trust, _) = self.source.read().await?;
        let output = std::path::absolute(&self.output)?;
        std::fs::create_dir_all(&output).with_context(|| format!("cannot make {}", output.display()))?;
        let files = trust.files()?;
        let mut settings = environment(client, &output, trust.material());
        for name in read_by(client) {
            match files.iter().find(|(candidate, _)| candidate == name) {
                Some((_, content)) => write(&output.join(name), content)?,
                None => {
                    console::note(format_args!(
                        "note: no {name}, for the document does not say what belongs there"
                    ));
                    settings = without(&settings, name);
                }
            }
        }
        let left_out = if client == ClientKind::Cosign2 { trust.left_out_of_pem() } else { Vec::new() };
        for note in trust.warnings(judged_as(client))?.into_iter().chain(left_out) {
            console::note(format_args!("note: {note}"));
        }
        console::line(settings.trim_end());
        Ok(())
    }
}

/// The files that a client is given.
const fn read_by(client: ClientKind) -> &'static [&'static str] {
    match client {
        ClientKind::Cosign | ClientKind::Libraries => &["trusted_root.json", "signing_config.v0.2.json"],
        ClientKind::Cosign2 => &["fulcio_v1.crt.pem", "rekor.pub", "ctfe.pub", "tsa.certchain.pem"],
        ClientKind::Python => &[CLIENT_TRUST_CONFIG],
        ClientKind::RekorCli | ClientKind::Openssl => &[],
    }
}

/// Its names in the rules about documents.
const fn judged_as(client: ClientKind) -> &'static [&'static str] {
    match client {
        ClientKind::Cosign | ClientKind::Cosign2 => &[GO],
        ClientKind::Python => &[PYTHON],
        ClientKind::Libraries => &[GO, JS, JAVA],
        ClientKind::RekorCli | ClientKind::Openssl => &[],
    }
}

fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    data_dir::write_atomically(file, content, 0o644)
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Settings that do not name a file.
fn without(settings: &str, name: &str) -> String {
    settings.lines().filter(|line| !line.contains(name)).map(|line| format!("{line}\n")).collect()
}
