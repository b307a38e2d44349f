//! Which witnesses' cosignatures are enough (C2SP tlog-policy).

use std::collections::{BTreeMap, BTreeSet};

use sigstead_crypto::VerifierKey;
use thiserror::Error;

/// Longer than any policy that a person writes.
const MAX_POLICY: usize = 64 * 1024;

/// A policy, read; names stand for what was defined before them, so there are no circles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The keys of logs, as far as it names any.
    pub logs: Vec<VerifierKey>,
    /// The witnesses by name: key, and where to ask.
    pub witnesses: BTreeMap<String, (VerifierKey, Option<String>)>,
    /// In their order, so that members stand before their groups.
    groups: Vec<Group>,
    /// `None`: no cosignature is needed.
    quorum: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: String,
    needed: usize,
    members: Vec<String>,
}

/// What is wrong with a policy, and in which line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} of the witness policy: {why}")]
pub struct PolicyError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// With the first line that is not one of a policy.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut policy =
            Self { logs: Vec::new(), witnesses: BTreeMap::new(), groups: Vec::new(), quorum: None };
        if text.len() > MAX_POLICY {
            return Err(PolicyError { line: 1, why: format!("it is longer than {MAX_POLICY} bytes") });
        }
        let mut has_quorum = false;
        for (number, line) in (1..).zip(text.lines()) {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            let read = match words.as_slice() {
                [] => Ok(()),
                _ if has_quorum => Err("the quorum stands last".to_owned()),
                ["log", key] | ["log", key, _] => log(key).map(|key| policy.logs.push(key)),
                ["witness", name, key] => policy.witness(name, key, None),
                ["witness", name, key, url] => policy.witness(name, key, Some(url)),
                ["group", name, needed, members @ ..] => policy.group(name, needed, members),
                ["quorum", name] => {
                    has_quorum = true;
                    policy.set_quorum(name)
                }
                [word, ..] => Err(format!("{word} is not log, witness, group or quorum as they are written")),
            };
            read.map_err(|why| PolicyError { line: number, why })?;
        }
        if has_quorum {
            return Ok(policy);
        }
        Err(PolicyError { line: text.lines().count(), why: "there is no quorum line".to_owned() })
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Result<(), String> {
        self.check_new(name)?;
        let key = VerifierKey::parse(key).map_err(|error| error.to_string())?;
        if !key.is_cosigner() {
            return Err(format!("the key of {name} is not one for cosignatures"));
        }
        let url = url.map(|url| url.trim_end_matches('/').to_owned());
        if url.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            return Err(format!("the URL of {name} is not one"));
        }
        self.witnesses.insert(name.to_owned(), (key, url));
        Ok(())
    }

    fn group(&mut self, name: &str, needed: &str, members: &[&str]) -> Result<(), String> {
        self.check_new(name)?;
        if let Some(unknown) = members.iter().find(|member| !self.knows(member)) {
            return Err(format!("{unknown} is not defined before"));
        }
        if members.iter().collect::<BTreeSet<_>>().len() != members.len() {
            return Err(format!("a member of {name} stands there twice"));
        }
        let needed = match needed {
            "any" => 1,
            "all" => members.len(),
            number => number.parse().map_err(|_| format!("{number} is not any, all or a number"))?,
        };
        if !(1..=members.len()).contains(&needed) {
            return Err(format!("{name} has {} members, {needed} cannot be needed", members.len()));
        }
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        self.groups.push(Group { name: name.to_owned(), needed, members });
        Ok(())
    }

    fn set_quorum(&mut self, name: &str) -> Result<(), String> {
        if name != "none" && !self.knows(name) {
            return Err(format!("{name} is not defined before"));
        }
        self.quorum = (name != "none").then(|| name.to_owned());
        Ok(())
    }

    fn knows(&self, name: &str) -> bool {
        self.witnesses.contains_key(name) || self.groups.iter().any(|group| group.name == name)
    }

    fn check_new(&self, name: &str) -> Result<(), String> {
        if name == "none" || self.knows(name) { Err(format!("{name} has a meaning already")) } else { Ok(()) }
    }

    /// Whether the cosignatures of these witnesses are enough.
    pub fn is_met(&self, cosigned: &BTreeSet<String>) -> bool {
        let mut met: BTreeSet<&str> = cosigned.iter().map(String::as_str).collect();
        for group in &self.groups {
            let have = group.members.iter().filter(|member| met.contains(member.as_str())).count();
            if have >= group.needed {
                met.insert(&group.name);
            }
        }
        self.quorum.as_ref().is_none_or(|quorum| met.contains(quorum.as_str()))
    }
}

fn log(key: &str) -> Result<VerifierKey, String> {
    VerifierKey::parse(key).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};

    use super::*;

    fn key(name: &str) -> String {
        let signer = SoftwareSigner::generate(KeyKind::Ed25519).unwrap();
        VerifierKey::cosigner(name, signer.public_key().clone()).to_text()
    }

    fn policy(end: &str) -> Result<Policy, PolicyError> {
        let witnesses: String = ["a", "b", "c", "d"]
            .iter()
            .map(|name| {
                format!("witness {name} {} https://{name}.example/\n", key(&format!("{name}.example")))
            })
            .collect();
        Policy::parse(&format!("# who watches\n\n{witnesses}{end}"))
    }

    fn met(policy: &Policy, names: &str) -> bool {
        policy.is_met(&names.chars().map(|name| name.to_string()).collect())
    }

    #[test]
    fn groups_count_their_members() {
        let policy =
            policy("group east 2 a b c\ngroup all-of-it all east d # both\nquorum all-of-it\n").unwrap();
        for (names, enough) in
            [("", false), ("ab", false), ("abd", true), ("bcd", true), ("ad", false), ("abcd", true)]
        {
            assert_eq!(met(&policy, names), enough, "{names}");
        }
        assert_eq!(policy.witnesses["a"].1.as_deref(), Some("https://a.example"));
        assert!(met(&self::policy("quorum none\n").unwrap(), ""));
        assert!(!met(&self::policy("quorum a\n").unwrap(), "b"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (end, line, why) in [
            ("", 6, "there is no quorum line"),
            ("quorum e\n", 7, "e is not defined before"),
            ("group g 3 a b\nquorum g\n", 7, "g has 2 members, 3 cannot be needed"),
            ("group g 0 a b\nquorum g\n", 7, "g has 2 members, 0 cannot be needed"),
            ("group g any a a\nquorum g\n", 7, "a member of g stands there twice"),
            ("group a any b\nquorum a\n", 7, "a has a meaning already"),
            ("group g any g\nquorum g\n", 7, "g is not defined before"),
            ("quorum a\nquorum b\n", 8, "the quorum stands last"),
            ("witness e nonsense\nquorum e\n", 7, "malformed note: a verifier key is name+id+key"),
            ("guess\nquorum a\n", 7, "guess is not log, witness, group or quorum as they are written"),
        ] {
            assert_eq!(policy(end), Err(PolicyError { line, why: why.to_owned() }), "{end}");
        }
    }
}
