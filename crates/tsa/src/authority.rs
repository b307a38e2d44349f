use std::sync::Arc;

use sigstead_clock::Clock;
use sigstead_crypto::{SignError, Signer};
use sigstead_x509::{Certificate, ChainError, ChainRules, Purpose, validate_chain, validate_key};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::clock_watch::ClockWatch;
use crate::error;
use crate::request::Request;
use crate::terms::Terms;
use crate::time_sources::TimeSources;
use crate::token::TokenMaker;

/// Stamps digests with the time.
#[derive(Debug)]
pub struct TimestampAuthority {
    maker: TokenMaker,
    clock: ClockWatch,
    chain: Vec<Certificate>,
    pub(crate) terms: Terms,
}

/// What an authority is made of.
#[derive(Debug)]
pub struct TsaConfig {
    /// The key of the chain's first certificate.
    pub signer: Arc<dyn Signer>,
    /// The signing certificate first, its root last.
    pub chain: Vec<Certificate>,
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
    /// The signing certificate cannot be put into tokens.
    #[error("the signing certificate: {0}")]
    Certificate(#[from] der::Error),
}

impl TimestampAuthority {
    /// Checks the chain by the rules of RFC 3161 §2.3, and that the key is its first certificate's.
    ///
    /// # Errors
    /// With the rule that is not met.
    pub fn new(config: TsaConfig) -> Result<Self, StartError> {
        let TsaConfig { signer, chain, clock, terms, time_sources } = config;
        let at = i64::try_from(clock.now().seconds()).unwrap_or(i64::MAX);
        validate_chain(&chain, ChainRules { purpose: Purpose::Timestamping, at })?;
        validate_key(&chain, signer.public_key())?;
        let maker = TokenMaker::new(&chain, terms.sends_chain, signer)?;
        Ok(Self { maker, clock: ClockWatch::new(clock, time_sources), chain, terms })
    }

    /// The answer to a request, as a DER TimeStampResp.
    pub(crate) async fn stamp(&self, request: &Request) -> Result<Vec<u8>, error::Error> {
        let policy = self.terms.policy(request.policy).ok_or(error::Error::Policy)?;
        if request.extensions.is_some() && !self.terms.takes_extensions {
            return Err(error::Error::Extension);
        }
        let answer = self.maker.answer(request, policy, self.clock.trusted_now()?).await;
        // The request was fine: what cannot be encoded now is our fault.
        answer.map_err(|error| match error {
            error::Error::Malformed => SignError::new("the token could not be encoded").into(),
            other => other,
        })
    }

    /// Compares the clock with its time servers from time to time, until `shutdown`; returns if there are none.
    pub async fn watch_clock(self: Arc<Self>, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.clock.compare()).await;
    }

    /// Why time servers do not vouch for the clock; `None` if they do, or if none are asked.
    pub fn clock_doubt(&self) -> Option<String> {
        self.clock.doubt()
    }

    /// The signing certificate first, the root last.
    pub(crate) fn chain(&self) -> &[Certificate] {
        &self.chain
    }
}
