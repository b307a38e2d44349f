use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde::Deserialize;

use super::call_arguments::CallArguments;
use crate::config::Config;
use crate::{console, wire};

/// `sigstead log search`. Values of one option are alternatives; every option must be met.
#[derive(Debug, Args)]
pub(super) struct Search {
    /// The log's URL, instead of the configuration's.
    #[arg(long)]
    url: Option<String>,
    /// The configuration file; by default that of `sigstead up`.
    #[arg(long, short, env = "SIGSTEAD_CONFIG", default_value = "sigstead-data/sigstead.toml")]
    config: PathBuf,
    #[command(flatten)]
    call: CallArguments,
    /// A container image, as REPOSITORY@sha256:HEX: its attestations, and its signatures without annotations.
    #[arg(long, value_name = "IMAGE")]
    image: Vec<String>,
    /// A digest that was signed, or is the subject of a signed statement.
    #[arg(long, value_name = "ALGORITHM:HEX")]
    digest: Vec<String>,
    /// Who signed: an e-mail address, a URI or a host name in the certificate.
    #[arg(long, visible_alias = "email", value_name = "NAME")]
    subject: Vec<String>,
    /// The identity provider that the certificate names.
    #[arg(long, value_name = "URL")]
    issuer: Vec<String>,
    /// The source repository that the certificate names.
    #[arg(long, value_name = "URL")]
    repository: Vec<String>,
    /// A file with the key as it was logged (PEM of a key or certificate, armored OpenPGP, minisign, OpenSSH, a TUF root),
    /// or the hex SHA-256 of its SubjectPublicKeyInfo.
    #[arg(long, value_name = "FILE|HEX")]
    key: Vec<String>,
    /// The kind of entry.
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Any parameter of /api/search, such as `subject.contains=@example.org` or `predicateType.prefix=https://slsa.dev`.
    #[arg(long = "where", value_name = "NAME=VALUE")]
    conditions: Vec<String>,
    /// Logged at this time or later, as 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// Logged at this time or earlier.
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    /// Oldest first.
    #[arg(long)]
    oldest: bool,
    /// Most entries to show.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Only say how many there are.
    #[arg(long)]
    count: bool,
    /// The answers as JSON, one entry a line.
    #[arg(long)]
    json: bool,
}

/// Entries on a page; more are fetched page by page.
const PAGE: usize = 500;

#[derive(Deserialize)]
struct Page {
    entries: Vec<serde_json::Value>,
    cursor: Option<String>,
    count: Option<u64>,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl Search {
    /// Shows what is found; 1 if nothing is, as grep does.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let url = match &self.url {
            Some(url) => url.clone(),
            None => {
                Config::load(&self.config, &[])?
                    .trust()?
                    .log
                    .context("the configuration names no log.url")?
                    .url
            }
        };
        let endpoint = format!("{}/api/search", url.trim_end_matches('/'));
        let client = self.client()?;
        let mut parameters = self.parameters()?;
        if self.count {
            parameters
                .extend([("count".to_owned(), "true".to_owned()), ("limit".to_owned(), "1".to_owned())]);
            let count = fetch(&client, &endpoint, &parameters).await?.count.unwrap_or_default();
            console::value(&count.to_string());
            return Ok(exit_code(count > 0));
        }
        let entries = self.pages(&client, &endpoint, parameters).await?;
        let is_any = !entries.is_empty();
        if self.json {
            entries.iter().for_each(console::line);
        } else {
            console::line(table(&entries));
        }
        Ok(exit_code(is_any))
    }

    fn client(&self) -> anyhow::Result<reqwest::Client> {
        Ok(wire::http_client(&self.call.config())?.build()?)
    }

    fn parameters(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut parameters = Vec::new();
        let named = [
            ("image", &self.image),
            ("digest", &self.digest),
            ("subject", &self.subject),
            ("issuer", &self.issuer),
            ("repository", &self.repository),
            ("kind", &self.kind),
        ];
        for (name, values) in named {
            parameters.extend(values.iter().map(|value| (name.to_owned(), value.clone())));
        }
        for key in &self.key {
            let is_fingerprint = key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
            let value = match is_fingerprint {
                true => key.clone(),
                false => {
                    std::fs::read_to_string(key).with_context(|| format!("cannot read the key {key}"))?
                }
            };
            parameters.push(("key".to_owned(), value));
        }
        for condition in &self.conditions {
            let (name, value) = condition
                .split_once('=')
                .with_context(|| format!("--where {condition}: expected NAME=VALUE"))?;
            parameters.push((name.to_owned(), value.to_owned()));
        }
        let times = [("after", &self.after), ("before", &self.before)];
        parameters
            .extend(times.into_iter().filter_map(|(name, time)| Some((name.to_owned(), time.clone()?))));
        if self.oldest {
            parameters.push(("order".to_owned(), "oldest".to_owned()));
        }
        Ok(parameters)
    }

    async fn pages(
        &self,
        client: &reqwest::Client,
        endpoint: &str,
        parameters: Vec<(String, String)>,
    ) -> anyhow::Result<Vec<serde_json::Value>> {
        let mut entries = Vec::new();
        let mut cursor = None;
        while entries.len() < self.limit {
            let mut page = parameters.clone();
            page.push(("limit".to_owned(), PAGE.min(self.limit - entries.len()).to_string()));
            page.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor)));
            let found = fetch(client, endpoint, &page).await?;
            entries.extend(found.entries);
            cursor = found.cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(entries)
    }
}

async fn fetch(
    client: &reqwest::Client,
    endpoint: &str,
    parameters: &[(String, String)],
) -> anyhow::Result<Page> {
    let mut url = url::Url::parse(endpoint).with_context(|| format!("{endpoint} is not a URL"))?;
    url.query_pairs_mut().extend_pairs(parameters);
    let answer = client.get(url).send().await.with_context(|| format!("{endpoint} was not reached"))?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        let refusal: Option<Refusal> = serde_json::from_str(&text).ok();
        bail!(
            "{}",
            refusal.map_or_else(|| format!("{endpoint} answered {status}"), |refusal| refusal.message)
        );
    }
    serde_json::from_str(&text).with_context(|| format!("{endpoint} is not a log's search"))
}

fn table(entries: &[serde_json::Value]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["TIME", "LOG", "INDEX", "KIND", "UUID"]);
    for entry in entries {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        table.add_row([text("time"), text("log"), entry["logIndex"].to_string(), text("kind"), text("uuid")]);
    }
    table
}

fn exit_code(is_any: bool) -> ExitCode {
    if is_any { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
