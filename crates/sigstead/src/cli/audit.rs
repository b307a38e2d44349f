use std::process::ExitCode;

use sigstead_store::TreeKind;
use sigstead_tlog::{AuditReport, LeafHasher, audit as audit_tree};

use super::ServiceArguments;
use crate::config::Config;
use crate::{console, wire};

/// Audits every tree of some kinds; fails if anything does not agree.
pub(super) async fn audit(kinds: &[TreeKind], arguments: &ServiceArguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config, &arguments.overrides)?;
    let database = wire::open_database(&config).await?;
    let mut code = ExitCode::SUCCESS;
    let mut audited = 0;
    for kind in kinds {
        for tree in database.trees(*kind).await? {
            let report = audit_tree(&database, &tree, hasher(*kind)).await?;
            show(&tree.origin, &report);
            audited += 1;
            if !report.is_clean() {
                code = ExitCode::FAILURE;
            }
        }
    }
    anyhow::ensure!(audited > 0, "the database has no such tree");
    Ok(code)
}

fn hasher(kind: TreeKind) -> LeafHasher {
    match kind {
        TreeKind::Ct => sigstead_ct::hash_record,
        TreeKind::RekorV1 | TreeKind::RekorV1Import => sigstead_log::hash_record,
        TreeKind::RekorV2 => sigstead_log::hash_v2_record,
    }
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
