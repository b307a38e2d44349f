use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use reqwest::{Client, StatusCode};
use sigstead_trust::lint::tuf::Answer;
use url::Url;

use super::named_document::{body, client, is_json, is_url, read};
use crate::config::CallConfig;

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
        if is_json(&Url::parse(name)?) { Ok(None) } else { Self::at(name, call).map(Some) }
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
