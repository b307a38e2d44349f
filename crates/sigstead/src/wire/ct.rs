use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use sigstead_crypto::note::NoteSigner;
use sigstead_ct::{CtConfig as Parts, CtLog};
use sigstead_store::Database;
use sigstead_tlog::Publisher;

use super::{Ground, keys};
use crate::config::CtConfig;

/// The CT log's routes; its tree is made if there is none.
pub(crate) async fn ct(config: &CtConfig, database: &Database, ground: &Ground) -> anyhow::Result<Router> {
    let signer = keys::signer(&config.key)?;
    let tree = sigstead_ct::open_active_tree(database, &config.origin, ground.clock.as_ref()).await?;
    let publisher = Publisher::TreeHead(NoteSigner::rfc6962(tree.origin.clone(), Arc::clone(&signer)));
    let log = ground.start_log(database, tree, publisher, None).await.context("the CT log")?;
    let roots = keys::chain(&config.roots)?;
    ground.watch_database("ct-database", database);
    Ok(sigstead_ct::router(Arc::new(CtLog::new(Parts { log, database: database.clone(), signer, roots }))))
}
