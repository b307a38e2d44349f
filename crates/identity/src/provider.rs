use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde_json::{Map, Value};
use sigstead_clock::{Clock, Timestamp};
use tokio::sync::{Mutex, MutexGuard};

use crate::TokenError;
use crate::discovery::{Client, discover};
use crate::issuer_keys::IssuerKeys;
use crate::token::Unverified;

/// Keys are fetched again after this time; until a new answer comes, the old ones are used.
const FRESH: Duration = Duration::from_secs(3600);
/// No more than one fetch in this time, whatever tokens come.
const PAUSE: Duration = Duration::from_secs(10);

/// The keys of one issuer, fetched when they are first needed and kept.
#[derive(Debug)]
pub(crate) struct KeyCache {
    issuer: String,
    client: Client,
    clock: Arc<dyn Clock>,
    /// The newest good answer. Whoever can do with it never waits for a fetch.
    known: ArcSwapOption<Known>,
    /// The last try. Held while fetching, so that there is one fetch at a time.
    tried: Mutex<Tried>,
}

#[derive(Debug)]
struct Known {
    keys: IssuerKeys,
    fetched: Timestamp,
}

#[derive(Debug, Default)]
struct Tried {
    at: Option<Timestamp>,
    /// Why it failed, if it did.
    failure: String,
}

impl KeyCache {
    pub(crate) fn new(issuer: String, client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, client, clock, known: ArcSwapOption::empty(), tried: Mutex::default() }
    }

    /// The token's claims, if one of the issuer's keys signed it. A token that no known key verifies is
    /// reason to fetch the keys again: the issuer may have new ones.
    pub(crate) async fn verify(&self, token: Unverified<'_>) -> Result<Map<String, Value>, TokenError> {
        match self.current().await?.keys.verify(&token) {
            Err(TokenError::Signature) => {
                self.fetched_within(PAUSE, self.tried.lock().await).await?.keys.verify(&token)?;
            }
            outcome => outcome?,
        }
        Ok(token.into_verified_claims())
    }

    /// The keys to begin with: old ones too, while somebody else is fetching.
    async fn current(&self) -> Result<Arc<Known>, TokenError> {
        match (self.known.load_full(), self.tried.try_lock()) {
            (Some(known), _) if self.is_younger(&known, FRESH) => Ok(known),
            (Some(known), Err(_)) => Ok(known),
            (_, Ok(tried)) => self.fetched_within(FRESH, tried).await,
            (None, Err(_)) => self.fetched_within(FRESH, self.tried.lock().await).await,
        }
    }

    /// Keys that are no older than `age`, or older ones if newer cannot be had, or may not be asked for yet.
    async fn fetched_within(
        &self,
        age: Duration,
        mut tried: MutexGuard<'_, Tried>,
    ) -> Result<Arc<Known>, TokenError> {
        let now = self.clock.now();
        let known = self.known.load_full();
        let is_fresh = known.as_ref().is_some_and(|known| self.is_younger(known, age));
        if !is_fresh && tried.at.is_none_or(|at| now >= at.plus(PAUSE)) {
            let outcome = discover(&self.client, &self.issuer).await;
            tried.at = Some(self.clock.now());
            match outcome {
                Ok(keys) => {
                    let known = Arc::new(Known { keys, fetched: now });
                    self.known.store(Some(Arc::clone(&known)));
                    return Ok(known);
                }
                Err(why) => {
                    tracing::warn!(issuer = self.issuer, why, "the issuer's keys were not fetched");
                    tried.failure = why;
                }
            }
        }
        let unavailable =
            || TokenError::IssuerUnavailable { issuer: self.issuer.clone(), why: tried.failure.clone() };
        known.ok_or_else(unavailable)
    }

    fn is_younger(&self, known: &Known, age: Duration) -> bool {
        self.clock.now() < known.fetched.plus(age)
    }
}
