use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sigstead_serve::Tasks;

use super::followed::Followed;

/// A file of configuration, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextFile {
    path: PathBuf,
    text: String,
}

impl TextFile {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path);
        Ok(Self {
            path: path.to_owned(),
            text: text.with_context(|| format!("cannot read {}", path.display()))?,
        })
    }

    /// What the text says, or what is wrong with it, and in which file.
    pub(super) fn parse<T, E>(&self, parse: impl FnOnce(&str) -> Result<T, E>) -> anyhow::Result<T>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        parse(&self.text).with_context(|| self.path.display().to_string())
    }

    /// Has what the file says later used by `apply`.
    pub(super) fn follow(
        self,
        what: &'static str,
        apply: impl Fn(&Self) -> anyhow::Result<()> + Send + Sync + 'static,
        tasks: &Tasks,
    ) {
        let path = self.path.clone();
        Followed::new(what, self).follow(
            move || Self::read(&path),
            move |file| std::future::ready(apply(&file)),
            tasks,
        );
    }
}
