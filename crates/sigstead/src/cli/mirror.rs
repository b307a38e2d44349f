use std::io::{ErrorKind, Read as _};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, StatusCode};
use sigstead_trust::lint::MAX_DOCUMENT;
use sigstead_trust::lint::tuf::Answer;
use url::Url;

use super::http_body;
use crate::config::CallConfig;
use crate::wire;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a TUF repository is.
pub(super) enum Mirror {
    /// A folder, as a web server would serve it.
    Folder(PathBuf),
    /// A server.
    Url(Client, Url),
}

impl Mirror {
    /// What `name` stands for: a directory, or a URL that names no JSON file.
    pub(super) fn named(name: &str, call: &CallConfig) -> anyhow::Result<Option<Self>> {
        if !is_url(name) {
            let path = Path::new(name);
            return Ok(path.is_dir().then(|| Self::Folder(path.to_owned())));
        }
        let is_document = Path::new(Url::parse(name)?.path()).extension() == Some("json".as_ref());
        if is_document { Ok(None) } else { Self::at(name, call).map(Some) }
    }

    /// A server.
    pub(super) fn at(url: &str, call: &CallConfig) -> anyhow::Result<Self> {
        Ok(Self::Url(client(call)?, Url::parse(url)?))
    }

    /// What it answers when it is asked for a file.
    pub(super) async fn answer(&self, path: &str) -> Answer {
        match self {
            Self::Folder(folder) => in_folder(folder, path),
            Self::Url(client, base) => from_server(client, base, path).await,
        }
    }
}

/// The names come from the repository, and may be an attacker's.
fn in_folder(folder: &Path, path: &str) -> Answer {
    if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        return Answer::Other("it leads out of the repository".to_owned());
    }
    let file = folder.join(path);
    match std::fs::metadata(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Answer::Missing,
        _ => read(&file).map_or_else(other, |content| Answer::File(content.into())),
    }
}

async fn from_server(client: &Client, base: &Url, path: &str) -> Answer {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    match client.get(url).send().await {
        Ok(answer) if answer.status() == StatusCode::NOT_FOUND => Answer::Missing,
        Ok(answer) => body(answer).await.map_or_else(other, |content| Answer::File(content.into())),
        Err(error) => other(error.into()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "so that it can be a function of its own in map_or_else")]
fn other(error: anyhow::Error) -> Answer {
    Answer::Other(format!("{error:#}"))
}

/// A document by its path or URL.
pub(super) async fn document(name: &str, call: &CallConfig) -> anyhow::Result<Vec<u8>> {
    if !is_url(name) {
        return read(Path::new(name));
    }
    body(client(call)?.get(name).send().await.context("was not reached")?).await
}

/// A file that is no longer than a document may be.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    let opened = std::fs::File::open(file).context("cannot be read")?;
    // One byte more, so that what is too long is told as such.
    opened.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut content).context("cannot be read")?;
    Ok(content)
}

fn is_url(name: &str) -> bool {
    name.starts_with("https://") || name.starts_with("http://")
}

fn client(call: &CallConfig) -> anyhow::Result<Client> {
    Ok(wire::http_client(call)?.timeout(PATIENCE).build()?)
}

async fn body(answer: reqwest::Response) -> anyhow::Result<Vec<u8>> {
    if !answer.status().is_success() {
        bail!("the server answered {}", answer.status());
    }
    http_body::read(answer, MAX_DOCUMENT).await
}
