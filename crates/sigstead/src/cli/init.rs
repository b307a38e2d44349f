use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use sigstead_clock::{Clock as _, SystemClock, Timestamp};
use url::Url;

use super::ServiceArguments;
use super::check::ConfigCommand;
use crate::config::{GeneratedConfig, PerService, ports, write_generated};
use crate::console;
use crate::data_dir::{DataDir, write_atomically};
use crate::provision;

/// `sigstead init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The folder for the configuration and certificates, and in `keys` all that is secret.
    #[arg(long, env = "SIGSTEAD_DATA", default_value = "sigstead-data")]
    data: PathBuf,
    /// Clients reach the services over https at ca.DOMAIN, tsa.DOMAIN, log.DOMAIN, ct.DOMAIN and trust.DOMAIN,
    /// unless their own flags say otherwise.
    #[arg(long)]
    domain: Option<String>,
    #[command(flatten)]
    urls: Urls,
    /// Make no certificates for the CA and the TSA: `sigstead ca init` and `tsa init` ask the organization's own CA.
    #[arg(long)]
    no_authorities: bool,
    /// The OpenID Connect issuer that says who is who, by verified e-mail addresses; more and other ones are
    /// written into `issuers.yaml`.
    #[arg(long, value_name = "URL", value_parser = issuer_url)]
    issuer: String,
    /// Whom the issuer's tokens are for.
    #[arg(long, default_value = "sigstore")]
    client_id: String,
    /// Postgres, as postgres://user@host/database, or what holds that: file:PATH or env:NAME.
    #[arg(long, value_name = "URL")]
    database: String,
    /// The address that every service listens on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
}

/// Where clients reach the services.
#[derive(Debug, Args)]
struct Urls {
    /// Certificate authority.
    #[arg(long, value_name = "URL", value_parser = service_url)]
    ca_url: Option<String>,
    /// Timestamp authority, without /api/v1/timestamp.
    #[arg(long, value_name = "URL", value_parser = service_url)]
    tsa_url: Option<String>,
    /// Transparency log.
    #[arg(long, value_name = "URL", value_parser = service_url)]
    log_url: Option<String>,
    /// Certificate-transparency log.
    #[arg(long, value_name = "URL", value_parser = service_url)]
    ct_url: Option<String>,
    /// Trust root.
    #[arg(long, value_name = "URL", value_parser = service_url)]
    trust_url: Option<String>,
}

