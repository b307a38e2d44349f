use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use sigstead_crypto::note::NoteSigner;
use sigstead_crypto::{Cosigner, PublicKey, SignError, Signer};
use sigstead_log::{
    EventSink, OpenShard, RekorConfig, RekorLog, RekorV2, RekorV2Config, RekorV2Limits, SearchedLogs, Shard,
    ShardKey, Witness,
};
use sigstead_store::{Database, ImportedShard};
use sigstead_tlog::{AppendError, KeptCheckpoint, Policy, Publisher, Witnesses};

use super::call_files::CallFiles;
use super::{Ground, http_client, keys};
use crate::config::{Config, EventsConfig, LogConfig, LogV2Config, WitnessConfig, WitnessesConfig};

/// The transparency log's routes, v1 and, if it is configured, v2; their trees are made if there are none.
pub(crate) async fn log(config: &Config, database: &Database, ground: &Ground) -> anyhow::Result<Router> {
    let v1 = v1(&config.log()?, database, ground).await?;
    ground.watch_database("log-database", database);
    let v2 = match config.log_v2()? {
        Some(v2_config) => Some(v2(v2_config, database, ground).await?),
        None => None,
    };
    let mut router = sigstead_log::router(Arc::clone(&v1));
    if let Some(v2) = &v2 {
        router = router.merge(sigstead_log::v2_router(Arc::clone(v2)));
    }
    if let Some(config) = config.witness()? {
        router =
            router.merge(sigstead_log::witness_router(Arc::new(witness(config, database, ground).await?)));
    }
    Ok(router.merge(sigstead_log::search_router(SearchedLogs { v1, v2 })))
}

async fn witness(config: WitnessConfig, database: &Database, ground: &Ground) -> anyhow::Result<Witness> {
    let cosigner = Cosigner::new(&config.name, keys::signer(&config.key).await?).context("the witness")?;
    Ok(Witness { cosigner, logs: config.logs, database: database.clone(), clock: Arc::clone(&ground.clock) })
}

/// Whether the keys and files of `[log]` can be used.
pub(crate) async fn check_log(config: &Config) -> anyhow::Result<()> {
    let config = config.log()?;
    if let Some(events) = &config.events {
        http_client(&events.call).and_then(|http| Ok(http.build()?)).context("log.events_ca")?;
    }
    for key in std::iter::once(&config.key).chain(config.shard_keys.values()) {
        keys::check_key(key).await?;
    }
    Ok(())
}

/// Whether the key of `[log_v2]`, if that is there, can be used.
pub(crate) async fn check_log_v2(config: &Config) -> anyhow::Result<()> {
    match config.log_v2()? {
        Some(log) => keys::check_key(&log.key).await,
        None => Ok(()),
    }
}

/// Whether the files that `[log_v2]` and `[witness]` name can be used.
pub(crate) async fn check_witnessing(config: &Config) -> anyhow::Result<()> {
    if let Some(witnesses) = config.log_v2()?.and_then(|log| log.witnesses) {
        read_witnesses(&witnesses, http_client(&witnesses.call).context("log_v2.witness_ca")?)?;
    }
    match config.witness()? {
        Some(witness) => {
            Cosigner::new(&witness.name, keys::signer(&witness.key).await?).map(drop).context("the witness")
        }
        None => Ok(()),
    }
}

fn read_witnesses(config: &WitnessesConfig, http: reqwest::ClientBuilder) -> anyhow::Result<Witnesses> {
    let file = &config.policy;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let policy = Policy::parse(&text).with_context(|| file.display().to_string())?;
    Witnesses::new(policy, config.patience, config.missing, http).context("log_v2.witness_ca")
}

fn reach_witnesses(config: &WitnessesConfig, ground: &Ground) -> anyhow::Result<Arc<Witnesses>> {
    let call = CallFiles::read(&config.call).context("log_v2.witness_ca")?;
    let witnesses = Arc::new(read_witnesses(config, call.client().context("log_v2.witness_ca")?)?);
    let reached = Arc::clone(&witnesses);
    call.follow("log-v2-witnesses-client", move |http| Ok(reached.reach_by(http)?), &ground.tasks);
    Ok(witnesses)
}

