mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_trust::lint::tuf::{Answer, walk};

use self::report::Report;
use super::ServiceArguments;
use super::call_arguments::CallArguments;
use super::mirror::Mirror;
use super::named_document::{content, read};
use crate::config::Config;
use crate::{console, wire};

/// `sigstead trust lint`.
#[derive(Debug, Args)]
pub(super) struct Lint {
    #[command(flatten)]
    service: ServiceArguments,
    /// Trusted roots, signing configs or client trust configs, whoever wrote them; and TUF repositories: directories, or URLs that do
    /// not end in .json. Without any, what the configuration publishes.
    #[arg(value_name = "FILE|DIRECTORY|URL")]
    documents: Vec<String>,
    /// The root that clients of the TUF repositories were given first; without it, the repository's own is believed.
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
    /// One JSON object a document.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    call: CallArguments,
}

impl Lint {
    /// 1 if there is an error in a document, or it cannot be judged.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let root = self.root.as_deref().map(read).transpose().context("--root")?.map(Bytes::from);
        let mut is_clean = match self.documents.is_empty() {
            true => self.own(root.clone()).await?,
            false => true,
        };
        let call = self.call.config();
        for name in &self.documents {
            is_clean &= match Mirror::named(name, &call)? {
                Some(mirror) => self.repository(name, &mirror, root.clone()).await?,
                None => self.show(name.clone(), content(name, &call).await)?,
            };
        }
        Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// What the configuration publishes. Client trust configs hold nothing but the other documents.
    async fn own(&self, root: Option<Bytes>) -> anyhow::Result<bool> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let documents = wire::trust_documents(&config.trust()?)?;
        let judged = documents
            .files()
            .filter(|(name, _, _)| name.starts_with("trusted_root") || name.starts_with("signing_config"));
        let mut is_clean = true;
        for (name, _, content) in judged {
            is_clean &= self.show(name.to_owned(), Ok(content.to_vec()))?;
        }
        match config.tuf()?.map(|tuf| tuf.folder) {
            Some(folder) if folder.is_dir() => Ok(is_clean & self.own_repository(folder, root).await?),
            Some(folder) => {
                console::note(format_args!("{}: the TUF repository is not here", folder.display()));
                Ok(is_clean)
            }
            None => Ok(is_clean),
        }
    }

    /// Of the configuration's own repository, the first root is not in doubt.
    async fn own_repository(&self, folder: PathBuf, root: Option<Bytes>) -> anyhow::Result<bool> {
        let (name, mirror) = (folder.display().to_string(), Mirror::Folder(folder));
        let root = match (root, mirror.answer("1.root.json").await) {
            (None, Answer::File(own)) => Some(own),
            (given, _) => given,
        };
        self.repository(&name, &mirror, root).await
    }

    /// A repository, and the documents among its targets.
    async fn repository(&self, name: &str, mirror: &Mirror, root: Option<Bytes>) -> anyhow::Result<bool> {
        let mut walked = walk(root, async |path: &str| mirror.answer(path).await, SystemClock.now()).await;
        let documents = std::mem::take(&mut walked.documents);
        let mut is_clean = Report::of_repository(name.to_owned(), walked).show(self.json)?;
        for (target, content) in documents {
            let name = format!("{}/targets/{target}", name.trim_end_matches('/'));
            is_clean &= self.show(name, Ok(content.to_vec()))?;
        }
        Ok(is_clean)
    }

    /// Whether a document could be judged and has no error.
    fn show(&self, name: String, content: anyhow::Result<Vec<u8>>) -> anyhow::Result<bool> {
        let judged = content.and_then(|content| Ok(Report::of_document(name.clone(), &content)?));
        match judged {
            Ok(report) => report.show(self.json),
            Err(error) => {
                console::note(format_args!("{name}: {error:#}"));
                Ok(false)
            }
        }
    }
}
