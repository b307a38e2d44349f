use std::path::Path;

use anyhow::Context as _;
use sigstead_crypto::sha256;
use sigstead_serve::Tasks;

use super::followed::Followed;
use crate::config::CallConfig;

/// The files by which another service is called: whom to believe, what to show.
pub(super) struct CallFiles {
    config: CallConfig,
    /// Of what the files hold, for a key is not kept.
    digest: [u8; 32],
}

impl CallFiles {
    pub(super) fn read(config: &CallConfig) -> anyhow::Result<Self> {
        Ok(Self { config: config.clone(), digest: digest(config)? })
    }

    /// A client by what they hold now.
    pub(super) fn client(&self) -> anyhow::Result<reqwest::ClientBuilder> {
        http_client(&self.config)
    }

    /// Has clients by what they hold later used by `replace`.
    pub(super) fn follow(
        self,
        what: &'static str,
        replace: impl Fn(reqwest::ClientBuilder) -> anyhow::Result<()> + Send + Sync + 'static,
        tasks: &Tasks,
    ) {
        let Self { config, digest: seen } = self;
        if files(&config).next().is_none() {
            return;
        }
        let compared = config.clone();
        Followed::new(what, seen).follow(
            move || digest(&compared),
            move |_| std::future::ready(http_client(&config).and_then(&replace)),
            tasks,
        );
    }
}

fn files(config: &CallConfig) -> impl Iterator<Item = &Path> {
    let identity = config.identity.iter().flat_map(|(certificate, key)| [certificate, key]);
    config.ca.iter().chain(identity).map(AsRef::as_ref)
}

fn digest(config: &CallConfig) -> anyhow::Result<[u8; 32]> {
    let digests = files(config).map(|file| Ok(sha256(&read(file)?))).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(sha256(&digests.concat()))
}

/// A client that reaches another service as `config` says.
pub(crate) fn http_client(config: &CallConfig) -> anyhow::Result<reqwest::ClientBuilder> {
    let mut builder = reqwest::Client::builder();
    if let Some(file) = &config.ca {
        let roots = reqwest::Certificate::from_pem_bundle(&read(file)?)
            .ok()
            .filter(|roots| !roots.is_empty())
            .with_context(|| format!("{} does not hold certificates", file.display()))?;
        builder = builder.tls_certs_only(roots);
    }
    if let Some((certificate, key)) = &config.identity {
        let pem = [read(certificate)?, b"\n".to_vec(), read(key)?].concat();
        let identity = reqwest::Identity::from_pem(&pem).with_context(|| {
            format!("{} and {} are not a certificate and its key", certificate.display(), key.display())
        })?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
