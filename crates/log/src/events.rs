//! CloudEvents about new entries. The log is its own outbox: an entry's event is due as soon as the entry is
//! committed, and a cursor in the database says how far a sink was told. What was delivered but not yet noted
//! is delivered again, so a sink sees each entry at least once.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use sigstead_clock::Timestamp;
use sigstead_crypto::Secret;
use sigstead_entry::{Fields, Proposed, SearchField};
use sigstead_merkle::leaf_hash;
use sigstead_proto::common_v1::LogId;
use sigstead_proto::rekor_v1::{
    Checkpoint, InclusionPromise, InclusionProof, KindVersion, TransparencyLogEntry,
};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::RekorLog;
use crate::entry_id::EntryId;
use crate::service::{FoundEntry, LogError};
use crate::shards::{Location, Shards};
use crate::v1::signed_entry_timestamp;

/// Events that are under way at once.
const AT_ONCE: u64 = 32;
/// How often the log is looked at for new entries.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Longest pause after a sink refused or was not reached; the first is a second, each further one twice as long.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long a sink may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A webhook that is told of every new entry.
#[derive(Debug)]
pub struct EventSink {
    url: String,
    token: Option<Secret<String>>,
    client: ArcSwap<reqwest::Client>,
}

#[derive(Debug, Error)]
enum DeliveryError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the sink was not reached: {0}")]
    Sink(#[from] reqwest::Error),
    #[error("the sink answered {0}")]
    Refused(reqwest::StatusCode),
}

impl EventSink {
    /// A sink at a URL, with a bearer token if it wants one; `http` says whose certificates are believed.
    ///
    /// # Errors
    /// When no client can be made of `http`.
    pub fn new(
        url: String,
        token: Option<Secret<String>>,
        http: reqwest::ClientBuilder,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self { url, token, client: ArcSwap::from_pointee(http.timeout(PATIENCE).build()?) })
    }

    /// Reaches it in this way from now on.
    ///
    /// # Errors
    /// When no client can be made of `http`; then everything stays as it was.
    pub fn reach_by(&self, http: reqwest::ClientBuilder) -> Result<(), reqwest::Error> {
        self.client.store(Arc::new(http.timeout(PATIENCE).build()?));
        Ok(())
    }

    /// One event in CloudEvents' structured mode; any 2xx is a receipt.
    async fn send(&self, event: &Value) -> Result<(), DeliveryError> {
        let mut request = self.client.load().post(&self.url).body(event.to_string());
        request = request.header("content-type", "application/cloudevents+json");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        let status = request.send().await?.status();
        if status.is_success() { Ok(()) } else { Err(DeliveryError::Refused(status)) }
    }
}

