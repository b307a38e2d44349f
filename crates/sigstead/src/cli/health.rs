use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use super::ServiceArguments;
use crate::config::Config;
use crate::console;

/// Longer than the service lets its own checks take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks a running service on its admin port whether it is ready: for containers that hold no other program.
pub(super) async fn health(arguments: &ServiceArguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config, &arguments.overrides)?;
    let address = match config.tls("admin")? {
        None => config.admin_listen()?.context("admin.listen is missing: nothing tells of health")?,
        Some(tls) => tls.open_listen.context("the admin port speaks TLS: set admin.tls.open_listen")?,
    };
    let url = format!("http://{}/readyz", reachable(address));
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let answer = client.get(&url).send().await.with_context(|| format!("{url} does not answer"))?;
    let is_ready = answer.status().is_success();
    console::line(answer.text().await?.trim());
    Ok(if is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Who listens on every address is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
