use std::process::ExitCode;

use anyhow::Context as _;
use sigstead_clock::SystemClock;
use sigstead_store::{TreeKind, TreeStore as _};

use super::ServiceArguments;
use crate::config::Config;
use crate::{console, wire};

/// Freezes the shard that takes entries, starts the next, and says what is where.
pub(super) async fn rotate(arguments: &ServiceArguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config, &arguments.overrides)?;
    let hostname = config.log()?.hostname;
    let database = wire::open_database(&config).await?;
    let had_one = !database.trees(TreeKind::RekorV1).await?.is_empty();
    anyhow::ensure!(had_one, "the database has no log yet; start it once, then rotate");
    sigstead_log::rotate(&database, &hostname, &SystemClock).await.context("the log was not rotated")?;
    for tree in database.trees(TreeKind::RekorV1).await? {
        let (id, size) = (tree.tree_id, database.head(tree.key).await?.size());
        console::line(format_args!("shard {id}: {:?}, {size} entries", tree.state));
    }
    Ok(ExitCode::SUCCESS)
}

/// Freezes the Rekor v2 log, and says where it ended.
pub(super) async fn freeze_v2(arguments: &ServiceArguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config, &arguments.overrides)?;
    let database = wire::open_database(&config).await?;
    let frozen = sigstead_log::freeze_v2(&database).await?;
    let (origin, size) = frozen.context("no Rekor v2 log in this database takes entries")?;
    console::line(format_args!("{origin} is frozen at {size} entries"));
    Ok(ExitCode::SUCCESS)
}
