//! `sigstead ca reconcile`: what is in the CT logs under this CA's authorities, against its audit trail.

mod ct_log;
mod trail;

use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde::Serialize;
use sigstead_clock::Timestamp;
use sigstead_ct::LoggedCertificate;
use sigstead_store::Database;
use sigstead_trust::Log;

use super::call_arguments::CallArguments;
use super::http::Http;
use super::{ServiceArguments, authority};
use crate::config::Config;
use crate::console;
use crate::wire::{self, NamedAuthority, authorities};
use ct_log::{CtLogReader, Entry};
use trail::{Known, look_up};

/// `sigstead ca reconcile`.
#[derive(Debug, Args)]
pub(super) struct Reconcile {
    #[command(flatten)]
    service: ServiceArguments,
    #[command(flatten)]
    call: CallArguments,
    /// Logged at this time or later, as 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// Logged at this time or earlier.
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    /// Also show what this CA issued.
    #[arg(long)]
    all: bool,
    /// One JSON object a certificate, with the certificate.
    #[arg(long)]
    json: bool,
}

/// A certificate under one of the CA's authorities.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    time: String,
    log: String,
    index: u64,
    serial: String,
    names: Vec<String>,
    authority: String,
    trail: Known,
    certificate: String,
}

/// Reads one log after the other.
struct Comparison {
    http: Http,
    database: Database,
    authorities: Vec<NamedAuthority>,
    /// In Unix seconds, both included.
    from: i64,
    to: i64,
    shows_all: bool,
}

/// Certificates of the CA in a log.
#[derive(Default)]
struct Counts {
    all: u64,
    /// Those that it did not issue.
    strangers: u64,
    /// Entries that may be anybody's: they must not hide what comes after them.
    unreadable: u64,
}

impl Counts {
    const fn is_clean(&self) -> bool {
        self.strangers == 0 && self.unreadable == 0
    }
}

impl Reconcile {
    /// 1 if something is not this CA's, or a log could not be read.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let logs = wire::trust_material(&config.trust()?)?.ct_logs;
        ensure!(!logs.is_empty(), "the trust root names no CT log");
        let comparison = Comparison {
            http: Http::new(&self.call.config())?,
            authorities: authorities(&config.ca_authorities()?)?,
            database: wire::open_database(&config).await?,
            from: self.after.as_deref().map_or(Ok(i64::MIN), authority::time)?,
            to: self.before.as_deref().map_or(Ok(i64::MAX), authority::time)?,
            shows_all: self.all,
        };
        let (mut shown, mut is_clean) = (Vec::new(), true);
        // A log that ended before is perhaps not there any more, and clients take no later promise of it.
        let ended = |log: &&Log| log.validity.end.is_some_and(|end| end.unix_seconds() < comparison.from);
        for log in logs.iter().filter(|log| !ended(log)) {
            let counted = comparison.read(log, &mut shown).await;
            is_clean &= counted.as_ref().is_ok_and(Counts::is_clean);
            match counted {
                Ok(Counts { all, strangers, unreadable }) => console::note(format_args!(
                    "{}: {all} certificates of this CA, {strangers} of them not issued by it; {unreadable} entries cannot be read",
                    log.url
                )),
                Err(error) => console::note(format_args!("{}: {error:#}", log.url)),
            }
        }
        self.show(&shown)?;
        Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn show(&self, found: &[Found]) -> anyhow::Result<()> {
        if self.json {
            for one in found {
                console::line(serde_json::to_string(one)?);
            }
        } else if !found.is_empty() {
            console::line(table(found));
        }
        Ok(())
    }
}

impl Comparison {
    /// Counts what is under the CA's authorities, and adds what is to be shown.
    async fn read(&self, log: &Log, shown: &mut Vec<Found>) -> anyhow::Result<Counts> {
        let mut reader = CtLogReader::open(&self.http, log).await?;
        let mut counts = Counts::default();
        loop {
            let page = reader.page().await?;
            if page.is_empty() {
                return Ok(counts);
            }
            for Entry { index, logged } in page {
                let Some(logged) = logged else {
                    counts.unreadable += 1;
                    continue;
                };
                let Some(found) = self.compare(log, index, &logged).await? else { continue };
                counts.all += 1;
                counts.strangers += u64::from(!found.trail.is_ours());
                if self.shows_all || !found.trail.is_ours() {
                    shown.push(found);
                }
            }
        }
    }

    /// Nothing for certificates of others, or of other times.
    async fn compare(
        &self,
        log: &Log,
        index: u64,
        logged: &LoggedCertificate,
    ) -> anyhow::Result<Option<Found>> {
        let time = Timestamp::from_millis(logged.time_ms);
        if !(self.from..=self.to).contains(&time.unix_seconds()) {
            return Ok(None);
        }
        let signed = |one: &&NamedAuthority| {
            one.chain.first().is_some_and(|issuer| logged.certificate.verify_signed_by(issuer).is_ok())
        };
        let Some(authority) = self.authorities.iter().find(signed) else { return Ok(None) };
        let names = logged.certificate.subject_alternative_names();
        Ok(Some(Found {
            time: time.to_rfc3339(),
            log: log.url.clone(),
            index,
            serial: hex::encode(logged.certificate.serial()),
            names: names.iter().map(|name| name.value()).collect(),
            authority: authority.name.clone(),
            trail: look_up(&self.database, logged).await?,
            certificate: logged.certificate.to_pem(),
        }))
    }
}

fn table(found: &[Found]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["TIME", "TRAIL", "NAME", "AUTHORITY", "SERIAL", "LOG", "INDEX"]);
    for one in found {
        table.add_row([
            one.time.clone(),
            one.trail.text().to_owned(),
            one.names.join(" "),
            one.authority.clone(),
            one.serial.clone(),
            one.log.clone(),
            one.index.to_string(),
        ]);
    }
    table
}
