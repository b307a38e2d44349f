use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use sigstead_clock::{Clock, SystemClock, Timestamp};
use sigstead_serve::{BoundListener, Health, Limits, Tasks, admin_router, bind, install_metrics};
use sigstead_store::Database;

use super::DataArguments;
use super::client::write_documents;
use super::up_report::Report;
use crate::config::{Config, GeneratedConfig, PerService, ports, write_generated};
use crate::data_dir::{DataDir, write_atomically};
use crate::dev_issuer::{DevIssuer, issuers_yaml};
use crate::provision::{self, OwnKeys};
use crate::wire::{self, Ground};
use crate::{console, shutdown};

/// `sigstead up`.
#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    data: DataArguments,
    /// The address that every service listens on; the development issuer wants a loopback one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// Postgres instead of SQLite in the data directory, as postgres://user@host/database.
    #[arg(long, env = "SIGSTEAD_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// When ready, print one line of JSON with every URL and file instead of the table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    ports: Ports,
}

/// Port 0 lets the system choose.
#[derive(Debug, Args)]
struct Ports {
    /// Certificate authority.
    #[arg(long, default_value_t = ports::CA)]
    ca_port: u16,
    /// Transparency log.
    #[arg(long, default_value_t = ports::LOG)]
    log_port: u16,
    /// Timestamp authority.
    #[arg(long, default_value_t = ports::TSA)]
    tsa_port: u16,
    /// Certificate-transparency log.
    #[arg(long, default_value_t = ports::CT)]
    ct_port: u16,
    /// Trust root.
    #[arg(long, default_value_t = ports::TRUST)]
    trust_port: u16,
    /// Development issuer.
    #[arg(long, default_value_t = ports::DEV_ISSUER)]
    issuer_port: u16,
    /// Metrics and health.
    #[arg(long, default_value_t = ports::ADMIN)]
    admin_port: u16,
}

/// Every port of `up`, taken before anything is made or opened.
struct Listeners {
    ca: BoundListener,
    log: BoundListener,
    tsa: BoundListener,
    ct: BoundListener,
    trust: BoundListener,
    issuer: BoundListener,
    admin: BoundListener,
}

