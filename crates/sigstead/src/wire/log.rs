use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use sigstead_crypto::note::NoteSigner;
use sigstead_log::{RekorConfig, RekorLimits, RekorLog, Shard};
use sigstead_log::{RekorV2, RekorV2Config, RekorV2Limits};
use sigstead_store::Database;
use sigstead_tlog::Publisher;

use super::{Ground, keys};
use crate::config::{Config, LogConfig, LogV2Config};

/// The transparency log's routes, v1 and, if it is configured, v2; their trees are made if there are none.
pub(crate) async fn log(config: &Config, database: &Database, ground: &Ground) -> anyhow::Result<Router> {
    let v1 = v1(&config.log()?, database, ground).await?;
    ground.watch_database("log-database", database);
    match config.log_v2()? {
        Some(v2_config) => Ok(v1.merge(v2(v2_config, database, ground).await?)),
        None => Ok(v1),
    }
}

async fn v1(config: &LogConfig, database: &Database, ground: &Ground) -> anyhow::Result<Router> {
    let signer = keys::signer(&config.key)?;
    let tree = sigstead_log::open_active_tree(database, &config.hostname, ground.clock.as_ref()).await?;
    let publisher = Publisher::Checkpoint(NoteSigner::rekor_v1(config.hostname.clone(), Arc::clone(&signer)));
    let log = ground.start_log(database, tree, publisher).await.context("the transparency log")?;
    let rekor = RekorLog::new(RekorConfig {
        active: Shard { log, signer },
        inactive: Vec::new(),
        database: database.clone(),
        limits: RekorLimits::default(),
    })
    .await?;
    rekor.seed_genesis().await.context("the log's first entry")?;
    Ok(sigstead_log::router(Arc::new(rekor)))
}

async fn v2(config: LogV2Config, database: &Database, ground: &Ground) -> anyhow::Result<Router> {
    let LogV2Config { key, origin, dsse, duplicates, algorithms } = config;
    let tree = sigstead_log::open_active_v2_tree(database, &origin, ground.clock.as_ref()).await?;
    let signer = NoteSigner::rekor_v2(tree.origin.clone(), keys::signer(&key)?);
    let log_id = signer.full_key_hash();
    let log = ground.start_log(database, tree, Publisher::Checkpoint(signer)).await;
    let log = log.context("the transparency log, v2")?;
    let rekor = RekorV2::new(RekorV2Config {
        log,
        log_id,
        algorithms,
        takes_dsse: dsse,
        duplicates,
        limits: RekorV2Limits::default(),
    });
    Ok(sigstead_log::v2_router(Arc::new(rekor)))
}
