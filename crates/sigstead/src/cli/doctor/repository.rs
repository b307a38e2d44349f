use std::path::Path;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_trust::lint::first_error;
use sigstead_trust::lint::tuf::walk;

use crate::cli::mirror::Mirror;
use crate::cli::named_document::read;
use crate::config::CallConfig;

/// Follows the TUF repository at its URL, from the root that the configuration has.
pub(super) async fn check(call: &CallConfig, url: &str, root: &Path) -> anyhow::Result<String> {
    let root = read(root).with_context(|| root.display().to_string())?;
    let mirror = Mirror::at(url, call)?;
    let walked =
        walk(Some(Bytes::from(root)), async |path: &str| mirror.answer(path).await, SystemClock.now()).await;
    if let Some(error) = first_error(&walked.findings) {
        bail!("{}: {}\n  hint: `sigstead trust lint {url}` tells everything", error.path, error.found);
    }
    Ok(format!("clients follow {url}"))
}
