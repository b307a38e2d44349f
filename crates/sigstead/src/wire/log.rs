use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use sigstead_crypto::note::NoteSigner;
use sigstead_log::{RekorConfig, RekorLimits, RekorLog, Shard};
use sigstead_store::Database;
use sigstead_tlog::Publisher;

use super::{Ground, keys};
use crate::config::LogConfig;

/// The transparency log's routes; its tree is made if there is none.
pub(crate) async fn log(config: &LogConfig, database: &Database, ground: &Ground) -> anyhow::Result<Router> {
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
    ground.watch_database("log-database", database);
    Ok(sigstead_log::router(Arc::new(rekor)))
}
