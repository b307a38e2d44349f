use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};
use sigstead_clock::{Clock, Timestamp};
use tokio::sync::{Mutex, MutexGuard};

use crate::TokenError;
use crate::discovery::{Client, IssuerKeys, discover};

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
    pub(crate) async fn verify(&self, token: &str) -> Result<Map<String, Value>, TokenError> {
        match verify_with(&self.current().await?.keys, token) {
            Err(TokenError::Signature) => {
                verify_with(&self.fetched_within(PAUSE, self.tried.lock().await).await?.keys, token)
            }
            outcome => outcome,
        }
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

fn verify_with(keys: &IssuerKeys, token: &str) -> Result<Map<String, Value>, TokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed("its header"))?;
    if header.crit.is_some() {
        return Err(TokenError::Malformed("its header has critical extensions, and none is known here"));
    }
    if !keys.algorithms.contains(&header.alg) {
        return Err(TokenError::Algorithm);
    }
    let is_named = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
    let is_for = |key: &&Jwk| {
        let algorithm = key.common.key_algorithm.map(|algorithm| Algorithm::from_str(&algorithm.to_string()));
        algorithm.is_none_or(|algorithm| algorithm.is_ok_and(|algorithm| algorithm == header.alg))
    };
    let mut candidates = keys.keys.iter().filter(is_named).filter(is_for);
    let claims = candidates.find_map(|key| verify_one(key, header.alg, token).ok());
    claims.ok_or(TokenError::Signature)
}

/// The signature alone; times and audience are checked against our own clock and configuration.
fn verify_one(
    key: &Jwk,
    algorithm: Algorithm,
    token: &str,
) -> Result<Map<String, Value>, jsonwebtoken::errors::Error> {
    let mut signature_only = Validation::new(algorithm);
    signature_only.required_spec_claims.clear();
    signature_only.validate_exp = false;
    signature_only.validate_nbf = false;
    signature_only.validate_aud = false;
    let key = DecodingKey::from_jwk(key)?;
    Ok(jsonwebtoken::decode::<Map<String, Value>>(token, &key, &signature_only)?.claims)
}
