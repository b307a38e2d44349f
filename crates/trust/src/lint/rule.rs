use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A choice that some clients do not go along with.
    Warning,
    /// Clients refuse or misread it, and nobody gains by it.
    Error,
}

/// Something that clients expect of a document.
#[derive(Debug, Serialize)]
pub struct Rule {
    /// Names the rule for programs.
    #[serde(rename = "rule")]
    pub name: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// Who stumbles over it.
    pub clients: &'static [&'static str],
    /// How.
    pub consequence: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// A rule that is broken.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The rule.
    #[serde(flatten)]
    pub rule: &'static Rule,
    /// Where in the document, as `tlogs[0].logId.keyId`.
    pub path: String,
    /// What is there instead.
    pub found: String,
}

/// The first finding that makes a client refuse.
pub fn first_error(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.rule.severity == Severity::Error)
}

/// cosign and sigstore-go, which read alike.
pub const GO: &str = "cosign and sigstore-go";
/// cosign 2 ends with an older sigstore-go.
pub(super) const GO_NOW: &str = "cosign 3 and sigstore-go";
/// sigstore-python.
pub const PYTHON: &str = "sigstore-python";
/// sigstore-js.
pub const JS: &str = "sigstore-js";
/// sigstore-java.
pub const JAVA: &str = "sigstore-java";
pub(super) const RUST: &str = "sigstore-rs";
pub(crate) const POLICY_CONTROLLER: &str = "policy-controller";
/// And later ones where a repository has no `trusted_root.json`.
pub(super) const OLD_COSIGN: &str = "cosign before 2.4";
/// A TUF client that is not Sigstore's.
pub(super) const TOUGH: &str = "tough";

/// Of logs and authorities alike.
pub(super) const OPERATOR: Rule = warning(
    "operator",
    &[POLICY_CONTROLLER],
    "refuses the whole trust root when it follows it by TUF, for it does not know the field",
    "leave it out of the trusted root; signing configs need it",
);

pub(super) type Clients = &'static [&'static str];

pub(super) const fn error(
    name: &'static str,
    clients: Clients,
    consequence: &'static str,
    remedy: &'static str,
) -> Rule {
    Rule { name, severity: Severity::Error, clients, consequence, remedy }
}

pub(super) const fn warning(
    name: &'static str,
    clients: Clients,
    consequence: &'static str,
    remedy: &'static str,
) -> Rule {
    Rule { name, severity: Severity::Warning, clients, consequence, remedy }
}

/// A row of a table: a rule about a `T`.
pub(super) struct Check<T: 'static> {
    pub(super) rule: Rule,
    /// The field that the rule is about.
    pub(super) at: &'static str,
    /// What is there instead, when the rule is broken.
    pub(super) broken: fn(&T) -> Option<String>,
}

/// Every finding of a table about `thing`, which stands at `path`.
pub(super) fn findings<T>(checks: &'static [Check<T>], thing: &T, path: &str) -> Vec<Finding> {
    let broken = checks.iter().filter_map(|check| {
        (check.broken)(thing).map(|found| Finding { rule: &check.rule, path: join(path, check.at), found })
    });
    broken.collect()
}

/// `field` below `path`; either may be empty.
pub(super) fn join(path: &str, field: &str) -> String {
    match (path, field) {
        ("", only) | (only, "") => only.to_owned(),
        (path, field) => format!("{path}.{field}"),
    }
}

/// `found` if the rule is broken.
pub(super) fn when(is_broken: bool, found: impl Into<String>) -> Option<String> {
    is_broken.then(|| found.into())
}
