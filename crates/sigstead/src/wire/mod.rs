//! Builds each service from its checked configuration: signers, database, trees, routes.

mod ca;
mod ct;
mod keys;
mod log;
mod trust;
mod tsa;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use sigstead_clock::Clock;
use sigstead_serve::{Health, Tasks};
use sigstead_store::Database;

pub(crate) use ca::{ca, check_ca};
pub(crate) use ct::ct;
pub(crate) use keys::check_key;
pub(crate) use log::log;
pub(crate) use trust::trust_documents;
pub(crate) use tsa::{check_tsa, tsa};

use crate::config::Config;

/// What every service stands on.
pub(crate) struct Ground {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    pub(crate) health: Health,
    /// The file of the rollback guard.
    pub(crate) guard: PathBuf,
}

/// Opens the configured database and brings its schema up to date.
pub(crate) async fn open_database(config: &Config) -> anyhow::Result<Database> {
    let url = config.database()?;
    let database = Database::open(url.expose(), &sigstead_store::Options::default())
        .await
        .context("cannot open the database")?;
    database.migrate().await.context("cannot bring the database's schema up to date")?;
    Ok(database)
}
