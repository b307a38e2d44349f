use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use sigstead_clock::{Clock, SystemClock};
use sigstead_crypto::Signer;
use sigstead_trust::tuf::{Envelope, Folder, OnlineKeys, Publisher, PublisherParts, Role, Root, Upkeep};
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
    let upkeep = Upkeep::new(tuf_publisher(&tuf, Arc::clone(&ground.clock), root_key).await?);
    upkeep.turn(&documents.load()).await;
    let watched = Arc::clone(&upkeep);
    ground.health.add("tuf", move || std::future::ready(watched.usable()));
    let watched = Arc::clone(&upkeep);
    ground.health.add_warning("tuf", move || watched.warning());
    ground.tasks.spawn(upkeep.run(Arc::clone(&documents), ground.tasks.shutdown().clone()));
    Ok(router(documents, Some(Folder::new(tuf.folder))))
}

/// The publisher of the repository that `[trust.tuf]` names.
pub(crate) async fn tuf_publisher(
    config: &TufConfig,
    clock: Arc<dyn Clock>,
    root_signer: Option<Arc<dyn Signer>>,
) -> anyhow::Result<Publisher> {
    let keys = match &config.keys {
        Some(keys) => Some(online(keys).await.context("[trust.tuf]")?),
        None => None,
    };
    Ok(Publisher::new(PublisherParts {
        folder: Folder::new(config.folder.clone()),
        clock,
        keys,
        lifetimes: config.lifetimes,
        root_signer,
        signed_root: config.root.clone(),
    }))
}

async fn online(named: &TufKeys) -> anyhow::Result<OnlineKeys> {
    Ok(OnlineKeys {
        targets: match &named.targets {
            Some(uri) => Some(keys::signer(uri).await?),
            None => None,
        },
        snapshot: keys::signer(&named.snapshot).await?,
        timestamp: keys::signer(&named.timestamp).await?,
    })
}

/// Whether the keys and the root that `[trust.tuf]` names can be used.
pub(crate) async fn check_tuf(config: &Config) -> anyhow::Result<()> {
    let Some(tuf) = config.tuf()? else { return Ok(()) };
    tuf_publisher(&tuf, Arc::new(SystemClock), None).await?;
    if let Some(file) = &tuf.root {
        let content = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let root = Envelope::parse(&content).and_then(|envelope| envelope.metadata::<Root>(Role::Root));
        root.with_context(|| file.display().to_string())?;
    }
    Ok(())
}
