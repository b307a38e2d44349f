use sigstead_crypto::PublicKey;

use crate::{Certificate, ChainError, ChainRules, Purpose, validate_chain, validate_key};

/// Leaves out the authorities that have ended, and checks the others.
///
/// # Errors
/// With the first rule that is not met. When none is left, with what is wrong with the last one, if anything is: that
/// says more than that there is none.
pub fn check_going<T>(
    all: Vec<T>,
    has_ended: impl Fn(&T) -> bool,
    check: impl Fn(&T) -> Result<(), ChainError>,
) -> Result<Vec<T>, Option<ChainError>> {
    let (ended, going): (Vec<_>, Vec<_>) = all.into_iter().partition(has_ended);
    if going.is_empty() {
        return Err(ended.last().and_then(|last| check(last).err()));
    }
    going.iter().try_for_each(check)?;
    Ok(going)
}

/// When an authority signs, in Unix seconds, both ends included. Its certificates may end it sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// From when on; before that it is only announced.
    pub since: i64,
    /// Until when; open while nothing is to follow.
    pub until: Option<i64>,
}

impl Term {
    /// While the certificates are valid.
    pub const OPEN: Self = Self { since: 0, until: None };

    /// Checks the chain of an authority of this term and the key under it; as of its beginning, if that is to come.
    ///
    /// # Errors
    /// With the first rule that is not met.
    pub fn check(
        self,
        chain: &[Certificate],
        key: &PublicKey,
        purpose: Purpose,
        now: i64,
    ) -> Result<(), ChainError> {
        validate_chain(chain, ChainRules { purpose, at: now.max(self.since) })?;
        validate_key(chain, key)
    }

    /// Whether an authority of this term, with this chain, signs at `at`.
    pub fn signs(self, chain: &[Certificate], at: i64) -> bool {
        self.since <= at && !self.has_ended(chain, at) && chain.iter().all(|one| one.is_valid_at(at))
    }

    /// Whether it will never sign again.
    pub fn has_ended(self, chain: &[Certificate], at: i64) -> bool {
        self.last(chain).is_some_and(|last| last < at)
    }

    /// The last second at which it signs.
    pub fn last(self, chain: &[Certificate]) -> Option<i64> {
        chain.iter().map(Certificate::not_after).chain(self.until).min()
    }
}
