use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use sigstead_merkle::Checkpoint;
use sigstead_store::{Database, Tree, TreeKind};
use sigstead_tlog::{AuditReport, LeafHasher, RollbackGuard, SignedHead, audit as audit_tree};

use super::ServiceArguments;
use crate::config::Config;
use crate::{console, wire};

/// `sigstead log audit`, `sigstead ct audit`.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(flatten)]
    service: ServiceArguments,
    #[command(flatten)]
    known: KnownCheckpoints,
}

/// Checkpoints that were seen elsewhere.
#[derive(Debug, Default, Args)]
pub(super) struct KnownCheckpoints {
    /// A checkpoint that a client, monitor or witness has of one of the logs; the tree must contain it. May be given
    /// several times.
    #[arg(long = "checkpoint", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Audit {
    /// Audits every tree of some kinds; fails if anything does not agree.
    pub(super) async fn run(self, kinds: &[TreeKind]) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let database = wire::open_database(&config).await?;
        let known = Known::read(&config, &self.known)?;
        let audited = audit(&database, kinds, &known).await?;
        anyhow::ensure!(!audited.is_empty(), "the database has no such tree");
        let is_clean = audited.iter().all(|(_, report)| report.is_clean());
        Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// What is known of trees besides their database.
pub(super) struct Known {
    guard: PathBuf,
    /// By origin.
    heads: Vec<(String, SignedHead)>,
}

impl Known {
    /// From the rollback guard, and from checkpoints in files.
    pub(super) fn read(config: &Config, checkpoints: &KnownCheckpoints) -> anyhow::Result<Self> {
        let heads = checkpoints.files.iter().map(|file| checkpoint(file)).collect::<anyhow::Result<_>>()?;
        Ok(Self { guard: config.guard(), heads })
    }

    /// What a backup says of itself too.
    pub(super) fn with(mut self, heads: impl IntoIterator<Item = (String, SignedHead)>) -> Self {
        self.heads.extend(heads);
        self
    }

    fn of(&self, tree: &Tree) -> anyhow::Result<Vec<SignedHead>> {
        let remembered = RollbackGuard::open(&self.guard, tree.tree_id)?.remembered()?;
        let named = self.heads.iter().filter(|(origin, _)| *origin == tree.origin).map(|(_, head)| *head);
        Ok(named.chain(remembered).collect())
    }
}

fn checkpoint(file: &Path) -> anyhow::Result<(String, SignedHead)> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let Checkpoint { origin, size, root } =
        Checkpoint::parse(&text).with_context(|| file.display().to_string())?;
    Ok((origin, SignedHead { size, root }))
}

/// Audits every tree of some kinds, and prints what was found.
pub(super) async fn audit(
    database: &Database,
    kinds: &[TreeKind],
    known: &Known,
) -> anyhow::Result<Vec<(Tree, AuditReport)>> {
    let mut audited = Vec::new();
    for kind in kinds {
        for tree in database.trees(*kind).await? {
            let report = audit_tree(database, &tree, hasher(*kind), &known.of(&tree)?).await?;
            show(&tree.origin, &report);
            audited.push((tree, report));
        }
    }
    Ok(audited)
}

fn hasher(kind: TreeKind) -> LeafHasher {
    match kind {
        TreeKind::Ct => sigstead_ct::hash_record,
        TreeKind::RekorV1 | TreeKind::RekorV1Import => sigstead_log::hash_record,
        TreeKind::RekorV2 => sigstead_log::hash_v2_record,
    }
}

fn show(origin: &str, report: &AuditReport) {
    let AuditReport { entries, tiles, root, differences, difference_count, lost: _ } = report;
    let verdict = if report.is_clean() { "everything agrees" } else { "DIFFERENCES" };
    console::line(format_args!(
        "{origin}: {entries} entries, {tiles} full tiles, root {}: {verdict}",
        hex::encode(root)
    ));
    for difference in differences {
        console::line(format_args!("  {difference}"));
    }
    let unlisted = difference_count.saturating_sub(differences.len() as u64);
    if unlisted > 0 {
        console::line(format_args!("  and {unlisted} more"));
    }
}
