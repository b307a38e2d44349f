use anyhow::Context as _;
use clap::Args;
use reqwest::Url;
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_trust::export::TrustDocument;

use crate::cli::call_arguments::CallArguments;
use crate::cli::{ServiceArguments, named_document};
use crate::config::Config;
use crate::wire;

/// Whose trust root.
#[derive(Debug, Args)]
pub(super) struct Source {
    #[command(flatten)]
    service: ServiceArguments,
    #[command(flatten)]
    call: CallArguments,
    /// The URL of a running trust root, or a trusted root or client trust config, whoever wrote it; without any, what the
    /// configuration publishes.
    #[arg(value_name = "URL|FILE")]
    document: Option<String>,
}

impl Source {
    /// The document, and the URL that its repository has.
    pub(super) async fn read(&self) -> anyhow::Result<(TrustDocument, Option<String>)> {
        let (name, content, mirror) = match &self.document {
            None => self.own()?,
            Some(url) if named_document::is_url(url) && !named_document::is_json(&Url::parse(url)?) => {
                let base = url.trim_end_matches('/');
                let name = format!("{base}/{CLIENT_TRUST_CONFIG}");
                let content = named_document::content(&name, &self.call.config()).await;
                (name, content, Some(base.to_owned()))
            }
            Some(name) => (name.clone(), named_document::content(name, &self.call.config()).await, None),
        };
        let document = content.and_then(|content| Ok(TrustDocument::read(&content, SystemClock.now())?));
        Ok((document.context(name)?, mirror))
    }

    /// A file or URL beside it.
    pub(super) async fn beside(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        named_document::content(name, &self.call.config()).await.with_context(|| name.to_owned())
    }

    fn own(&self) -> anyhow::Result<(String, anyhow::Result<Vec<u8>>, Option<String>)> {
        let trust = Config::load(&self.service.config, &self.service.overrides)?.trust()?;
        let documents = wire::trust_documents(&trust)?;
        let (_, content) =
            documents.file(CLIENT_TRUST_CONFIG).context("it publishes no client trust config")?;
        let mirror = trust.mirror.map(|(url, _)| url);
        Ok((self.service.config.display().to_string(), Ok(content.to_vec()), mirror))
    }
}

/// Trusted root and signing config in one.
pub(super) const CLIENT_TRUST_CONFIG: &str = "client_trust_config.json";
