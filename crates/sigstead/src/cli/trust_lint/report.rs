use serde::Serialize;
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_trust::lint::tuf::Walk;
use sigstead_trust::lint::{Finding, LintError, Severity, first_error, lint};

use crate::console;

/// What is said of a document or a repository.
#[derive(Serialize)]
pub(super) struct Report {
    document: String,
    kind: &'static str,
    findings: Vec<Finding>,
}

impl Report {
    /// Of a trusted root, signing config or client trust config.
    pub(super) fn of_document(document: String, content: &[u8]) -> Result<Self, LintError> {
        let (kind, findings) = lint(content, SystemClock.now())?;
        Ok(Self::new(document, kind.name(), findings))
    }

    /// Of a repository's metadata and list of targets.
    pub(super) fn of_repository(document: String, walk: Walk) -> Self {
        Self::new(document, "tuf-repository", walk.findings)
    }

    fn new(document: String, kind: &'static str, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.rule.severity));
        Self { document, kind, findings }
    }

    /// Whether there is no error.
    pub(super) fn show(&self, as_json: bool) -> anyhow::Result<bool> {
        match as_json {
            true => console::line(serde_json::to_string(self)?),
            false => console::line(self.text()),
        }
        Ok(first_error(&self.findings).is_none())
    }

    fn text(&self) -> String {
        if self.findings.is_empty() {
            return format!("{}: ok", self.document);
        }
        let lines = self.findings.iter().map(|Finding { rule, path, found }| {
            let severity = match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            format!(
                "{}: {severity}: {}: {}\n  {}: {}\n  hint: {}",
                self.document,
                printable(path),
                printable(found),
                rule.clients.join(", "),
                rule.consequence,
                rule.remedy,
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// What somebody else wrote must not steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_does_not_steer_the_terminal() {
        let hostile = br#"{"tlogs": [], "mediaType": "\u001b[2J\nok"}"#;
        let text = Report::of_document("x".to_owned(), hostile).unwrap().text();
        assert!(text.contains("\u{fffd}[2J\u{fffd}ok") && !text.contains('\u{1b}'), "{text}");
    }
}
