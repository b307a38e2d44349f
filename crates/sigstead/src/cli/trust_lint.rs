use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_trust::lint::{Finding, Kind, MAX_DOCUMENT, Severity, lint};

use super::{ServiceArguments, http_body};
use crate::config::Config;
use crate::{console, wire};

/// `sigstead trust lint`.
#[derive(Debug, Args)]
pub(super) struct Lint {
    #[command(flatten)]
    service: ServiceArguments,
    /// Trusted roots, signing configs or client trust configs, whoever wrote them; without any, what the configuration
    /// publishes.
    #[arg(value_name = "FILE|URL")]
    documents: Vec<String>,
    /// One JSON object a document.
    #[arg(long)]
    json: bool,
}

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is said of a document.
#[derive(Serialize)]
struct Report<'a> {
    document: &'a str,
    kind: Kind,
    findings: Vec<Finding>,
}

impl Lint {
    /// 1 if there is an error in a document, or it cannot be judged.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut is_clean = true;
        for (name, content) in self.contents().await? {
            is_clean &= match content.and_then(|content| report(&name, &content)) {
                Ok(report) => self.show(&report)?,
                Err(error) => {
                    console::note(format_args!("{name}: {error:#}"));
                    false
                }
            };
        }
        Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn contents(&self) -> anyhow::Result<Vec<(String, anyhow::Result<Vec<u8>>)>> {
        if self.documents.is_empty() {
            return self.own();
        }
        let mut contents = Vec::new();
        for name in &self.documents {
            let is_url = name.starts_with("https://") || name.starts_with("http://");
            let content = if is_url { fetch(name).await } else { read(Path::new(name)) };
            contents.push((name.clone(), content));
        }
        Ok(contents)
    }

    /// Client trust configs hold nothing but the others.
    fn own(&self) -> anyhow::Result<Vec<(String, anyhow::Result<Vec<u8>>)>> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let documents = wire::trust_documents(&config.trust()?)?;
        let judged = documents
            .files()
            .filter(|(name, _, _)| name.starts_with("trusted_root") || name.starts_with("signing_config"));
        Ok(judged.map(|(name, _, content)| (name.to_owned(), Ok(content.to_vec()))).collect())
    }

    /// Whether there is no error.
    fn show(&self, report: &Report<'_>) -> anyhow::Result<bool> {
        match self.json {
            true => console::line(serde_json::to_string(report)?),
            false => console::line(text(report)),
        }
        Ok(report.findings.iter().all(|finding| finding.rule.severity != Severity::Error))
    }
}

fn report<'a>(document: &'a str, content: &[u8]) -> anyhow::Result<Report<'a>> {
    let (kind, mut findings) = lint(content, SystemClock.now())?;
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.rule.severity));
    Ok(Report { document, kind, findings })
}

fn text(report: &Report<'_>) -> String {
    if report.findings.is_empty() {
        return format!("{}: ok", report.document);
    }
    let lines = report.findings.iter().map(|Finding { rule, path, found }| {
        let severity = match rule.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        format!(
            "{}: {severity}: {path}: {found}\n  {}: {}\n  hint: {}",
            report.document,
            rule.clients.join(", "),
            rule.consequence,
            rule.remedy,
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    let opened = std::fs::File::open(file).context("cannot be read")?;
    // One byte more, so that what is too long is told as such.
    opened.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut content).context("cannot be read")?;
    Ok(content)
}

async fn fetch(url: &str) -> anyhow::Result<Vec<u8>> {
    let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let answer = client.get(url).send().await.context("was not reached")?;
    if !answer.status().is_success() {
        bail!("the server answered {}", answer.status());
    }
    http_body::read(answer, MAX_DOCUMENT).await
}
