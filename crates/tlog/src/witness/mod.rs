//! Witnesses: others who cosign a checkpoint once they have seen that it continues the one before (C2SP
//! tlog-witness). A checkpoint with enough cosignatures cannot be shown to one client and hidden from another.

mod ask;
mod gather;
mod policy;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use sigstead_crypto::VerifierKey;

pub(crate) use gather::Round;
pub use policy::{Policy, PolicyError};

/// What follows when too few witnesses cosign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnMissing {
    /// The checkpoint is published with those that there are.
    Publish,
    /// The checkpoint before stays, and who waits for this one is told to come again.
    Wait,
}

/// A log's witnesses, and how long they are waited for.
#[derive(Debug)]
pub struct Witnesses {
    policy: Policy,
    client: ArcSwap<reqwest::Client>,
    /// How long an answer is waited for.
    patience: Duration,
    on_missing: OnMissing,
    /// What each is known to have seen; a witness that has seen more says so.
    seen: Mutex<BTreeMap<String, u64>>,
}

/// One of them.
#[derive(Debug, Clone)]
struct Witness {
    name: String,
    key: VerifierKey,
    url: String,
}

impl Witnesses {
    /// By a policy; each answer is waited for at most `patience`, and `http` says whose certificates are believed.
    ///
    /// # Errors
    /// When no client can be made of `http`.
    pub fn new(
        policy: Policy,
        patience: Duration,
        on_missing: OnMissing,
        http: reqwest::ClientBuilder,
    ) -> Result<Self, reqwest::Error> {
        let client = ArcSwap::from_pointee(http.timeout(patience).build()?);
        Ok(Self { policy, client, patience, on_missing, seen: Mutex::default() })
    }

    /// Reaches them in this way from now on.
    ///
    /// # Errors
    /// When no client can be made of `http`; then everything stays as it was.
    pub fn reach_by(&self, http: reqwest::ClientBuilder) -> Result<(), reqwest::Error> {
        self.client.store(Arc::new(http.timeout(self.patience).build()?));
        Ok(())
    }

    /// Those that can be asked.
    fn all(&self) -> impl Iterator<Item = Witness> {
        self.policy.witnesses.iter().filter_map(|(name, (key, url))| {
            Some(Witness { name: name.clone(), key: key.clone(), url: url.clone()? })
        })
    }

    fn seen_by(&self, name: &str) -> u64 {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied().unwrap_or_default()
    }

    fn has_seen(&self, name: &str, size: u64) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), size);
    }
}
