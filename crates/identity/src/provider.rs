use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};
use sigstead_clock::{Clock, Timestamp};
use tokio::sync::Mutex;

use crate::TokenError;
use crate::discovery::{IssuerKeys, discover};

/// Keys are fetched again after this time; until a new answer comes, the old ones are used.
const FRESH: Duration = Duration::from_secs(3600);
/// No more than one fetch in this time, whatever tokens come.
const PAUSE: Duration = Duration::from_secs(10);

/// The keys of one issuer, fetched when they are first needed and kept.
#[derive(Debug)]
pub(crate) struct KeyCache {
    issuer: String,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: Option<Arc<IssuerKeys>>,
    /// When the keys were fetched.
    fetched: Option<Timestamp>,
    /// When a fetch was last tried, and why it failed.
    tried: Option<(Timestamp, Option<String>)>,
}

impl KeyCache {
    pub(crate) fn new(issuer: String, client: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, client, clock, state: Mutex::default() }
    }

    /// The token's claims, if one of the issuer's keys signed it. A token that no known key verifies is
    /// reason to fetch the keys again: the issuer may have new ones.
    pub(crate) async fn verify(&self, token: &str) -> Result<Map<String, Value>, TokenError> {
        let keys = self.keys(FRESH).await?;
        match verify_with(&keys, token) {
            Err(TokenError::Signature) => verify_with(&*self.keys(PAUSE).await?, token),
            outcome => outcome,
        }
    }

    /// Keys that are no older than `age`, or older ones if newer cannot be had, or may not be asked for yet.
    async fn keys(&self, age: Duration) -> Result<Arc<IssuerKeys>, TokenError> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        let is_fresh = state.fetched.is_some_and(|fetched| now < fetched.plus(age));
        let may_ask = state.tried.as_ref().is_none_or(|(tried, _)| now >= tried.plus(PAUSE));
        if !is_fresh && may_ask {
            match discover(&self.client, &self.issuer).await {
                Ok(keys) => {
                    state.keys = Some(Arc::new(keys));
                    state.fetched = Some(now);
                    state.tried = Some((now, None));
                }
                Err(why) => {
                    tracing::warn!(issuer = self.issuer, why, "the issuer's keys were not fetched");
                    state.tried = Some((now, Some(why)));
                }
            }
        }
        state.keys.clone().ok_or_else(|| TokenError::IssuerUnavailable {
            issuer: self.issuer.clone(),
            why: state.tried.as_ref().and_then(|(_, why)| why.clone()).unwrap_or_default(),
        })
    }
}

fn verify_with(keys: &IssuerKeys, token: &str) -> Result<Map<String, Value>, TokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed("its header"))?;
    if !keys.algorithms.contains(&header.alg) {
        return Err(TokenError::Algorithm);
    }
    let named = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
    for key in keys.keys.iter().filter(named) {
        if let Ok(claims) = verify_one(key, header.alg, token) {
            return Ok(claims);
        }
    }
    Err(TokenError::Signature)
}

/// The signature alone; times and audience are checked against our own clock and configuration.
fn verify_one(key: &Jwk, algorithm: Algorithm, token: &str) -> Result<Map<String, Value>, jsonwebtoken::errors::Error> {
    let mut signature_only = Validation::new(algorithm);
    signature_only.required_spec_claims.clear();
    signature_only.validate_exp = false;
    signature_only.validate_nbf = false;
    signature_only.validate_aud = false;
    let key = DecodingKey::from_jwk(key)?;
    Ok(jsonwebtoken::decode::<Map<String, Value>>(token, &key, &signature_only)?.claims)
}
