use std::fmt;
use std::time::Duration;

use sigstead_identity::{IssuerType, Principal};

use super::claim::ClaimRule;
use super::expression::{Expression, Facts};
use super::pattern::Pattern;
use super::rule::{Conditions, Effect, Policy, Rule, Terms};

/// What a certificate is asked for: by whom, and for what kind of key.
#[derive(Debug, Clone, Copy)]
pub struct PolicyRequest<'a> {
    /// Who, with everything that the token claims.
    pub principal: &'a Principal,
    /// Fulcio's name of what the key signs with.
    pub key_algorithm: &'a str,
}

/// What a policy decides about a request, and how it came to that. It displays itself for operators.
#[derive(Debug)]
pub struct Decision<'a> {
    /// Rules that did not match, and why not.
    pub(super) passed_over: Vec<(&'a Rule, Mismatch<'a>)>,
    /// The rule that decided; without one it was the default.
    pub(super) decider: Option<&'a Rule>,
    /// Rules that were not asked any more.
    pub(super) not_asked: &'a [Rule],
    /// How long the certificate may be valid at most, if the policy says; or why there is none.
    pub(super) outcome: Result<Option<Duration>, Denial>,
}

/// Why a request is not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The rule; none if no rule matched.
    pub rule: Option<String>,
    /// For the operator.
    pub reason: String,
    /// For the client.
    pub message: String,
}

/// The condition of a rule that a request does not meet.
#[derive(Debug)]
pub(super) enum Mismatch<'a> {
    Issuer(&'a Pattern),
    Type(IssuerType),
    San(&'a Pattern),
    Claim(&'a ClaimRule),
    When(&'a Expression),
}

impl Policy {
    /// Decides. The first rule that matches does; one whose condition cannot be evaluated denies.
    pub fn decide<'a>(&'a self, request: PolicyRequest<'_>) -> Decision<'a> {
        let facts = Facts::new(request);
        let mut passed_over = Vec::new();
        let mut rules = self.rules.iter();
        for rule in rules.by_ref() {
            let outcome = match rule.conditions.mismatch(request, &facts) {
                Ok(Some(mismatch)) => {
                    passed_over.push((rule, mismatch));
                    continue;
                }
                Ok(None) => rule.outcome(request),
                Err(why) => Err(rule.undecidable(&why)),
            };
            return Decision { passed_over, decider: Some(rule), not_asked: rules.as_slice(), outcome };
        }
        let outcome = if self.allows_the_rest { Ok(None) } else { Err(Denial::by_default()) };
        Decision { passed_over, decider: None, not_asked: &[], outcome }
    }
}

impl Decision<'_> {
    /// How long the certificate is valid, where without a policy it would be for the `usual` time.
    ///
    /// # Errors
    /// With the denial.
    pub fn lifetime(self, usual: Duration) -> Result<Duration, Denial> {
        self.outcome.map(|longest| longest.map_or(usual, |longest| longest.min(usual)))
    }
}

impl Conditions {
    /// The first condition that is not met. The expression comes last: the others are cheap.
    fn mismatch(
        &self,
        request: PolicyRequest<'_>,
        facts: &Facts<'_>,
    ) -> Result<Option<Mismatch<'_>>, String> {
        let Principal { issuer, issuer_type, name, claims, .. } = request.principal;
        if let Some(pattern) = self.issuer.as_ref().filter(|pattern| !pattern.matches(issuer)) {
            return Ok(Some(Mismatch::Issuer(pattern)));
        }
        if let Some(wanted) = self.issuer_type.filter(|wanted| wanted != issuer_type) {
            return Ok(Some(Mismatch::Type(wanted)));
        }
        if let Some(pattern) = self.san.as_ref().filter(|pattern| !pattern.matches(&name.value())) {
            return Ok(Some(Mismatch::San(pattern)));
        }
        if let Some(claim) = self.claims.iter().find(|claim| !claim.is_met(claims)) {
            return Ok(Some(Mismatch::Claim(claim)));
        }
        match &self.when {
            Some(expression) if !expression.holds(facts)? => Ok(Some(Mismatch::When(expression))),
            _ => Ok(None),
        }
    }
}

impl Rule {
    /// What becomes of a request that matches.
    fn outcome(&self, request: PolicyRequest<'_>) -> Result<Option<Duration>, Denial> {
        match &self.effect {
            Effect::Deny => Err(self.denial("it denies")),
            Effect::Allow(terms) => match terms.unmet(request) {
                Some(why) => Err(self.unmet(&why)),
                None => Ok(terms.max_lifetime),
            },
        }
    }

    /// The client is not told why: the reason may quote claims.
    fn undecidable(&self, why: &str) -> Denial {
        self.denial(&format!("its condition cannot be evaluated: {why}"))
    }

    /// The client can do something about it.
    fn unmet(&self, why: &str) -> Denial {
        let denial = self.denial(why);
        match self.message {
            Some(_) => denial,
            None => Denial { message: format!("{}: {why}", denial.message), ..denial },
        }
    }

    fn denial(&self, why: &str) -> Denial {
        let usual = || format!("the issuance policy denies a certificate by its rule {:?}", self.name);
        Denial {
            rule: Some(self.name.clone()),
            reason: format!("rule {:?}: {why}", self.name),
            message: self.message.clone().unwrap_or_else(usual),
        }
    }
}

impl Terms {
    /// The first of the terms that is not met.
    fn unmet(&self, request: PolicyRequest<'_>) -> Option<String> {
        let claims = &request.principal.claims;
        if let Some(claim) = self.require.iter().find(|claim| !claim.is_met(claims)) {
            return Some(format!("the claim {claim}"));
        }
        let allowed = self.key_algorithms.as_ref()?;
        let key = request.key_algorithm;
        let names = || allowed.names().collect::<Vec<_>>().join(", ");
        (!allowed.names().any(|name| name == key))
            .then(|| format!("keys for {key} are not permitted; these are: {}", names()))
    }
}

impl Denial {
    fn by_default() -> Self {
        Self {
            rule: None,
            reason: "no rule matches, and the default is to deny".to_owned(),
            message: "no rule of the issuance policy allows a certificate for this identity".to_owned(),
        }
    }
}

impl fmt::Display for Mismatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer(pattern) => write!(f, "the issuer is not {pattern}"),
            Self::Type(wanted) => write!(f, "the issuer's type is not {}", wanted.name()),
            Self::San(pattern) => write!(f, "the name is not {pattern}"),
            Self::Claim(claim) => write!(f, "the claim {claim}"),
            Self::When(expression) => write!(f, "it is not so that {expression}"),
        }
    }
}

#[cfg(test)]
mod tests;
