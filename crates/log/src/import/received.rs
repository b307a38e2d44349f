use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sigstead_crypto::HashAlgorithm;
use sigstead_entry::{attestation_key, known_of};
use sigstead_merkle::leaf_hash;
use sigstead_store::{Attestation, LeafSource, Proposal};

use super::{ImportError, OfferedShard};
use crate::entry_id::EntryId;
use crate::found_by::found_by;
use crate::record::{Promise, imported_leaf};
use crate::v1::promised;

/// One entry under its id, as Rekor's API answers.
pub(super) type Answer = BTreeMap<String, ReceivedBody>;

/// An entry as it came; nothing is believed yet.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) id: String,
    pub(super) entry: ReceivedBody,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceivedBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attestation: Option<ReceivedAttestation>,
    body: String,
    integrated_time: u64,
    #[serde(rename = "logID")]
    log_id: String,
    pub(super) log_index: u64,
    verification: ReceivedVerification,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ReceivedAttestation {
    #[serde(default)]
    data: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceivedVerification {
    signed_entry_timestamp: String,
}

impl Received {
    /// The entries of an answer; a well-formed one has one each.
    pub(super) fn of(answer: Answer) -> impl Iterator<Item = Self> {
        answer.into_iter().map(|(id, entry)| Self { id, entry })
    }

    pub(super) fn answer(self) -> Answer {
        BTreeMap::from([(self.id, self.entry)])
    }

    /// Checks everything that can be checked of one entry alone, and makes it one of this log's.
    pub(super) fn check(&self, shard: &OfferedShard, index: u64) -> Result<Proposal, ImportError> {
        let entry = &self.entry;
        let wrong = |why: &str| ImportError::entry(entry.log_index, why);
        if entry.log_index != shard.first_index + index {
            let expected = shard.first_index + index;
            return Err(ImportError::entry(entry.log_index, format!("entry {expected} should be here")));
        }
        let body = BASE64_STANDARD.decode(&entry.body).map_err(|_| wrong("its body is not base64"))?;
        let id = EntryId::parse(&self.id).ok_or_else(|| wrong("its id is not one"))?;
        if id.tree_id.is_some_and(|tree_id| tree_id != shard.tree_id.unsigned_abs()) {
            return Err(wrong("it is of another shard"));
        }
        if id.leaf_hash != leaf_hash(&body) {
            return Err(wrong("its body is not the one that its id names"));
        }
        if entry.log_id != hex::encode(shard.public_key.fingerprint()) {
            return Err(wrong("its logID is of another key"));
        }
        let set = BASE64_STANDARD.decode(&entry.verification.signed_entry_timestamp);
        let set = set.map_err(|_| wrong("its SET is not base64"))?;
        let signed = promised(&entry.body, entry.integrated_time, &entry.log_id, entry.log_index);
        if shard.public_key.verify(HashAlgorithm::Sha256, &signed, &set).is_err() {
            return Err(wrong("its SET does not verify under the shard's key"));
        }
        let promise = Promise { integrated_time: entry.integrated_time, set: set.into() };
        self.proposal(&body, &promise)
    }

    fn proposal(&self, body: &[u8], promise: &Promise) -> Result<Proposal, ImportError> {
        let kept = self.entry.attestation.as_ref().and_then(|kept| kept.data.as_ref());
        let wrong = |_| ImportError::entry(self.entry.log_index, "its attestation is not base64");
        let kept = kept.map(|data| BASE64_STANDARD.decode(data)).transpose().map_err(wrong)?;
        let taken = i64::try_from(promise.integrated_time).unwrap_or(i64::MAX);
        let known = known_of(body, kept.as_deref(), taken);
        let (search_keys, search_terms) = found_by(&known.search_values, &known.fields);
        let attestation =
            attestation_key(body).zip(kept).map(|(key, data)| Attestation { key, data: Bytes::from(data) });
        Ok(Proposal {
            leaf: LeafSource::Fixed(imported_leaf(body, promise)),
            search_keys,
            search_terms,
            attestation,
        })
    }

    /// When the source took it, in Unix seconds.
    pub(super) const fn integrated_time(&self) -> u64 {
        self.entry.integrated_time
    }
}