impl Init {
    /// Makes everything that is missing, says what, and checks it as `sigstead config check` does.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let data = DataDir::open_for_services(&self.data)?;
        let file = data.file("sigstead.toml");
        if file.exists() {
            bail!(
                "{} is there already\n  hint: edit it, or move it away to have it written anew; keys are kept",
                file.display()
            );
        }
        let urls = self.urls()?;
        let host = Url::parse(&urls.log)?.host_str().context("the log's URL has no host")?.to_owned();
        let since = self.provision(&data).await?;
        self.write_issuers(&data)?;
        let config = GeneratedConfig {
            header: HEADER,
            database: &self.database_reference(&data)?,
            admin: self.at(ports::ADMIN),
            host,
            listen: PerService {
                ca: self.at(ports::CA),
                tsa: self.at(ports::TSA),
                log: self.at(ports::LOG),
                ct: self.at(ports::CT),
                trust: self.at(ports::TRUST),
            },
            urls,
            oidc_url: self.issuer.clone(),
            log_since: since,
            ct_since: since,
            tuf_root: Some(provision::TUF_ROOT),
        };
        write_generated(&file, &config, PUBLIC)?;
        if self.no_authorities {
            let config = file.display();
            console::line(format_args!(
                "{config} is written; take {} away; next, and the same with tsa:\n  \
                 sigstead ca init --config {config} --name ca --csr ca.csr",
                data.file("keys/tuf-root.key").display()
            ));
            return Ok(ExitCode::SUCCESS);
        }
        console::line(format_args!("{} is written:", file.display()));
        let code =
            ConfigCommand::Check(ServiceArguments { config: file, overrides: Vec::new() }).run().await?;
        console::line(format_args!(
            "clients start from {}; take {} away, nothing that runs needs them",
            data.file(provision::TUF_ROOT).display(),
            data.file("keys/*-root.key").display()
        ));
        Ok(code)
    }

    /// Makes keys; what they sign counts from the returned time.
    async fn provision(&self, data: &DataDir) -> anyhow::Result<Timestamp> {
        provision::tuf(data, &SystemClock).await?;
        if self.no_authorities {
            provision::logs(data)?;
            return Ok(SystemClock.now());
        }
        provision::services(data, &SystemClock).await
    }

    fn at(&self, port: u16) -> String {
        SocketAddr::new(self.listen, port).to_string()
    }

    fn urls(&self) -> anyhow::Result<PerService> {
        let url = |own: &Option<String>, name: &str| match (own, &self.domain) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(domain)) => {
                service_url(&format!("https://{name}.{domain}")).map_err(anyhow::Error::msg)
            }
            (None, None) => bail!("where do clients reach it? Give --domain, or --{name}-url"),
        };
        Ok(PerService {
            ca: url(&self.urls.ca_url, "ca")?,
            tsa: url(&self.urls.tsa_url, "tsa")?,
            log: url(&self.urls.log_url, "log")?,
            ct: url(&self.urls.ct_url, "ct")?,
            trust: url(&self.urls.trust_url, "trust")?,
        })
    }

    /// Issuers that are configured already stay.
    fn write_issuers(&self, data: &DataDir) -> anyhow::Result<()> {
        let file = data.file("issuers.yaml");
        if file.exists() {
            return Ok(());
        }
        // Text in JSON's quotes is text in YAML, whatever it holds.
        let (url, client_id) = (serde_json::json!(self.issuer), serde_json::json!(self.client_id));
        let text = format!(
            "# {HEADER} Fulcio's issuer configuration, as it is.\noidc-issuers:\n  {url}:\n    \
             issuer-url: {url}\n    client-id: {client_id}\n    type: email\n"
        );
        write_atomically(&file, text.as_bytes(), PUBLIC)
    }

    /// What stands in the configuration for the database; a URL goes to the secrets, it may hold a password.
    fn database_reference(&self, data: &DataDir) -> anyhow::Result<String> {
        match self.database.split_once(':') {
            Some(("file" | "env", _)) => Ok(self.database.clone()),
            Some(("postgres" | "postgresql", _)) => {
                write_atomically(&data.file("keys/database.url"), self.database.as_bytes(), 0o600)?;
                Ok("file:keys/database.url".to_owned())
            }
            _ => bail!(
                "--database: write postgres://…, file:PATH or env:NAME; services that run alone share Postgres"
            ),
        }
    }
}

/// An absolute URL without slash at the end, to which paths can be added.
fn service_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let is_usable = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !is_usable {
        return Err("write an http or https URL with nothing but host, port and path".to_owned());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Issuers are compared letter by letter with what tokens say: a slash at the end counts.
fn issuer_url(text: &str) -> Result<String, String> {
    let url = service_url(text)?;
    Ok(if text.ends_with('/') { url + "/" } else { url })
}

/// The first line of what is written.
const HEADER: &str = "Written by `sigstead init`, once; it is yours to change.";
/// Everyone may read what clients are told.
const PUBLIC: u32 = 0o644;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_keeps_its_slash() {
        assert_eq!(issuer_url("https://login.example.org/").unwrap(), "https://login.example.org/");
        assert_eq!(issuer_url("https://login.example.org").unwrap(), "https://login.example.org");
    }

    #[test]
    fn urls_take_paths() {
        assert_eq!(service_url("https://Log.example.org/").unwrap(), "https://log.example.org");
        assert_eq!(service_url("http://127.0.0.1:3000").unwrap(), "http://127.0.0.1:3000");
        assert_eq!(service_url("https://example.org/ct/2026/").unwrap(), "https://example.org/ct/2026");
        for refused in [
            "log.example.org",
            "ftp://a.example",
            "https://u:p@a.example",
            "https://a.example/?q=\"",
            "https:",
        ] {
            assert!(service_url(refused).is_err(), "{refused}");
        }
    }
}
