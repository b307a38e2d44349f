use std::sync::Arc;

use arc_swap::ArcSwap;
use sigstead_clock::{Clock, Timestamp};
use sigstead_crypto::SignError;
use sigstead_x509::ChainError;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::clock_watch::ClockWatch;
use crate::error;
use crate::request::Request;
use crate::signing::{Signing, SigningKey, SigningKeys};
use crate::terms::Terms;
use crate::time_sources::TimeSources;

/// Stamps digests with the time.
#[derive(Debug)]
pub struct TimestampAuthority {
    keys: ArcSwap<SigningKeys>,
    clock: ClockWatch,
    pub(crate) terms: Terms,
}

/// What an authority is made of.
#[derive(Debug)]
pub struct TsaConfig {
    /// What signs, and what will sign.
    pub keys: Vec<SigningKey>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What requests may ask for.
    pub terms: Terms,
    /// Servers that the time is compared with.
    pub time_sources: Option<TimeSources>,
}

/// Why an authority cannot start; an operator configured it.
#[derive(Debug, Error)]
pub enum StartError {
    /// The chain, or the key under it.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// Every certificate has ended.
    #[error("no timestamping certificate signs now or later")]
    NoneSigns,
    /// The signing certificate cannot be put into tokens.
    #[error("the signing certificate: {0}")]
    Certificate(#[from] der::Error),
}

impl TimestampAuthority {
    /// Checks the chains by the rules of RFC 3161 §2.3, and that each key is its first certificate's.
    ///
    /// # Errors
    /// With the rule that is not met.
    pub fn new(config: TsaConfig) -> Result<Self, StartError> {
        let TsaConfig { keys, clock, terms, time_sources } = config;
        let keys = SigningKeys::new(keys, terms.sends_chain, clock.now().unix_seconds())?;
        let keys = ArcSwap::from_pointee(keys);
        Ok(Self { keys, clock: ClockWatch::new(clock, time_sources), terms })
    }

    /// Whether an authority could start with these at `now`, in Unix seconds.
    ///
    /// # Errors
    /// With the rule that is not met.
    pub fn check(keys: Vec<SigningKey>, now: i64) -> Result<(), StartError> {
        SigningKeys::new(keys, false, now).map(drop)
    }

    /// Signs with these from now on, or with none if all have ended: the last key may have been stolen.
    ///
    /// # Errors
    /// With the rule that is not met; then everything stays as it was.
    pub fn replace(&self, keys: Vec<SigningKey>) -> Result<(), StartError> {
        let keys = match SigningKeys::new(keys, self.terms.sends_chain, self.clock.now().unix_seconds()) {
            Err(StartError::NoneSigns) => SigningKeys::default(),
            keys => keys?,
        };
        self.keys.store(Arc::new(keys));
        Ok(())
    }

    /// The answer to a request, as a DER TimeStampResp.
    pub(crate) async fn stamp(&self, request: &Request) -> Result<Vec<u8>, error::Error> {
        let policy = self.terms.policy(request.policy).ok_or(error::Error::Policy)?;
        if request.extensions.is_some() && !self.terms.takes_extensions {
            return Err(error::Error::Extension);
        }
        let now = self.clock.trusted_now()?;
        let signing =
            self.signing(now).ok_or_else(|| SignError::new("no timestamping certificate is valid"))?;
        let answer = signing.maker.answer(request, policy, now).await;
        // The request was fine: what cannot be encoded now is our fault.
        answer.map_err(|error| match error {
            error::Error::Malformed => SignError::new("the token could not be encoded").into(),
            other => other,
        })
    }

    /// Watches the clock and compares it with its time servers, if there are any, until `shutdown`.
    pub async fn watch_clock(self: Arc<Self>, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.clock.watch()).await;
    }

    /// Why nothing is signed because of the clock; `None` if it does not stand in the way.
    pub fn clock_refusal(&self) -> Option<String> {
        self.clock.refusal()
    }

    /// Why the clock is not believed: it went back, or time servers do not vouch for it, which may be no more than a warning.
    pub fn clock_doubt(&self) -> Option<String> {
        self.clock.doubt()
    }

    /// Whether any certificate signs now; while none does, clients are refused.
    pub fn signs(&self) -> bool {
        self.current().is_some()
    }

    /// What signs now.
    pub(crate) fn current(&self) -> Option<Arc<Signing>> {
        self.signing(self.clock.now())
    }

    fn signing(&self, at: Timestamp) -> Option<Arc<Signing>> {
        self.keys.load().signing(at.unix_seconds())
    }
}
