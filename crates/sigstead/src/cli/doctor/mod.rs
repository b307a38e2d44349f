//! Signs a probe as a client does, through the URLs and with the trust that the configuration publishes.

mod certificate;
mod log;
mod probe;
mod proof;
mod report;
mod repository;
mod timestamp;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_trust::TrustMaterial;
use sigstead_trust::lint::{first_error, lint};

use super::call_arguments::CallArguments;
use super::client::Instance;
use super::http::Http;
use crate::config::TrustConfig;
use crate::wire;
use probe::Probe;
use report::Report;

/// `sigstead doctor`.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    instance: Instance,
    /// A file with an identity token; without one, the development issuer of `sigstead up` is asked.
    #[arg(long, value_name = "FILE")]
    identity_token: Option<PathBuf>,
    #[command(flatten)]
    call: CallArguments,
}

impl Doctor {
    /// 1 if a check failed.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let (dir, config) = self.instance.load()?;
        let material = wire::trust_material(&config)?;
        let http = Http::new(&self.call.config())?;
        let mut report = Report::default();
        report.check("trust root", check_documents(&config));
        if let Some((url, root)) = &config.mirror {
            report.check("tuf", repository::check(&self.call.config(), url, root).await);
        }
        let mut probe = Probe::new()?;
        if let Some((url, _)) = &config.ca {
            let token = match &self.identity_token {
                Some(file) => token::from_file(file),
                None => token::of_development(&dir, &config).await,
            };
            certificate::check(&http, url, token, &material, &mut probe, &mut report).await;
        }
        check_logs(&http, &config, &material, &probe, &mut report).await;
        if let Some((url, _)) = &config.tsa {
            report.check("tsa", timestamp::check(&http, url, &material, &probe).await);
        }
        Ok(report.exit_code())
    }
}

async fn check_logs(
    http: &Http,
    config: &TrustConfig,
    material: &TrustMaterial,
    probe: &Probe,
    report: &mut Report,
) {
    if let Some(trusted) = &config.log {
        log::check_v1(http, &trusted.url, &material.logs, probe, report).await;
    }
    if let Some(trusted) = &config.log_v2 {
        let origin = trusted.origin.as_deref().unwrap_or_default();
        report.check("log v2", log::check_v2(http, &trusted.url, origin, &material.v2_logs, probe).await);
    }
}

/// What clients would refuse of the documents, before anything is asked.
fn check_documents(config: &TrustConfig) -> anyhow::Result<String> {
    let documents = wire::trust_documents(config)?;
    for (name, media_type, content) in documents.files() {
        if media_type != "application/json" {
            continue;
        }
        let (_, findings) = lint(content, SystemClock.now())?;
        if let Some(error) = first_error(&findings) {
            bail!("{name}: {}: {}\n  hint: `sigstead trust lint` tells everything", error.path, error.found);
        }
    }
    Ok("clients read every document".to_owned())
}
