//! Builds each service from its checked configuration: signers, database, trees, routes.

mod authorities;
mod build_info;
mod ca;
mod call_files;
mod ct;
mod expiry;
mod followed;
mod keys;
mod limits;
mod log;
mod text_file;
mod tls;
mod trust;
mod tsa;
mod tuf;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use sigstead_clock::Clock;
use sigstead_serve::{Health, Tasks};
use sigstead_store::{Database, Schema, StoreError, Tree};
use sigstead_tlog::{AppendError, Limits, Log, LogParts, Publisher, Witnesses};

pub(crate) use authorities::{NamedAuthority, authorities};
pub(crate) use build_info::tell_version;
pub(crate) use ca::{OwnCtLog, ca, ca_operations, check_ca, issuers, policy};
pub(crate) use call_files::http_client;
pub(crate) use ct::{check_ct, ct};
pub(crate) use keys::{public_key, signer, surroundings};
pub(crate) use limits::limits;
pub(crate) use log::{check_log, check_log_v2, check_witnessing, log};
pub(crate) use tls::tls;
pub(crate) use trust::{trust, trust_documents, trust_material};
pub(crate) use tsa::{check_tsa, tsa};
pub(crate) use tuf::{check_tuf, trust_router, tuf_publisher};

use crate::config::Config;

/// What every service stands on.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    pub(crate) health: Health,
    /// The folder of the rollback guards.
    pub(crate) guard: PathBuf,
    /// What each tree may take on.
    pub(crate) limits: Limits,
}

impl Ground {
    /// Unix seconds.
    fn now(&self) -> i64 {
        self.clock.now().unix_seconds()
    }

    /// Starts the engine on a tree.
    async fn start_log(
        &self,
        database: &Database,
        tree: Tree,
        publisher: Publisher,
        witnesses: Option<Arc<Witnesses>>,
    ) -> Result<Log<Database>, AppendError> {
        let parts = LogParts {
            store: database.clone(),
            tree,
            publisher,
            clock: Arc::clone(&self.clock),
            guard_folder: self.guard.clone(),
            limits: self.limits,
            witnesses,
        };
        Log::start(parts, self.tasks.tracker(), self.tasks.drained()).await
    }

    /// A service is ready while its database answers.
    fn watch_database(&self, name: &str, database: &Database) {
        let database = database.clone();
        self.health.add(name, move || {
            let database = database.clone();
            async move { database.ping().await.map_err(|error| error.to_string()) }
        });
    }

    /// A service is ready while one of its authorities signs.
    fn watch_authorities(&self, name: &str, signs: impl Fn() -> bool + Send + Sync + 'static) {
        self.health.add(name, move || {
            let signs = signs().then_some(()).ok_or_else(|| "no certificate signs now".to_owned());
            std::future::ready(signs)
        });
    }
}

/// Connects to the configured database, whatever its schema.
pub(crate) async fn connect_database(config: &Config) -> anyhow::Result<Database> {
    let url = config.database()?;
    Database::open(url.expose(), &config.database_options()?).await.context("cannot open the database")
}

/// Opens the configured database; an older schema is brought up to date or, if the configuration says so, refused.
pub(crate) async fn open_database(config: &Config) -> anyhow::Result<Database> {
    let database = connect_database(config).await?;
    if config.migrates() {
        migrate(&database).await?;
        return Ok(database);
    }
    let Schema { version, pending, unknown } = database.schema().await?;
    if let Some(wanted) = pending.last() {
        bail!(
            "the database's schema is of version {version}, and this program wants {}\n  hint: run sigstead db migrate",
            wanted.version
        );
    }
    if !unknown.is_empty() {
        tracing::warn!(version, "the database's schema is newer than this program");
    }
    Ok(database)
}

/// The database as services use it: with its replica.
pub(crate) async fn serve_database(config: &Config) -> anyhow::Result<Database> {
    let database = open_database(config).await?;
    let Some(replica) = config.replica()? else { return Ok(database) };
    database
        .with_replica(replica.expose(), &config.database_options()?)
        .await
        .context("postgres.replica cannot be used")
}

/// Brings the schema up to date.
pub(crate) async fn migrate(database: &Database) -> anyhow::Result<()> {
    let migrated = database.migrate().await;
    if matches!(migrated, Err(StoreError::NotThroughPooler)) {
        bail!(
            "the schema cannot be brought up to date through a transaction pooler\n  hint: run sigstead db migrate \
             --set postgres.transaction_pooler=false --set database=… with the URL of Postgres itself"
        );
    }
    migrated.context("cannot bring the database's schema up to date")
}