async fn v1(config: &LogConfig, database: &Database, ground: &Ground) -> anyhow::Result<Arc<RekorLog>> {
    sigstead_log::open_active_tree(database, &config.hostname, ground.clock.as_ref()).await?;
    let sink = config.events.as_ref().map(|events| event_sink(events, ground)).transpose()?;
    let config = RekorConfig {
        open_shard: open_shard(config, database, ground).await?,
        genesis: true,
        surface: config.surface.clone(),
        database: database.clone(),
        clock: Arc::clone(&ground.clock),
        limits: config.limits,
    };
    let rekor = Arc::new(RekorLog::open(config).await.context("the transparency log")?);
    let following = Arc::clone(&rekor).follow_rotations(ground.tasks.drained().clone());
    ground.tasks.tracker().spawn(following);
    if let Some(sink) = sink {
        rekor.begin_events(&sink).await.context("the events of the log")?;
        let delivering = Arc::clone(&rekor).deliver_events(sink, ground.tasks.drained().clone());
        ground.tasks.tracker().spawn(delivering);
    }
    Ok(rekor)
}

fn event_sink(config: &EventsConfig, ground: &Ground) -> anyhow::Result<Arc<EventSink>> {
    let call = CallFiles::read(&config.call).context("log.events_ca")?;
    let sink = EventSink::new(config.url.clone(), config.token.clone(), call.client()?);
    let sink = Arc::new(sink.context("log.events_url")?);
    let reached = Arc::clone(&sink);
    call.follow("log-events-client", move |http| Ok(reached.reach_by(http)?), &ground.tasks);
    Ok(sink)
}

/// A shard is signed for by the key that the configuration names for it, or by the log's key.
async fn open_shard(config: &LogConfig, database: &Database, ground: &Ground) -> anyhow::Result<OpenShard> {
    let key = keys::signer(&config.key).await?;
    let mut named: BTreeMap<i64, Arc<dyn Signer>> = BTreeMap::new();
    for (tree_id, key) in &config.shard_keys {
        named.insert(*tree_id, keys::signer(key).await?);
    }
    let (database, ground, hostname) = (database.clone(), ground.clone(), config.hostname.clone());
    Ok(Box::new(move |tree| {
        let signer = Arc::clone(named.get(&tree.tree_id).unwrap_or(&key));
        let note_signer = NoteSigner::rekor_v1(hostname.clone(), Arc::clone(&signer));
        let (database, ground) = (database.clone(), ground.clone());
        Box::pin(async move {
            let (key, publisher) = match database.imported_shard(tree.key).await? {
                Some(imported) => kept(imported)?,
                None => (ShardKey::Here(signer), Publisher::Checkpoint(note_signer)),
            };
            Ok(Shard { log: ground.start_log(&database, tree, publisher, None).await?, key })
        })
    }))
}

/// What another log signed goes on to count, and nothing is added to it.
fn kept(imported: ImportedShard) -> Result<(ShardKey, Publisher), AppendError> {
    let key = PublicKey::from_spki_der(&imported.public_key)
        .map_err(|error| SignError::new(format!("an imported shard's key: {error}")))?;
    Ok((ShardKey::Elsewhere(key), Publisher::Kept(KeptCheckpoint::parse(imported.checkpoint)?)))
}

async fn v2(config: LogV2Config, database: &Database, ground: &Ground) -> anyhow::Result<Arc<RekorV2>> {
    let LogV2Config { key, origin, dsse, duplicates, algorithms, witnesses } = config;
    let tree = sigstead_log::open_v2_tree(database, &origin, ground.clock.as_ref()).await?;
    let signer = NoteSigner::rekor_v2(tree.origin.clone(), keys::signer(&key).await?);
    let log_id = signer.full_key_hash();
    let witnesses = witnesses.as_ref().map(|witnesses| reach_witnesses(witnesses, ground)).transpose()?;
    let log = ground.start_log(database, tree, Publisher::Checkpoint(signer), witnesses).await;
    let log = log.context("the transparency log, v2")?;
    let watched = log.clone();
    ground.health.add("log-v2-witnesses", move || {
        let alarm = watched.alarm();
        async move { alarm.map_or(Ok(()), Err) }
    });
    let limits = RekorV2Limits::default();
    let config = RekorV2Config { log, log_id, algorithms, takes_dsse: dsse, duplicates, limits };
    let rekor = RekorV2::new(config);
    rekor.seed_genesis(database).await.context("the first entry of the transparency log, v2")?;
    Ok(Arc::new(rekor))
}
