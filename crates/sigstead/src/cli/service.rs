use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use sigstead_clock::{Clock, SystemClock};
use sigstead_serve::{BoundListener, Health, Limits, Tasks, admin_router, bind, install_metrics, only_paths};

use super::ServiceArguments;
use crate::config::{Config, TlsConfig};
use crate::wire::{self, Ground};
use crate::{console, shutdown};

/// The services that run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Ca,
    Tsa,
    Log,
    Ct,
    Trust,
}

impl Service {
    /// Its section in the configuration.
    const fn section(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Tsa => "tsa",
            Self::Log => "log",
            Self::Ct => "ct",
            Self::Trust => "trust",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ca => "the certificate authority",
            Self::Tsa => "the timestamp authority",
            Self::Log => "the log",
            Self::Ct => "the CT log",
            Self::Trust => "the trust root",
        }
    }
}

/// Runs one service from its configuration until it is told to stop.
pub(super) async fn start(service: Service, arguments: &ServiceArguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config, &arguments.overrides)?;
    let tasks = Tasks::new();
    let metrics = install_metrics(&tasks)?;
    wire::tell_version(&[service.section()]);
    let health = Health::new();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let listen = listen_address(service, &config)?;
    let tls = wire::tls(&config, service.section(), Arc::clone(&clock))?;
    let bound = bind(service.name(), listen).await?.with_tls(tls);
    let ready = format!("{} listens on {}", service.name(), bound.url());
    let ground = Ground {
        clock,
        tasks: tasks.clone(),
        health: health.clone(),
        guard: config.guard(),
        limits: config.trees()?,
    };
    let mut opened = None;
    let router = match service {
        Service::Ca => {
            wire::ca(&config.ca()?, None, opened.insert(wire::serve_database(&config).await?), &ground)
                .await?
        }
        Service::Tsa => wire::tsa(&config.tsa()?, &ground).await?,
        Service::Log => {
            wire::log(&config, opened.insert(wire::serve_database(&config).await?), &ground).await?
        }
        Service::Ct => {
            wire::ct(&config.ct()?, opened.insert(wire::serve_database(&config).await?), &ground).await?
        }
        Service::Trust => {
            let documents = wire::trust(config.trust()?, |_| Ok(()), &tasks)?;
            wire::trust_router(&config, documents, None, &ground).await?
        }
    };
    serve(bound, router, service.section(), &config, &tasks).await?;
    let operations = match (service, &opened) {
        (Service::Ca, Some(database)) => wire::ca_operations(&config.ca()?, database),
        _ => Router::new(),
    };
    serve_admin(&config, admin_router(health, metrics).merge(operations), &ground).await?;
    console::line(ready);
    shutdown::wait_and_finish(&tasks, opened.as_ref()).await?;
    Ok(ExitCode::SUCCESS)
}

fn listen_address(service: Service, config: &Config) -> anyhow::Result<SocketAddr> {
    Ok(match service {
        Service::Ca => config.ca()?.listen,
        Service::Tsa => config.tsa()?.listen,
        Service::Log => config.log()?.listen,
        Service::Ct => config.ct()?.listen,
        Service::Trust => config.trust()?.listen,
    })
}

async fn serve_admin(config: &Config, router: Router, ground: &Ground) -> anyhow::Result<()> {
    if let Some(address) = config.admin_listen()? {
        let tls = wire::tls(config, "admin", Arc::clone(&ground.clock))?;
        let bound = bind("metrics and health", address).await?.with_tls(tls);
        serve(bound, router, "admin", config, &ground.tasks).await?;
    }
    Ok(())
}

/// Answers on the section's port, and for its open paths on another one if it names one.
async fn serve(
    bound: BoundListener,
    router: Router,
    section: &str,
    config: &Config,
    tasks: &Tasks,
) -> anyhow::Result<()> {
    if let Some(TlsConfig { open_listen: Some(address), open_paths, .. }) = config.tls(section)? {
        let open = bind("the open paths (open_listen)", address).await?;
        open.serve(only_paths(router.clone(), &open_paths), &Limits::default(), tasks);
    }
    // What watches the process is never turned away.
    let limits = if section == "admin" { Limits::default() } else { wire::limits(config, section)? };
    bound.serve(router, &limits, tasks);
    Ok(())
}
