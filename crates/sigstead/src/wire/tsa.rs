use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use sigstead_tsa::{TimestampAuthority, TsaConfig as Parts};

use super::authorities::{authorities, signing_keys};
use super::followed::Followed;
use super::{Ground, expiry};
use crate::config::{Config, TsaConfig};

/// The timestamp authority's routes.
pub(crate) async fn tsa(config: &TsaConfig, ground: &Ground) -> anyhow::Result<Router> {
    let named = authorities(&config.authorities)?;
    let authority = TimestampAuthority::new(Parts {
        keys: signing_keys(&named, ground.now()).await?,
        clock: Arc::clone(&ground.clock),
        terms: config.terms.clone(),
        time_sources: config.time_sources.clone(),
    })
    .context("the timestamp authority")?;
    let authority = Arc::new(authority);
    let expiry = expiry::watch("tsa", &named, ground);
    let (source, replaced, at) = (config.authorities.clone(), Arc::clone(&authority), ground.clone());
    Followed::new("tsa-authorities", named).follow(
        move || authorities(&source),
        move |named| {
            let (replaced, expiry, now) = (Arc::clone(&replaced), expiry.clone(), at.now());
            async move {
                replaced.replace(signing_keys(&named, now).await?)?;
                expiry.replace(&named);
                Ok(())
            }
        },
        &ground.tasks,
    );
    watch_clock(&authority, ground);
    let signing = Arc::clone(&authority);
    ground.watch_authorities("tsa-authorities", move || signing.signs());
    Ok(sigstead_tsa::router(authority))
}

/// A clock that stops the authority makes it unready; one that is doubted is a warning in any case.
fn watch_clock(authority: &Arc<TimestampAuthority>, ground: &Ground) {
    ground.tasks.spawn(Arc::clone(authority).watch_clock(ground.tasks.shutdown().clone()));
    let (refusing, doubting) = (Arc::clone(authority), Arc::clone(authority));
    ground.health.add("tsa-clock", move || std::future::ready(refusing.clock_refusal().map_or(Ok(()), Err)));
    ground.health.add_warning("tsa-clock", move || doubting.clock_doubt());
}

/// Whether the files that `[tsa]` names can be used.
pub(crate) async fn check_tsa(config: &Config, now: i64) -> anyhow::Result<()> {
    let keys = signing_keys(&authorities(&config.tsa()?.authorities)?, now).await?;
    Ok(TimestampAuthority::check(keys, now)?)
}
