use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use sigstead_clock::SystemClock;
use sigstead_store::{Database, Tree, TreeKind, TreeState};
use sigstead_tlog::RollbackGuard;

use super::audit::{Known, KnownCheckpoints, audit};
use super::backup::{DUMP, FILE, Manifest};
use super::{ServiceArguments, postgres_tools};
use crate::config::Config;
use crate::{console, wire};

/// Where it says what to do when entries are lost.
const PAGE: &str = "docs/operations/database-lost.md";

/// `sigstead restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    service: ServiceArguments,
    /// The folder of a backup, to be brought into the configured database, which must be empty.
    #[arg(long, value_name = "FOLDER", required_unless_present = "verify")]
    from: Option<PathBuf>,
    /// Only compare the database that is there, however it was brought back.
    #[arg(long, conflicts_with = "from")]
    verify: bool,
    #[command(flatten)]
    known: KnownCheckpoints,
    /// Entries are lost for good: freeze the trees that lost some, as they are, and let new ones follow them.
    #[arg(long)]
    accept_loss: bool,
}

impl Restore {
    /// Brings the database back, and says whether anything is missing.
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let mut known = Known::read(&config, &self.known)?;
        if let Some(folder) = &self.from {
            let manifest = Manifest::read(folder)?;
            known = known.with(manifest.heads()?);
            bring_back(&config, folder)?;
            console::line(format_args!("the backup of {} is back", manifest.made()));
        }
        let database = wire::open_database(&config).await?;
        let audited = audit(&database, &TreeKind::ALL, &known).await?;
        let missing = missing_trees(&config, audited.iter().map(|(tree, _)| tree))?;
        for id in &missing {
            console::line(format_args!("a tree of which heads were signed is not here at all: {id}"));
        }
        let lost: Vec<&Tree> =
            audited.iter().filter(|(_, report)| report.lost > 0).map(|(tree, _)| tree).collect();
        let differs = audited.iter().any(|(_, report)| !report.is_clean() && report.lost == 0);
        if differs {
            bail!("the database does not agree with itself or with what was signed\n  hint: read {PAGE}");
        }
        if lost.is_empty() && missing.is_empty() {
            console::line("nothing that is known to have been signed is missing");
            return Ok(ExitCode::SUCCESS);
        }
        if !self.accept_loss {
            bail!(
                "the database is older than what was signed: nothing may be signed over it\n  hint: read {PAGE}"
            );
        }
        accept_loss(&config, &database, &lost, &missing).await?;
        database.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

fn bring_back(config: &Config, folder: &Path) -> anyhow::Result<()> {
    let database = config.database()?;
    match database.expose().strip_prefix("sqlite:") {
        None => postgres_tools::restore(config, &folder.join(DUMP)),
        Some(path) => {
            let path = Path::new(path);
            if path.metadata().is_ok_and(|there| there.len() > 0) {
                bail!("{} is there already; move it away first", path.display());
            }
            // Of a database that was there before: SQLite would play it into this one.
            for leftover in ["-wal", "-shm"] {
                let file = PathBuf::from(format!("{}{leftover}", path.display()));
                if file.exists() {
                    bail!("{} is left of another database; move it away first", file.display());
                }
            }
            let copy = folder.join(FILE);
            copy_file(&copy, path)
                .with_context(|| format!("cannot copy {} to {}", copy.display(), path.display()))
        }
    }
}

/// A copy that is there whole or not at all.
fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    let temporary = to.with_extension("restoring");
    std::fs::copy(from, &temporary)?;
    std::fs::set_permissions(&temporary, Permissions::from_mode(0o600))?;
    std::fs::File::open(&temporary)?.sync_all()?;
    std::fs::rename(&temporary, to)
}

/// Trees that this server signed for, and that the database does not have.
fn missing_trees<'a>(config: &Config, there: impl Iterator<Item = &'a Tree>) -> anyhow::Result<Vec<i64>> {
    let there: BTreeSet<i64> = there.map(|tree| tree.tree_id).collect();
    let mut missing = Vec::new();
    for id in RollbackGuard::trees(&config.guard())? {
        if !there.contains(&id) && RollbackGuard::open(&config.guard(), id)?.remembered()?.is_some() {
            missing.push(id);
        }
    }
    Ok(missing)
}

/// What is left of a tree stays readable, and nothing is ever added to it: there is no second history.
async fn accept_loss(
    config: &Config,
    database: &Database,
    lost: &[&Tree],
    missing: &[i64],
) -> anyhow::Result<()> {
    for tree in lost {
        match tree.kind {
            TreeKind::RekorV1 if tree.state == TreeState::Active => {
                sigstead_log::rotate(database, &config.log()?.hostname, &SystemClock).await?;
                console::line(format_args!(
                    "{} is frozen as it is, and the next shard follows it",
                    tree.origin
                ));
            }
            TreeKind::RekorV1 | TreeKind::RekorV1Import => {}
            TreeKind::RekorV2 | TreeKind::Ct => {
                database.freeze(tree.key).await?;
                let section = if tree.kind == TreeKind::Ct { "ct" } else { "log_v2" };
                console::line(format_args!(
                    "{} is frozen as it is: give [{section}] another url, origin and key",
                    tree.origin
                ));
            }
        }
    }
    for id in lost.iter().map(|tree| tree.tree_id).chain(missing.iter().copied()) {
        RollbackGuard::open(&config.guard(), id)?.accept_loss()?;
    }
    Ok(())
}
