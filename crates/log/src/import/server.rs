use std::error::Error as _;
use std::io::ErrorKind;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::offered::Described;
use super::received::{Answer, Received};
use super::{ImportError, OfferedShard};

/// Entries that Rekor gives in one answer.
const IN_ONE_ANSWER: u64 = 10;
/// Requests that are under way at once.
const AT_ONCE: usize = 16;
/// Answers that are waited for together.
const ANSWERS: u64 = 50;
/// How often a request is tried, and the pause before the second try; each further one is twice as long.
const TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Rekor whose shards are read.
#[derive(Debug)]
pub struct RekorServer {
    url: String,
    client: reqwest::Client,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogInfo {
    inactive_shards: Option<Vec<ShardInfo>>,
    #[serde(flatten)]
    active: ShardInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShardInfo {
    signed_tree_head: String,
    #[serde(rename = "treeID")]
    tree_id: String,
    tree_size: u64,
}

impl RekorServer {
    /// A server at a base URL; `http` says whose certificates are believed.
    ///
    /// # Errors
    /// When no client can be made of `http`.
    pub fn new(url: &str, http: reqwest::ClientBuilder) -> Result<Self, ImportError> {
        let client = http.timeout(PATIENCE).build()?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), client })
    }

    /// Its shards, oldest first; the last one may still take entries.
    ///
    /// # Errors
    /// When it is not reached, or a checkpoint is not signed by its shard's key.
    pub async fn shards(&self) -> Result<Vec<OfferedShard>, ImportError> {
        let info: LogInfo = self.json(self.client.get(format!("{}/api/v1/log", self.url))).await?;
        let frozen = info.inactive_shards.unwrap_or_default().into_iter().map(|shard| (shard, true));
        let (mut shards, mut first_log_index) = (Vec::new(), 0);
        for (ShardInfo { signed_tree_head, tree_id, tree_size }, is_frozen) in
            frozen.chain([(info.active, false)])
        {
            let url = format!("{}/api/v1/log/publicKey?treeID={tree_id}", self.url);
            let public_key = self.text(self.client.get(url)).await?;
            let described = Described { tree_id, signed_tree_head, public_key, first_log_index };
            shards.push(OfferedShard::new(&described, is_frozen)?);
            first_log_index += tree_size;
        }
        Ok(shards)
    }

    /// The next entries of a shard from a local index on.
    pub(super) async fn entries(
        &self,
        shard: &OfferedShard,
        from: u64,
    ) -> Result<Vec<Received>, ImportError> {
        let end = shard.checkpoint.size.min(from + IN_ONE_ANSWER * ANSWERS);
        let asked = (from..end).step_by(IN_ONE_ANSWER as usize).map(|first| {
            let first = shard.first_index + first;
            let last = (first + IN_ONE_ANSWER).min(shard.first_index + end);
            self.answer((first..last).collect())
        });
        let answers: Vec<Vec<Received>> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        Ok(answers.concat())
    }

    async fn answer(&self, indexes: Vec<u64>) -> Result<Vec<Received>, ImportError> {
        let request = self.client.post(format!("{}/api/v1/log/entries/retrieve", self.url));
        let answers: Vec<Answer> = self.json(request.json(&json!({ "logIndexes": indexes }))).await?;
        let mut received: Vec<Received> = answers.into_iter().flat_map(Received::of).collect();
        received.sort_by_key(|received| received.entry.log_index);
        match indexes.iter().zip(&received).find(|(index, received)| **index != received.entry.log_index) {
            None if received.len() == indexes.len() => Ok(received),
            _ => Err(ImportError::source(format!("it does not have all of the entries {indexes:?}"))),
        }
    }

    async fn json<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ImportError> {
        serde_json::from_str(&self.text(request).await?).map_err(ImportError::source)
    }

    /// An answer's text; what fails for a moment is tried again.
    async fn text(&self, request: reqwest::RequestBuilder) -> Result<String, ImportError> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let again = request
                .try_clone()
                .ok_or_else(|| ImportError::source("a request that cannot be repeated"))?;
            let failed = match again.send().await {
                Ok(answer) if answer.status().is_success() => return Ok(answer.text().await?),
                Ok(answer) if is_passing(answer.status()) => {
                    let seconds =
                        answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                    pause = pause.max(Duration::from_secs(seconds.unwrap_or_default()).min(PATIENCE));
                    ImportError::source(format!("{} answered {}", answer.url(), answer.status()))
                }
                Ok(answer) => {
                    return Err(ImportError::source(format!(
                        "{} answered {}",
                        answer.url(),
                        answer.status()
                    )));
                }
                Err(error) if is_not_believed(&error) => return Err(error.into()),
                Err(error) => error.into(),
            };
            if attempt == TRIES {
                return Err(failed);
            }
            tracing::warn!(failed = &failed as &dyn std::error::Error, ?pause, "asking again");
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(ImportError::source("no answer"))
    }
}

/// Whether TLS does not let us believe the server: it will not be another one in a moment.
fn is_not_believed(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref().is_some_and(is_invalid) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Such an error wraps others, which are not among its sources.
fn is_invalid(error: &std::io::Error) -> bool {
    let within = error.get_ref().and_then(|error| error.downcast_ref());
    error.kind() == ErrorKind::InvalidData || within.is_some_and(is_invalid)
}

fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}
