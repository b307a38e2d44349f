use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use sigstead_crypto::note::NoteSigner;
use sigstead_ct::{CtConfig as Parts, CtLog};
use sigstead_store::Database;
use sigstead_tlog::Publisher;
use sigstead_x509::Certificate;

use super::authorities::authorities;
use super::followed::Followed;
use super::{Ground, keys};
use crate::config::{Config, CtConfig};

/// The CT log's routes; its tree is made if there is none.
pub(crate) async fn ct(config: &CtConfig, database: &Database, ground: &Ground) -> anyhow::Result<Router> {
    let signer = keys::signer(&config.key).await?;
    let tree = sigstead_ct::open_active_tree(database, &config.origin, ground.clock.as_ref()).await?;
    let publisher = Publisher::TreeHead(NoteSigner::rfc6962(tree.origin.clone(), Arc::clone(&signer)));
    let log = ground.start_log(database, tree, publisher, None).await.context("the CT log")?;
    let roots = roots(config)?;
    ground.watch_database("ct-database", database);
    let parts = Parts { log, database: database.clone(), signer, roots: roots.clone() };
    let log = Arc::new(CtLog::new(parts));
    let (followed, accepting) = (config.clone(), Arc::clone(&log));
    Followed::new("ct-roots", roots).follow(
        move || self::roots(&followed),
        move |roots| {
            accepting.accept(roots);
            std::future::ready(Ok(()))
        },
        &ground.tasks,
    );
    Ok(sigstead_ct::router(log))
}

/// The authorities whose certificates are taken: those of the file, and the own CA's.
fn roots(config: &CtConfig) -> anyhow::Result<Vec<Certificate>> {
    let mut roots = config.roots.as_deref().map(keys::chain).transpose()?.unwrap_or_default();
    for one in config.ca.as_ref().map(authorities).transpose()?.unwrap_or_default() {
        let new: Vec<_> = one.chain.into_iter().filter(|certificate| !roots.contains(certificate)).collect();
        roots.extend(new);
    }
    Ok(roots)
}

/// Whether the key of `[ct]` can be used.
pub(crate) async fn check_ct(config: &Config) -> anyhow::Result<()> {
    keys::check_key(&config.ct()?.key).await
}
