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

    /// The one that signs for tokens of `token_issuer` at `at`: of those that sign for this issuer then, or else of
    /// those that sign for everybody, the one whose term began last. One that is only announced takes nothing away.
    pub(crate) fn signing(&self, token_issuer: &str, at: i64) -> Option<&Arc<IssuingCa>> {
        let its_own = self.newest(at, |ca| ca.is_for(token_issuer));
        its_own.or_else(|| self.newest(at, |ca| ca.token_issuers.is_empty()))
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

#[cfg(test)]
mod tests {
    use sigstead_crypto::{KeyKind, SoftwareSigner};

    use super::*;

    const CI: &str = "https://ci.example";
    const PEOPLE: &str = "https://people.example";

    /// One for each term, for everybody or for the issuer that is named.
    fn cas(terms: &[(Term, Option<&str>)]) -> IssuingCas {
        let ca = |(term, token_issuer): &(Term, Option<&str>)| IssuingCa {
            signer: Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap()),
            chain: Vec::new(),
            term: *term,
            token_issuers: token_issuer.iter().map(ToString::to_string).collect(),
        };
        IssuingCas(terms.iter().map(ca).map(Arc::new).collect())
    }

    /// When the one began that signs, if any does.
    fn signing(cas: &IssuingCas, token_issuer: &str, at: i64) -> Option<i64> {
        cas.signing(token_issuer, at).map(|ca| ca.term.since)
    }

    #[test]
    fn the_newest_signs_whose_time_has_come() {
        let cas =
            cas(&[(Term { since: 10, until: Some(30) }, None), (Term { since: 20, until: None }, None)]);
        let seen = [9, 10, 19, 20, 31].map(|at| signing(&cas, CI, at));
        assert_eq!(seen, [None, Some(10), Some(10), Some(20), Some(20)]);
    }

    #[test]
    fn one_for_some_tokens_signs_for_them_from_its_time_to_its_end() {
        let own = Term { since: 20, until: Some(30) };
        let cas = cas(&[(Term { since: 10, until: None }, None), (own, Some(CI))]);
        let seen = [19, 20, 30, 31].map(|at| (signing(&cas, CI, at), signing(&cas, PEOPLE, at)));
        let everybodys = (Some(10), Some(10));
        assert_eq!(seen, [everybodys, (Some(20), Some(10)), (Some(20), Some(10)), everybodys]);
    }

    #[test]
    fn one_for_some_tokens_is_for_no_others() {
        let cas = cas(&[(Term::OPEN, Some(CI))]);
        assert!(signing(&cas, CI, 1).is_some() && signing(&cas, PEOPLE, 1).is_none());
    }
}
