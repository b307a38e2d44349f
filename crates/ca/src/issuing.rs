use std::sync::Arc;

use sigstead_crypto::Signer;
use sigstead_x509::{Certificate, ChainError, Purpose, Term, check_going};

use crate::authority::StartError;

/// The key that signs certificates, the chain over it, and when and for whom it signs.
#[derive(Debug)]
pub struct IssuingCa {
    /// The key of the chain's first certificate.
    pub signer: Arc<dyn Signer>,
    /// The issuing certificate first, its root last.
    pub chain: Vec<Certificate>,
    /// When it signs.
    pub term: Term,
    /// Whose tokens it signs for, by their issuers' URLs; for everybody's if this is empty.
    pub token_issuers: Vec<String>,
}

impl IssuingCa {
    /// Signs for everybody, as long as its certificates are valid.
    pub const fn new(signer: Arc<dyn Signer>, chain: Vec<Certificate>) -> Self {
        Self { signer, chain, term: Term::OPEN, token_issuers: Vec::new() }
    }

    fn is_for(&self, token_issuer: &str) -> bool {
        self.token_issuers.iter().any(|issuer| issuer == token_issuer)
    }

    fn check(&self, now: i64) -> Result<(), ChainError> {
        self.term.check(&self.chain, self.signer.public_key(), Purpose::CodeSigningAuthority, now)
    }
}

/// Every issuing certificate that signs or will sign; the rule which one does.
#[derive(Debug, Default)]
pub(crate) struct IssuingCas(Vec<Arc<IssuingCa>>);

impl IssuingCas {
    /// Checks each chain and key; those that have ended are left out.
    pub(crate) fn new(all: Vec<IssuingCa>, now: i64) -> Result<Self, StartError> {
        let has_ended = |ca: &IssuingCa| ca.term.has_ended(&ca.chain, now);
        let going = check_going(all, has_ended, |ca| ca.check(now))
            .map_err(|why| why.map_or(StartError::NoneSigns, StartError::Chain))?;
        Ok(Self(going.into_iter().map(Arc::new).collect()))
    }

    /// The one that signs for tokens of `token_issuer` at `at`: of those that are for this issuer, or else of those
    /// that are for everybody, the one whose term began last.
    pub(crate) fn signing(&self, token_issuer: &str, at: i64) -> Option<&Arc<IssuingCa>> {
        let has_its_own = self.0.iter().any(|ca| ca.is_for(token_issuer));
        let fits = |ca: &IssuingCa| {
            if has_its_own { ca.is_for(token_issuer) } else { ca.token_issuers.is_empty() }
        };
        self.newest(at, fits)
    }

    /// The one that signs for everybody; that of some issuers if there is none.
    pub(crate) fn current(&self, at: i64) -> Option<&Arc<IssuingCa>> {
        self.newest(at, |ca| ca.token_issuers.is_empty()).or_else(|| self.newest(at, |_| true))
    }

    /// Every chain that certificates of today or later may have, the current one first.
    pub(crate) fn chains(&self, at: i64) -> Vec<&[Certificate]> {
        let current = self.current(at);
        let others = self.0.iter().rev().filter(|ca| current.is_none_or(|current| !Arc::ptr_eq(ca, current)));
        let going = others.filter(|ca| !ca.term.has_ended(&ca.chain, at));
        current.into_iter().chain(going).map(|ca| ca.chain.as_slice()).collect()
    }

    fn newest(&self, at: i64, fits: impl Fn(&IssuingCa) -> bool) -> Option<&Arc<IssuingCa>> {
        let signing = self.0.iter().filter(|ca| ca.term.signs(&ca.chain, at) && fits(ca));
        signing.max_by_key(|ca| ca.term.since)
    }
}
