use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sigstead_identity::{FulcioConfig, Providers};
use sigstead_serve::Tasks;

/// How often the file is compared with what is trusted. By content: Kubernetes swaps a link above the file.
const PERIOD: Duration = Duration::from_secs(5);

/// Fulcio's issuer configuration, and what its file said last.
#[derive(Debug, Clone)]
pub(super) struct IssuersFile {
    path: PathBuf,
    text: String,
    /// Why it could not be read last; each fault is told once, however long it stays.
    unreadable: Option<String>,
}

impl IssuersFile {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        Ok(Self { path: path.to_owned(), text: read(path)?, unreadable: None })
    }

    pub(super) fn parse(&self) -> anyhow::Result<FulcioConfig> {
        FulcioConfig::parse(&self.text).with_context(|| self.path.display().to_string())
    }

    /// Keeps the providers in step with the file until shutdown. A file that cannot be used changes nothing.
    pub(super) async fn watch(mut self, providers: Arc<Providers>, tasks: Tasks) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = tasks.shutdown().cancelled() => return,
            }
            let path = self.path.clone();
            // A disk that hangs must not hold up a worker.
            let Ok(read) = tokio::task::spawn_blocking(move || read(&path)).await else { return };
            if let Some(outcome) = self.follow(read, &providers) {
                metrics::counter!("sigstead_ca_issuer_reloads_total", "outcome" => outcome).increment(1);
            }
        }
    }

    /// What became of what was read, if it is news.
    fn follow(&mut self, read: anyhow::Result<String>, providers: &Providers) -> Option<&'static str> {
        let replaced = match read {
            Ok(text) if text == self.text => {
                self.unreadable = None;
                return None;
            }
            Ok(text) => {
                self.text = text;
                self.unreadable = None;
                self.parse().and_then(|config| Ok(providers.replace(config)?))
            }
            Err(error) => {
                let reason = format!("{error:#}");
                if self.unreadable.as_ref() == Some(&reason) {
                    return None;
                }
                self.unreadable = Some(reason);
                Err(error)
            }
        };
        match replaced {
            Ok(()) => {
                tracing::info!(file = %self.path.display(), "the issuer configuration was loaded again");
                Some("loaded")
            }
            Err(error) => {
                let reason = format!("{error:#}");
                tracing::error!(reason, "the new issuer configuration cannot be used; the old one stays");
                Some("refused")
            }
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use sigstead_clock::SystemClock;

    use super::*;

    fn text(issuer: &str) -> String {
        format!(
            "oidc-issuers:\n  {issuer}:\n    issuer-url: {issuer}\n    client-id: sigstore\n    type: email\n"
        )
    }

    #[test]
    fn a_bad_file_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("issuers.yaml");
        std::fs::write(&path, text("https://a.example")).unwrap();
        let mut file = IssuersFile::open(&path).unwrap();
        let providers = Providers::new(file.parse().unwrap(), Arc::new(SystemClock)).unwrap();
        let trusted = || providers.config().issuers().next().unwrap().0.url.clone();
        assert_eq!(file.follow(read(&path), &providers), None);

        for bad in ["oidc-issuers: {}", "oidc-isuers: {}"] {
            std::fs::write(&path, bad).unwrap();
            assert_eq!(file.follow(read(&path), &providers), Some("refused"));
            assert_eq!(file.follow(read(&path), &providers), None, "told once");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(file.follow(read(&path), &providers), Some("refused"));
        assert_eq!(file.follow(read(&path), &providers), None, "told once");
        assert_eq!(trusted(), "https://a.example");

        let next = directory.path().join("next");
        std::fs::write(&next, text("https://b.example")).unwrap();
        std::fs::rename(&next, &path).unwrap();
        assert_eq!(file.follow(read(&path), &providers), Some("loaded"));
        assert_eq!(trusted(), "https://b.example");
    }
}
