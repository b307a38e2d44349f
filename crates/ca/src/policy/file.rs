//! The policy as operators write it, in TOML: every mistake is told with its rule and its field.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use sigstead_identity::IssuerType;
use thiserror::Error;

use super::claim::ClaimRule;
use super::expression::Expression;
use super::pattern::Pattern;
use super::rule::{Conditions, Effect, Policy, Rule, Terms};
use crate::client_algorithms::ClientAlgorithms;

/// Longest file that is read.
const MAX_POLICY: usize = 1 << 18;
/// Most rules; a request may be compared with every one.
const MAX_RULES: usize = 256;
/// Longest name and longest message, which go into answers and into the audit trail.
const MAX_TEXT: usize = 500;

/// What is wrong with a policy, and where.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// Not a policy.
    #[error("the policy cannot be read: {0}")]
    Syntax(String),
    /// A rule that cannot be meant.
    #[error("rule {rule:?}: {field}: {why}")]
    Rule {
        /// Its name, or its place if it has none.
        rule: String,
        /// The key that is wrong.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    default: RawEffect,
    #[serde(default, rename = "rule")]
    rules: Vec<RawRule>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawEffect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    #[serde(default)]
    name: String,
    effect: RawEffect,
    issuer: Option<String>,
    r#type: Option<IssuerType>,
    san: Option<String>,
    #[serde(default)]
    claims: BTreeMap<String, toml::Value>,
    when: Option<String>,
    #[serde(default)]
    require: BTreeMap<String, toml::Value>,
    key_algorithms: Option<Vec<String>>,
    max_lifetime_secs: Option<u64>,
    message: Option<String>,
}

/// A field that is wrong, and why.
type Wrong = (&'static str, String);

impl Policy {
    /// Reads and checks a policy.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY {
            return Err(PolicyError::Syntax(format!("it is longer than {MAX_POLICY} bytes")));
        }
        let raw: RawPolicy = toml::from_str(text).map_err(|error| PolicyError::Syntax(error.to_string()))?;
        if raw.rules.len() > MAX_RULES {
            return Err(PolicyError::Syntax(format!("it has more than {MAX_RULES} rules")));
        }
        let mut names = BTreeSet::new();
        let rules = raw.rules.into_iter().zip(1..).map(|(raw, place)| {
            let name = raw.name.clone();
            let told = if name.is_empty() { place.to_string() } else { name.clone() };
            let rule = |(field, why)| PolicyError::Rule { rule: told, field, why };
            if !names.insert(name) {
                return Err(rule(("name", "another rule has it".to_owned())));
            }
            checked(raw).map_err(rule)
        });
        Ok(Self { rules: rules.collect::<Result<_, _>>()?, allows_the_rest: raw.default == RawEffect::Allow })
    }
}

fn checked(raw: RawRule) -> Result<Rule, Wrong> {
    check_text(&raw.name).map_err(|why| ("name", why))?;
    raw.message.as_deref().map_or(Ok(()), check_text).map_err(|why| ("message", why))?;
    let effect = effect(&raw)?;
    let pattern =
        |field, text: Option<String>| text.map(Pattern::parse).transpose().map_err(|why| (field, why));
    let conditions = Conditions {
        issuer: pattern("issuer", raw.issuer)?,
        issuer_type: raw.r#type,
        san: pattern("san", raw.san)?,
        claims: claim_rules(raw.claims).map_err(|why| ("claims", why))?,
        when: raw.when.as_deref().map(Expression::compile).transpose().map_err(|why| ("when", why))?,
    };
    Ok(Rule { name: raw.name, conditions, effect, message: raw.message })
}

/// Terms belong to what is allowed; in a rule that denies they would look like conditions.
fn effect(raw: &RawRule) -> Result<Effect, Wrong> {
    let terms = [
        ("require", raw.require.is_empty()),
        ("key_algorithms", raw.key_algorithms.is_none()),
        ("max_lifetime_secs", raw.max_lifetime_secs.is_none()),
    ];
    match (raw.effect, terms.iter().find(|(_, is_absent)| !is_absent)) {
        (RawEffect::Deny, None) => Ok(Effect::Deny),
        (RawEffect::Deny, Some((field, _))) => Err((
            field,
            "only a rule that allows has terms; which requests to deny is said by conditions".to_owned(),
        )),
        (RawEffect::Allow, _) => Ok(Effect::Allow(Terms {
            require: claim_rules(raw.require.clone()).map_err(|why| ("require", why))?,
            key_algorithms: raw.key_algorithms.as_deref().map(algorithms).transpose()?,
            max_lifetime: raw.max_lifetime_secs.map(lifetime).transpose()?,
        })),
    }
}

