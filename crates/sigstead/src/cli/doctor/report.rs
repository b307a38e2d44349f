use std::process::ExitCode;

use crate::console;

/// Tells each check as it is done, a line each.
#[derive(Default)]
pub(super) struct Report {
    has_failed: bool,
}

impl Report {
    /// What was seen, or what is wrong.
    pub(super) fn check(&mut self, name: &str, outcome: anyhow::Result<String>) {
        match outcome {
            Ok(seen) => console::line(format_args!("ok       {name}: {seen}")),
            Err(error) => {
                self.has_failed = true;
                console::line(format_args!("failed   {name}: {error:#}"));
            }
        }
    }

    /// A check that needs one that failed.
    pub(super) fn skip(&mut self, name: &str, needed: &str) {
        console::line(format_args!("skipped  {name}: needs {needed}"));
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        if self.has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}
