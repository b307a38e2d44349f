use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_store::{Database, TreeKind, TreeStore as _};
use sigstead_tlog::SignedHead;

use super::{ServiceArguments, postgres_tools};
use crate::config::Config;
use crate::data_dir::write_atomically;
use crate::{console, wire};

/// `sigstead backup`.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    service: ServiceArguments,
    /// The folder to write, which must not be there yet.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

/// `manifest.json` of a backup: what is at least in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    made: String,
    made_by: String,
    trees: Vec<BackedUpTree>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackedUpTree {
    kind: String,
    origin: String,
    size: u64,
    /// In hexadecimal.
    root: String,
}

const MANIFEST: &str = "manifest.json";
/// A SQLite database.
pub(super) const FILE: &str = "database.sqlite";
/// What `pg_dump` wrote.
pub(super) const DUMP: &str = "database.dump";

impl Backup {
    /// Writes the folder; a backup without a manifest was interrupted.
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        if self.to.exists() {
            bail!("{} is there already; a backup gets a folder of its own", self.to.display());
        }
        let database = wire::open_database(&config).await?;
        make_private(&self.to)?;
        // Read before the copy is made: servers go on, and the copy may hold more, never less.
        let manifest = Manifest::of(&database).await?;
        let copy = self.to.join(FILE);
        let is_sqlite = database.copy_to(copy.to_str().context("the folder's name is not UTF-8")?).await?;
        if !is_sqlite {
            postgres_tools::dump(&config, &self.to.join(DUMP))?;
        }
        write_atomically(&self.to.join(MANIFEST), &serde_json::to_vec_pretty(&manifest)?, 0o600)?;
        database.close().await;
        for tree in &manifest.trees {
            console::line(format_args!("{}: {} entries", tree.origin, tree.size));
        }
        console::line(format_args!(
            "{} holds the database; keys, configuration and the rollback guard are kept apart from it",
            self.to.display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}

/// It holds what the database holds.
fn make_private(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = std::fs::DirBuilder::new();
    builder
        .mode(0o700)
        .recursive(true)
        .create(folder)
        .with_context(|| format!("cannot make {}", folder.display()))
}

impl Manifest {
    async fn of(database: &Database) -> anyhow::Result<Self> {
        let mut trees = Vec::new();
        for kind in TreeKind::ALL {
            for tree in database.trees(kind).await? {
                let head = database.head(tree.key).await?;
                trees.push(BackedUpTree {
                    kind: kind.name().to_owned(),
                    origin: tree.origin,
                    size: head.size(),
                    root: hex::encode(head.frontier.root()),
                });
            }
        }
        let made_by = format!("sigstead {}", env!("CARGO_PKG_VERSION"));
        Ok(Self { made: SystemClock.now().to_rfc3339(), made_by, trees })
    }

    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(MANIFEST);
        let text = std::fs::read(&file).with_context(|| {
            format!(
                "cannot read {}\n  hint: a backup that was interrupted has none; take another one",
                file.display()
            )
        })?;
        serde_json::from_slice(&text).with_context(|| file.display().to_string())
    }

    pub(super) fn made(&self) -> &str {
        &self.made
    }

    /// The head of each tree, by origin.
    pub(super) fn heads(&self) -> anyhow::Result<Vec<(String, SignedHead)>> {
        let heads = self.trees.iter().map(|tree| {
            let mut root = [0; 32];
            hex::decode_to_slice(&tree.root, &mut root).context("a root of the manifest")?;
            Ok((tree.origin.clone(), SignedHead { size: tree.size, root }))
        });
        heads.collect()
    }
}