impl RekorLog {
    /// Notes where a sink begins, before the log takes the first entry that it must be told of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_events(&self, sink: &EventSink) -> Result<(), LogError> {
        for shard in self.shards().iter() {
            let size = shard.log.published().await?.size;
            self.database().event_cursor(shard.log.tree().key, &sink.url, size).await?;
        }
        Ok(())
    }

    /// Tells a sink of new entries, shard by shard and in order of their indexes, until `shutdown`.
    pub async fn deliver_events(self: Arc<Self>, sink: Arc<EventSink>, shutdown: CancellationToken) {
        // From zero, so that alerts see the first one.
        for status in ["ok", "error"] {
            count(status, 0);
        }
        let deliver = async {
            let mut pause = LOOK_EVERY;
            loop {
                pause = match self.deliver_pending(&sink).await {
                    Ok(()) => LOOK_EVERY,
                    Err(error) => {
                        count("error", 1);
                        tracing::warn!(sink = sink.url, %error, "events are delivered later");
                        (pause * 2).min(LONGEST_PAUSE)
                    }
                };
                tokio::time::sleep(pause).await;
            }
        };
        shutdown.run_until_cancelled(deliver).await;
    }

    async fn deliver_pending(&self, sink: &EventSink) -> Result<(), DeliveryError> {
        let shards = self.shards();
        for (shard, one) in shards.iter().enumerate() {
            let tree = one.log.tree().key;
            let size = one.log.published().await.map_err(LogError::from)?.size;
            let mut next =
                self.database().event_cursor(tree, &sink.url, size).await.map_err(LogError::from)?;
            while next < size {
                let end = size.min(next + AT_ONCE);
                let told = (next..end).map(|index| self.tell(sink, &shards, Location { shard, index }));
                try_join_all(told).await?;
                let step = (next, end);
                if !self
                    .database()
                    .advance_event_cursor(tree, &sink.url, step)
                    .await
                    .map_err(LogError::from)?
                {
                    // Another server tells this sink as well: what is left is its business for now.
                    break;
                }
                count("ok", end - next);
                next = end;
            }
        }
        Ok(())
    }

    async fn tell(&self, sink: &EventSink, shards: &Shards, location: Location) -> Result<(), DeliveryError> {
        let damaged = || LogError::Damaged(location.index);
        let found = self.entry(location).await?.ok_or_else(damaged)?;
        let body: Value = serde_json::from_slice(&found.body).map_err(|_| damaged())?;
        let id = EntryId::new(shards.get(location.shard).tree_id(), leaf_hash(&found.body));
        let entry = self.as_in_bundles(shards, &found, &body).await?;
        let event = json!({
            "specversion": "1.0",
            "id": id.to_string(),
            "source": "/createLogEntry",
            "type": "dev.sigstore.rekor.events.v1.NewEntry",
            "datacontenttype": "application/json",
            "time": Timestamp::from_millis(found.timestamp_ms).to_rfc3339(),
            "rekor_entry_kind": Fields::of(Some(&body)).text("kind"),
            "rekor_signing_subjects": signing_subjects(&body).join(","),
            "data": entry,
        });
        sink.send(&event).await
    }
}

impl RekorLog {
    /// An entry in the form that bundles have it.
    async fn as_in_bundles(
        &self,
        shards: &Shards,
        found: &FoundEntry,
        body: &Value,
    ) -> Result<TransparencyLogEntry, LogError> {
        let shard = shards.get(found.location.shard);
        let (index, time) = (shards.global_index(found.location), found.timestamp_ms / 1000);
        let body_text = BASE64_STANDARD.encode(&found.body);
        let set = match &found.promise {
            Some(promise) => promise.set.to_vec(),
            None => signed_entry_timestamp(shard, &shard.log_id(), &body_text, time, index).await?,
        };
        let text = |name: &str| Fields::of(Some(body)).text(name).unwrap_or_default().to_owned();
        Ok(TransparencyLogEntry {
            log_index: index.cast_signed(),
            log_id: Some(LogId { key_id: shard.public_key().fingerprint().to_vec() }),
            kind_version: Some(KindVersion { kind: text("kind"), version: text("apiVersion") }),
            integrated_time: time.cast_signed(),
            inclusion_promise: Some(InclusionPromise { signed_entry_timestamp: set }),
            inclusion_proof: Some(InclusionProof {
                log_index: found.proof.index.cast_signed(),
                root_hash: found.proof.root.to_vec(),
                tree_size: found.proof.size.cast_signed(),
                hashes: found.proof.hashes.iter().map(|hash| hash.to_vec()).collect(),
                checkpoint: Some(Checkpoint { envelope: found.checkpoint.clone() }),
            }),
            canonicalized_body: found.body.to_vec(),
        })
    }
}

fn count(status: &'static str, events: u64) {
    metrics::counter!("rekor_publish_events", "event" => "new_entry", "status" => status).increment(events);
}

/// The names in the certificates of an entry, sorted; none where the log keeps none.
fn signing_subjects(body: &Value) -> Vec<String> {
    // Nothing is believed here that was not checked when the entry was added; time plays no part in names.
    let Ok(leaf) = Proposed::parse(body).and_then(|entry| entry.verify(0)) else { return Vec::new() };
    let subjects = leaf.fields.into_iter().filter(|(field, _)| *field == SearchField::Subject);
    let mut subjects: Vec<String> = subjects.map(|(_, subject)| subject).collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}
