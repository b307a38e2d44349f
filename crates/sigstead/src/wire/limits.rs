use sigstead_serve::{ClientRate, Limits};

use super::tls::error_shape;
use crate::config::Config;

/// What the listener of a section's service allows.
pub(crate) fn limits(config: &Config, section: &str) -> anyhow::Result<Limits> {
    let trusted_proxies = config.trusted_proxies()?;
    let client = config.client_rate()?.map(|rate| ClientRate {
        rate,
        trusted_proxies,
        error_shape: error_shape(section),
    });
    Ok(Limits { client, ..Limits::default() })
}
