use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_trust::lint::{Finding, Kind, Severity, lint};

use super::call_arguments::CallArguments;
use super::{ServiceArguments, named_document};
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
    #[command(flatten)]
    call: CallArguments,
}

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
            contents.push((name.clone(), named_document::content(name, &self.call.config()).await));
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
