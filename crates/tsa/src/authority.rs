use std::sync::Arc;

use const_oid::ObjectIdentifier;
use sigstead_clock::Clock;
use sigstead_crypto::{SignError, Signer};
use sigstead_x509::{Certificate, ChainError, ChainRules, Purpose, validate_chain, validate_key};
use thiserror::Error;

use crate::clock_watch::ClockWatch;
use crate::error;
use crate::request::Request;
use crate::token::TokenMaker;

/// Sigstore's policy for timestamps, the default.
const DEFAULT_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.2");

/// Stamps digests with the time.
#[derive(Debug)]
pub struct TimestampAuthority {
    maker: TokenMaker,
    clock: ClockWatch,
    chain: Vec<Certificate>,
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
        let TsaConfig { signer, chain, clock } = config;
        let at = i64::try_from(clock.now().seconds()).unwrap_or(i64::MAX);
        validate_chain(&chain, ChainRules { purpose: Purpose::Timestamping, at })?;
        validate_key(&chain, signer.public_key())?;
        let leaf = chain.first().ok_or(ChainError::TooShort(0))?;
        Ok(Self { maker: TokenMaker::new(leaf, signer)?, clock: ClockWatch::new(clock), chain })
    }

    /// The answer to a request, as a DER TimeStampResp.
    pub(crate) async fn stamp(&self, request: &Request) -> Result<Vec<u8>, error::Error> {
        let policy = request.policy.unwrap_or(DEFAULT_POLICY);
        if policy != DEFAULT_POLICY {
            return Err(error::Error::Policy);
        }
        let answer = self.maker.answer(request, policy, self.clock.trusted_now()?).await;
        // The request was fine: what cannot be encoded now is our fault.
        answer.map_err(|error| match error {
            error::Error::Malformed => SignError::new("the token could not be encoded").into(),
            other => other,
        })
    }

    /// The signing certificate first, the root last.
    pub(crate) fn chain(&self) -> &[Certificate] {
        &self.chain
    }
}
