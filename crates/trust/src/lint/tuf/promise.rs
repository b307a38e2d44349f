use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use sigstead_crypto::HashAlgorithm;

use super::ALL;
use super::root::object;
use crate::lint::rule::{Check, Finding, GO, JAVA, POLICY_CONTROLLER, PYTHON, error, findings, when};

/// What a signed file says of another one's bytes, and those bytes.
pub(super) struct Promise {
    length: Option<u64>,
    hashes: Option<BTreeMap<String, String>>,
    content: Bytes,
}

impl Promise {
    pub(super) fn read(entry: &Value, content: Bytes) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let hashes = entry.get("hashes");
        let known = object(hashes).map(|(name, digest)| (name.clone(), text(digest))).collect();
        Self { length: entry.get("length").and_then(Value::as_u64), hashes: hashes.map(|_| known), content }
    }

    pub(super) fn findings(&self, path: &str) -> Vec<Finding> {
        findings(PROMISE, self, path)
    }

    fn hashes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.hashes.iter().flatten().map(|(name, digest)| (name.as_str(), digest.as_str()))
    }
}

/// The algorithms that every client knows.
fn algorithm(name: &str) -> Option<HashAlgorithm> {
    match name {
        "sha256" => Some(HashAlgorithm::Sha256),
        "sha512" => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

static PROMISE: &[Check<Promise>] = &[
    Check {
        rule: error("tuf-length", ALL, "refuse the file", "publish the bytes that were signed for"),
        at: "length",
        broken: |promise| {
            let found = u64::try_from(promise.content.len()).unwrap_or(u64::MAX);
            let promised = promise.length?;
            when(promised != found, format!("{promised}, but the file has {found} bytes"))
        },
    },
    Check {
        rule: error("tuf-hash", ALL, "refuse the file", "publish the bytes that were signed for"),
        at: "hashes",
        broken: |promise| {
            let other = promise.hashes().find(|(name, digest)| {
                let found = algorithm(name).map(|algorithm| hex::encode(algorithm.digest(&promise.content)));
                found.is_some_and(|found| found != digest.to_lowercase())
            });
            other.map(|(name, _)| format!("the file has another {name}"))
        },
    },
    Check {
        rule: error(
            "tuf-hash-unknown",
            &[GO, POLICY_CONTROLLER],
            "refuse the file",
            "write sha256, and no other beside it",
        ),
        at: "hashes",
        broken: |promise| {
            let unknown = promise.hashes().find(|(name, _)| algorithm(name).is_none());
            unknown.map(|(name, _)| name.to_owned())
        },
    },
    Check {
        rule: error("tuf-hash-neither", &[JAVA], "refuses the file", "write sha256"),
        at: "hashes",
        broken: |promise| {
            let is_known = promise.hashes().any(|(name, _)| algorithm(name).is_some());
            when(promise.hashes.is_some() && !is_known, "neither sha256 nor sha512")
        },
    },
    Check {
        rule: error(
            "tuf-hashes-empty",
            &[GO, PYTHON],
            "refuse what says so, or find its signatures wrong",
            "write sha256, or leave hashes out where the version is enough",
        ),
        at: "hashes",
        broken: |promise| when(promise.hashes.as_ref().is_some_and(BTreeMap::is_empty), "none"),
    },
];