impl Up {
    /// Starts everything, says so, and waits for Ctrl-C.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let data = DataDir::open(&self.data.data)?;
        refuse_other_config(&data)?;
        let listeners = self.bind().await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let since = provision::services(&data, clock.as_ref()).await?;
        let own_keys = provision::own(&data)?;
        let config = self.write_config(&data, &listeners, since)?;
        let tasks = Tasks::new();
        let database = wire::serve_database(&config).await?;
        self.serve(listeners, &config, own_keys, &database, &tasks).await?;
        let report = Report::new(&data, &config)?;
        console::line(if self.json { report.json()? } else { report.table() });
        shutdown::wait_and_finish(&tasks, Some(&database)).await?;
        Ok(ExitCode::SUCCESS)
    }

    async fn bind(&self) -> anyhow::Result<Listeners> {
        let Ports { ca_port, log_port, tsa_port, ct_port, trust_port, issuer_port, admin_port } = self.ports;
        let at = |port| SocketAddr::new(self.listen, port);
        Ok(Listeners {
            ca: bind("the certificate authority (--ca-port)", at(ca_port)).await?,
            log: bind("the log (--log-port)", at(log_port)).await?,
            tsa: bind("the timestamp authority (--tsa-port)", at(tsa_port)).await?,
            ct: bind("the CT log (--ct-port)", at(ct_port)).await?,
            trust: bind("the trust root (--trust-port)", at(trust_port)).await?,
            issuer: bind("the development issuer (--issuer-port)", at(issuer_port)).await?,
            admin: bind("metrics and health (--admin-port)", at(admin_port)).await?,
        })
    }

    /// Writes the files that this run is configured by, and reads them back as any service would.
    fn write_config(
        &self,
        data: &DataDir,
        listeners: &Listeners,
        since: Timestamp,
    ) -> anyhow::Result<Config> {
        let issuer = format!("http://{}", listeners.issuer.local_addr());
        let host = self.listen.to_string();
        write_atomically(&data.file("issuers.yaml"), issuers_yaml(&issuer, &host).as_bytes(), 0o600)?;
        let per_service = |of: fn(&BoundListener) -> String| PerService {
            ca: of(&listeners.ca),
            tsa: of(&listeners.tsa),
            log: of(&listeners.log),
            ct: of(&listeners.ct),
            trust: of(&listeners.trust),
        };
        let file = data.file("sigstead.toml");
        write_generated(
            &file,
            &GeneratedConfig {
                header: HEADER,
                database: &self.database_reference(data)?,
                admin: listeners.admin.local_addr().to_string(),
                host,
                listen: per_service(|listener| listener.local_addr().to_string()),
                urls: per_service(BoundListener::url),
                oidc_url: issuer,
                log_since: since,
                ct_since: since,
                tuf_root: None,
            },
            0o600,
        )?;
        Config::load(&file, &[])
    }

    /// What stands in the configuration for the database; a URL goes to a file of its own, it may hold a password.
    fn database_reference(&self, data: &DataDir) -> anyhow::Result<String> {
        match &self.database {
            None => Ok("sqlite:sigstead.db".to_owned()),
            Some(url) => {
                write_atomically(&data.file("database.url"), url.as_bytes(), 0o600)?;
                Ok("file:database.url".to_owned())
            }
        }
    }

    /// Starts every service.
    async fn serve(
        &self,
        listeners: Listeners,
        config: &Config,
        own_keys: OwnKeys,
        database: &Database,
        tasks: &Tasks,
    ) -> anyhow::Result<()> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let health = Health::new();
        let limits = Limits::default();
        let metrics = install_metrics(tasks).context("the metrics recorder")?;
        wire::tell_version(&["ca", "log", "tsa"]);
        let ground = Ground {
            clock: Arc::clone(&clock),
            tasks: tasks.clone(),
            health: health.clone(),
            guard: config.guard(),
            limits: config.trees()?,
        };
        let issuer_address = listeners.issuer.local_addr();
        let issuer = DevIssuer::new(issuer_address, own_keys.issuer, own_keys.issuer_secret, clock)?;
        listeners.issuer.serve(issuer.router(), &limits, tasks);
        let of = |section| wire::limits(config, section);
        let ct = wire::ct(&config.ct()?, database, &ground).await?;
        let own_ct = wire::OwnCtLog { url: listeners.ct.url(), routes: ct.clone() };
        listeners.ct.serve(ct, &of("ct")?, tasks);
        let ca = wire::ca(&config.ca()?, Some(&own_ct), database, &ground).await?;
        listeners.ca.serve(ca, &of("ca")?, tasks);
        listeners.log.serve(wire::log(config, database, &ground).await?, &of("log")?, tasks);
        listeners.tsa.serve(wire::tsa(&config.tsa()?, &ground).await?, &of("tsa")?, tasks);
        let folder = config.folder().to_owned();
        let documents =
            wire::trust(config.trust()?, move |documents| write_documents(&folder, documents), tasks)?;
        let trust = wire::trust_router(config, documents, own_keys.tuf_root, &ground).await?;
        listeners.trust.serve(trust, &of("trust")?, tasks);
        let operations = wire::ca_operations(&config.ca()?, database);
        listeners.admin.serve(admin_router(health, metrics).merge(operations), &limits, tasks);
        Ok(())
    }
}

/// What `sigstead init` wrote, or a person, is not ours to write over.
fn refuse_other_config(data: &DataDir) -> anyhow::Result<()> {
    let file = data.file("sigstead.toml");
    if std::fs::read_to_string(&file).is_ok_and(|text| !text.contains(HEADER)) {
        bail!(
            "{} was not written by `sigstead up`, which would write over it\n  hint: give this one a directory of its own with --data",
            file.display()
        );
    }
    Ok(())
}

/// The first line of the configuration.
const HEADER: &str = "Written by `sigstead up` at every start. Copy it before you change it.";