fn claim_rules(raw: BTreeMap<String, toml::Value>) -> Result<Vec<ClaimRule>, String> {
    raw.into_iter().map(|(name, wanted)| ClaimRule::parse(name, wanted)).collect()
}

fn algorithms(names: &[String]) -> Result<ClientAlgorithms, Wrong> {
    let wrong = |why| ("key_algorithms", why);
    if names.is_empty() {
        return Err(wrong("the list is empty; to allow nothing, write effect = \"deny\"".to_owned()));
    }
    ClientAlgorithms::from_names(names.iter().map(String::as_str)).map_err(|error| wrong(error.to_string()))
}

fn lifetime(seconds: u64) -> Result<Duration, Wrong> {
    match seconds {
        0 => Err(("max_lifetime_secs", "no certificate is valid for no time".to_owned())),
        _ => Ok(Duration::from_secs(seconds)),
    }
}

/// Text that goes into answers and log lines as it is.
fn check_text(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("it is missing or empty".to_owned());
    }
    if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
        return Err(format!("it has more than {MAX_TEXT} bytes or more than one line"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "default = \"deny\"\n[[rule]]\nname = \"a\"\neffect = \"allow\"\n";

    #[test]
    fn everything_that_can_be_said() {
        let policy = Policy::parse(&format!(
            "{RULE}issuer = \"https://*.example\"\ntype = \"github-workflow\"\nsan = \"https://x/*\"\n\
             claims = {{ owner = \"acme\", attempt = 1 }}\nrequire = {{ ref = \"*\" }}\n\
             key_algorithms = [\"ed25519\"]\nmax_lifetime_secs = 60\nmessage = \"ask us\"\n\
             [[rule]]\nname = \"b\"\neffect = \"deny\"\n"
        ));
        let policy = policy.unwrap();
        assert!(!policy.allows_the_rest && policy.rules.len() == 2);
        let Effect::Allow(terms) = &policy.rules[0].effect else { panic!("{policy:?}") };
        assert_eq!(terms.max_lifetime, Some(Duration::from_secs(60)));
        assert!(Policy::parse("default = \"allow\"\n").unwrap().allows_the_rest);
    }

    #[test]
    fn mistakes_are_told_with_rule_and_field() {
        for (line, told) in [
            ("issuer = \"\"", "rule \"a\": issuer: it is empty"),
            ("claims = { x = [] }", "rule \"a\": claims: x: write"),
            ("require = { x = 1.5 }", "rule \"a\": require: x: write"),
            ("key_algorithms = []", "rule \"a\": key_algorithms: the list is empty"),
            ("key_algorithms = [\"dsa\"]", "rule \"a\": key_algorithms: dsa is not an algorithm"),
            ("max_lifetime_secs = 0", "rule \"a\": max_lifetime_secs: "),
            ("message = \" \"", "rule \"a\": message: it is missing or empty"),
            ("message = \"a\\nb\"", "rule \"a\": message: "),
            ("[[rule]]\nname = \"a\"\neffect = \"deny\"", "rule \"a\": name: another rule has it"),
            ("[[rule]]\neffect = \"deny\"", "rule \"2\": name: it is missing"),
            (
                "[[rule]]\nname = \"b\"\neffect = \"deny\"\nrequire = { x = \"y\" }",
                "rule \"b\": require: only a rule",
            ),
            (
                "[[rule]]\nname = \"b\"\neffect = \"deny\"\nmax_lifetime_secs = 1",
                "rule \"b\": max_lifetime_secs: only",
            ),
            ("colour = 1", "unknown field `colour`"),
            ("type = \"emial\"", "unknown variant `emial`"),
            ("max_lifetime_secs = -1", "max_lifetime_secs = -1"),
        ] {
            let error = Policy::parse(&format!("{RULE}{line}\n")).unwrap_err().to_string();
            assert!(error.contains(told), "{line}: {error}");
        }
        for (text, told) in [
            ("", "missing field `default`"),
            ("default = \"maybe\"", "unknown variant `maybe`"),
            ("default = \"deny\"\n[[rule]]\nname = \"a\"\n", "missing field `effect`"),
            (&"#".repeat(MAX_POLICY + 1), "longer than"),
            (
                &format!("default = \"deny\"\n{}", "[[rule]]\neffect = \"deny\"\n".repeat(257)),
                "more than 256 rules",
            ),
        ] {
            let error = Policy::parse(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}", line in "\\PC{0,40}") {
            let _ = Policy::parse(&text);
            let _ = Policy::parse(&format!("{RULE}{line}"));
        }
    }
}
