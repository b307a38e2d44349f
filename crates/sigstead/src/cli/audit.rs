use std::process::ExitCode;

use sigstead_store::TreeKind;
use sigstead_tlog::{AuditReport, LeafHasher, audit as audit_tree};

use super::ServiceArguments;
use crate::config::Config;
use crate::{console, wire};

/// Audits every tree of a kind; fails if anything does not agree.
pub(super) async fn audit(kind: TreeKind, arguments: &ServiceArguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config, &arguments.overrides)?;
    let database = wire::open_database(&config).await?;
    let hasher: LeafHasher = match kind {
        TreeKind::Ct => sigstead_ct::hash_record,
        TreeKind::RekorV1 | TreeKind::RekorV2 => sigstead_log::hash_record,
    };
    let trees = database.trees(kind).await?;
    anyhow::ensure!(!trees.is_empty(), "the database has no such tree");
    let mut code = ExitCode::SUCCESS;
    for tree in trees {
        let report = audit_tree(&database, &tree, hasher).await?;
        show(&tree.origin, &report);
        if !report.is_clean() {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn show(origin: &str, report: &AuditReport) {
    let AuditReport { entries, tiles, root, differences, difference_count } = report;
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
