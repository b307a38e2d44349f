use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, Response, Url};
use sigstead_trust::lint::MAX_DOCUMENT;

use super::http_body;
use crate::config::CallConfig;
use crate::wire;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a file or URL holds that a command names, if it is not too long for a document of a trust root.
pub(super) async fn content(name: &str, call: &CallConfig) -> anyhow::Result<Vec<u8>> {
    if !is_url(name) {
        return read(Path::new(name));
    }
    body(client(call)?.get(name).send().await.context("was not reached")?).await
}

/// Whether a URL is named, not a file.
pub(super) fn is_url(name: &str) -> bool {
    name.starts_with("https://") || name.starts_with("http://")
}

/// Whether a URL is that of a JSON file; else it is where a server is.
pub(super) fn is_json(url: &Url) -> bool {
    Path::new(url.path()).extension() == Some("json".as_ref())
}

/// A file that is no longer than a document may be.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    let opened = std::fs::File::open(file).context("cannot be read")?;
    // One byte more, so that what is too long is told as such.
    opened.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut content).context("cannot be read")?;
    Ok(content)
}

/// What asks servers for documents.
pub(super) fn client(call: &CallConfig) -> anyhow::Result<Client> {
    Ok(wire::http_client(call)?.timeout(PATIENCE).build()?)
}

/// A document that a server answered with.
pub(super) async fn body(answer: Response) -> anyhow::Result<Vec<u8>> {
    if !answer.status().is_success() {
        bail!("the server answered {}", answer.status());
    }
    http_body::read(answer, MAX_DOCUMENT).await
}
