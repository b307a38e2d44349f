use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use sigstead_clock::{Clock, SystemClock};
use sigstead_crypto::Signer;
use sigstead_trust::tuf::{Folder, OnlineKeys, Publisher, PublisherParts, Upkeep};
use sigstead_trust::{Published, router};

use super::{Ground, keys};
use crate::config::{Config, TufConfig, TufKeys};

/// The trust root's routes. Its TUF repository is published before this returns, and kept up from then on; with
/// `root_key`, for development, it makes its own root.
pub(crate) async fn trust_router(
    config: &Config,
    documents: Published,
    root_key: Option<Arc<dyn Signer>>,
    ground: &Ground,
) -> anyhow::Result<Router> {
    let Some(tuf) = config.tuf()? else { return Ok(router(documents, None)) };
    let upkeep = Upkeep::new(tuf_publisher(&tuf, Arc::clone(&ground.clock), root_key)?);
    upkeep.turn(&documents.load()).await;
    let watched = Arc::clone(&upkeep);
    ground.health.add("tuf", move || std::future::ready(watched.usable()));
    let watched = Arc::clone(&upkeep);
    ground.health.add_warning("tuf", move || watched.warning());
    ground.tasks.spawn(upkeep.run(Arc::clone(&documents), ground.tasks.shutdown().clone()));
    Ok(router(documents, Some(Folder::new(tuf.folder))))
}

/// The publisher of the repository that `[trust.tuf]` names.
pub(crate) fn tuf_publisher(
    config: &TufConfig,
    clock: Arc<dyn Clock>,
    root_signer: Option<Arc<dyn Signer>>,
) -> anyhow::Result<Publisher> {
    let open = |uri: &String| keys::signer(uri).context("[trust.tuf]");
    let online = |keys: &TufKeys| {
        anyhow::Ok(OnlineKeys {
            targets: keys.targets.as_ref().map(open).transpose()?,
            snapshot: open(&keys.snapshot)?,
            timestamp: open(&keys.timestamp)?,
        })
    };
    Ok(Publisher::new(PublisherParts {
        folder: Folder::new(config.folder.clone()),
        clock,
        keys: config.keys.as_ref().map(online).transpose()?,
        lifetimes: config.lifetimes,
        root_signer,
    }))
}

/// Whether the keys that `[trust.tuf]` names can be used.
pub(crate) fn check_tuf(config: Option<&TufConfig>) -> anyhow::Result<()> {
    config.map_or(Ok(()), |config| tuf_publisher(config, Arc::new(SystemClock), None).map(drop))
}
