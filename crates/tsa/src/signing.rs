use std::sync::Arc;

use sigstead_crypto::Signer;
use sigstead_x509::{Certificate, ChainError, Purpose, Term, check_going};

use crate::authority::StartError;
use crate::token::TokenMaker;

/// The key that signs tokens, the chain over it, and when it signs.
#[derive(Debug)]
pub struct SigningKey {
    /// The key of the chain's first certificate.
    pub signer: Arc<dyn Signer>,
    /// The signing certificate first, its root last.
    pub chain: Vec<Certificate>,
    /// When it signs.
    pub term: Term,
}

impl SigningKey {
    /// Signs as long as its certificates are valid.
    pub const fn new(signer: Arc<dyn Signer>, chain: Vec<Certificate>) -> Self {
        Self { signer, chain, term: Term::OPEN }
    }

    /// By the rules of RFC 3161 §2.3.
    fn check(&self, now: i64) -> Result<(), ChainError> {
        self.term.check(&self.chain, self.signer.public_key(), Purpose::Timestamping, now)
    }
}

/// A key that was checked, with what its tokens have in common.
#[derive(Debug)]
pub(crate) struct Signing {
    pub(crate) maker: TokenMaker,
    /// The signing certificate first, the root last.
    pub(crate) chain: Vec<Certificate>,
    term: Term,
}

/// Every key that signs or will sign.
#[derive(Debug, Default)]
pub(crate) struct SigningKeys(Vec<Arc<Signing>>);

impl SigningKeys {
    /// Checks each chain and key; those that have ended are left out.
    pub(crate) fn new(all: Vec<SigningKey>, sends_chain: bool, now: i64) -> Result<Self, StartError> {
        let has_ended = |key: &SigningKey| key.term.has_ended(&key.chain, now);
        let going = check_going(all, has_ended, |key| key.check(now))
            .map_err(|why| why.map_or(StartError::NoneSigns, StartError::Chain))?;
        let signing = going.into_iter().map(|SigningKey { signer, chain, term }| {
            Ok(Arc::new(Signing { maker: TokenMaker::new(&chain, sends_chain, signer)?, chain, term }))
        });
        signing.collect::<Result<_, _>>().map(Self)
    }

    /// The one that signs at `at`: that whose term began last.
    pub(crate) fn signing(&self, at: i64) -> Option<Arc<Signing>> {
        let signing = self.0.iter().filter(|key| key.term.signs(&key.chain, at));
        signing.max_by_key(|key| key.term.since).cloned()
    }
}
