use std::time::Duration;

use sigstead_identity::IssuerType;

use super::claim::ClaimRule;
use super::expression::Expression;
use super::pattern::Pattern;
use crate::client_algorithms::ClientAlgorithms;

/// Rules in their order, of which the first that matches decides; and what happens when none does.
#[derive(Debug)]
pub struct Policy {
    pub(super) rules: Vec<Rule>,
    pub(super) allows_the_rest: bool,
}

/// Which requests it is about, and what becomes of them.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) conditions: Conditions,
    pub(super) effect: Effect,
    /// What the client is told when it gets no certificate.
    pub(super) message: Option<String>,
}

/// What a request must be for the rule to decide. All of it; one that is absent is met.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) issuer: Option<Pattern>,
    pub(super) issuer_type: Option<IssuerType>,
    pub(super) san: Option<Pattern>,
    pub(super) claims: Vec<ClaimRule>,
    pub(super) when: Option<Expression>,
}

#[derive(Debug)]
pub(super) enum Effect {
    Deny,
    Allow(Terms),
}

/// On what terms a certificate is allowed. Whoever does not meet them gets none: no other rule is asked.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) require: Vec<ClaimRule>,
    pub(super) key_algorithms: Option<ClientAlgorithms>,
    pub(super) max_lifetime: Option<Duration>,
}

/// Whoever is trusted to say who somebody is, is believed: as without a policy.
impl Default for Policy {
    fn default() -> Self {
        Self { rules: Vec::new(), allows_the_rest: true }
    }
}
