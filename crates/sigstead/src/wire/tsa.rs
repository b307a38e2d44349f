use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use sigstead_tsa::{TimestampAuthority, TsaConfig as Parts};

use super::{Ground, keys};
use crate::config::TsaConfig;

/// The timestamp authority's routes.
pub(crate) fn tsa(config: &TsaConfig, ground: &Ground) -> anyhow::Result<Router> {
    let authority = TimestampAuthority::new(Parts {
        signer: keys::signer(&config.key)?,
        chain: keys::chain(&config.chain)?,
        clock: Arc::clone(&ground.clock),
        terms: config.terms.clone(),
        time_sources: config.time_sources.clone(),
    })
    .with_context(|| format!("the timestamp authority of {}", config.chain.display()))?;
    let authority = Arc::new(authority);
    if config.time_sources.is_some() {
        let watching = Arc::clone(&authority).watch_clock(ground.tasks.shutdown().clone());
        ground.tasks.spawn(watching);
        let watched = Arc::clone(&authority);
        ground.health.add("tsa-clock", move || {
            let doubt = watched.clock_doubt();
            async move { doubt.map_or(Ok(()), Err) }
        });
    }
    Ok(sigstead_tsa::router(authority))
}

/// Whether the files that `[tsa]` names can be used.
pub(crate) fn check_tsa(config: &TsaConfig) -> anyhow::Result<()> {
    keys::check_key(&config.key)?;
    keys::chain(&config.chain).map(drop)
}
