use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use sigstead_identity::{FulcioConfig, Providers};
use sigstead_serve::Tasks;

use super::followed::Followed;

/// The text of Fulcio's issuer configuration.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// What the text of `path` says.
pub(super) fn parse(path: &Path, text: &str) -> anyhow::Result<FulcioConfig> {
    FulcioConfig::parse(text).with_context(|| path.display().to_string())
}

/// Keeps the providers in step with the file, whose text was `seen` at the start.
pub(super) fn follow(path: &Path, seen: String, providers: Arc<Providers>, tasks: &Tasks) {
    let (read_path, path) = (path.to_owned(), path.to_owned());
    let replace = move |text: &String| Ok(providers.replace(parse(&path, text)?)?);
    Followed::new("issuers", seen).follow(move || read(&read_path), replace, tasks);
}
