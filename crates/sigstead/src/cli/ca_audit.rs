use std::process::ExitCode;

use clap::Args;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use sigstead_ca::{AuditQuery, AuditRecord};

use super::ServiceArguments;
use crate::config::Config;
use crate::{console, wire};

/// `sigstead ca audit`. Every option must be met; the newest come first.
#[derive(Debug, Args)]
pub(super) struct CaAudit {
    #[command(flatten)]
    service: ServiceArguments,
    /// The serial number, in hex.
    #[arg(long, value_name = "HEX")]
    serial: Option<String>,
    /// The certificate's name, as it is: an e-mail address, a URI.
    #[arg(long, value_name = "NAME")]
    san: Option<String>,
    /// How the name begins.
    #[arg(long, value_name = "TEXT", conflicts_with = "san")]
    san_prefix: Option<String>,
    /// The identity provider.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// `issued`, `failed`, `denied` by the policy, or `open` for what has no outcome.
    #[arg(long)]
    outcome: Option<String>,
    /// At this time or later, as 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// At this time or earlier.
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    /// Most lines to show.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Everything that is recorded, as JSON, one issuance a line.
    #[arg(long)]
    json: bool,
}

/// Lines that are read at once.
const PAGE: usize = 500;

impl CaAudit {
    /// Shows what is found; 1 if nothing is, as grep does.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let database = wire::open_database(&config).await?;
        let (mut found, mut cursor) = (Vec::new(), None);
        while found.len() < self.limit {
            let limit = PAGE.min(self.limit - found.len()).to_string();
            let turn = [("limit", Some(limit)), ("cursor", cursor)];
            let page = AuditQuery::parse(given(self.conditions().into_iter().chain(turn)))?;
            let page = page.page(&database).await?;
            found.extend(page.issuances);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        match self.json {
            true => found.iter().try_for_each(|record| {
                console::line(serde_json::to_string(record)?);
                anyhow::Ok(())
            })?,
            false => console::line(table(&found)),
        }
        Ok(if found.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn conditions(&self) -> [(&'static str, Option<String>); 7] {
        [
            ("serial", self.serial.clone()),
            ("san", self.san.clone()),
            ("san.prefix", self.san_prefix.clone()),
            ("issuer", self.issuer.clone()),
            ("outcome", self.outcome.clone()),
            ("after", self.after.clone()),
            ("before", self.before.clone()),
        ]
    }
}

fn given(
    parameters: impl Iterator<Item = (&'static str, Option<String>)>,
) -> impl Iterator<Item = (&'static str, String)> {
    parameters.filter_map(|(name, value)| Some((name, value?)))
}

fn table(found: &[AuditRecord]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["TIME", "OUTCOME", "NAME", "ISSUER", "SERIAL"]);
    for record in found {
        table.add_row([&record.time, record.outcome, &record.san, &record.issuer, &record.serial]);
    }
    table
}
