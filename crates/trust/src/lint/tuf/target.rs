use bytes::Bytes;
use serde_json::Value;
use sigstead_crypto::PublicKey;
use sigstead_x509::parse_pem_chain;

use super::ALL;
use super::promise::Promise;
use super::root::object;
use crate::lint::rule::{
    Check, Finding, GO, JAVA, OLD_COSIGN, POLICY_CONTROLLER, PYTHON, error, findings, warning, when,
};

/// A file in the list of targets, and what the repository has of it.
pub(super) struct Target {
    json: Value,
    content: Option<Bytes>,
    /// Names under which some client may ask for it, and the answer where that is no file.
    absent: Vec<String>,
}

impl Target {
    pub(super) const fn new(json: Value, content: Option<Bytes>, absent: Vec<String>) -> Self {
        Self { json, content, absent }
    }

    pub(super) fn findings(&self, path: &str) -> Vec<Finding> {
        let promise = self.content.clone().map(|content| Promise::read(&self.json, content));
        let promised = promise.map(|promise| promise.findings(path)).unwrap_or_default();
        findings(TARGET, self, path).into_iter().chain(promised).collect()
    }

    fn custom(&self, field: &str) -> Option<&Value> {
        self.json.get("custom")?.get("sigstore")?.get(field)
    }
}

/// Where a target is, once for each digest: clients differ in which they take (TUF specification §5.7.3).
pub(super) fn paths(name: &str, entry: &Value, is_consistent: bool) -> Vec<String> {
    if !is_consistent {
        return vec![format!("targets/{name}")];
    }
    let (folder, base) =
        name.rsplit_once('/').map_or((String::new(), name), |(folder, base)| (format!("{folder}/"), base));
    let digests = object(entry.get("hashes")).filter_map(|(_, digest)| digest.as_str());
    digests.map(|digest| format!("targets/{folder}{digest}.{base}")).collect()
}

/// What a file with the usage is for, in the letters that clients compare.
pub(super) fn usage(entry: &Value) -> Option<String> {
    entry.pointer("/custom/sigstore/usage")?.as_str().map(str::to_lowercase)
}

/// Whether sigstore's older client knows the word, in any letters.
fn is_one_of(words: &[&str], found: Option<&Value>) -> bool {
    let found = found.map(|found| found.as_str().unwrap_or_default().to_lowercase());
    found.is_none_or(|found| words.contains(&found.as_str()))
}

fn is_pem(usage: &str, content: &[u8]) -> bool {
    match usage {
        "fulcio" | "tsa" => parse_pem_chain(content).is_ok_and(|chain| !chain.is_empty()),
        "rekor" | "ctfe" => PublicKey::from_pem(content).is_ok(),
        _ => true,
    }
}

static TARGET: &[Check<Target>] = &[
    Check {
        rule: error("tuf-target-missing", ALL, "cannot fetch it", "publish the file before what names it"),
        at: "",
        broken: |target| when(target.content.is_none(), target.absent.join(", ")),
    },
    Check {
        rule: error(
            "tuf-target-name",
            &[GO, JAVA],
            "ask for the file under any of its digests, and fail now and then",
            "list sha256 alone, or publish the file once for each digest",
        ),
        at: "hashes",
        broken: |target| {
            when(target.content.is_some() && !target.absent.is_empty(), target.absent.join(", "))
        },
    },
    Check {
        rule: error(
            "tuf-target-unhashed",
            &[GO, PYTHON, JAVA],
            "refuse the whole list",
            "write the file's sha256",
        ),
        at: "hashes",
        broken: |target| when(target.json.get("hashes").is_none(), "missing"),
    },
    Check {
        rule: warning(
            "tuf-custom",
            &[OLD_COSIGN, POLICY_CONTROLLER],
            "leave the file out",
            "write a usage of Fulcio, Rekor, CTFE or TSA, and a status of Active or Expired",
        ),
        at: "custom.sigstore",
        broken: |target| {
            let usage = is_one_of(&["unknown", "fulcio", "rekor", "ctfe", "tsa"], target.custom("usage"));
            let status = is_one_of(&["unknown", "active", "expired"], target.custom("status"));
            when(!(usage && status), target.json.pointer("/custom/sigstore").unwrap_or_default().to_string())
        },
    },
    Check {
        rule: error(
            "tuf-usage-unreadable",
            &[OLD_COSIGN, POLICY_CONTROLLER],
            "fail on it where they go by usage",
            "publish certificates or a public key in PEM, as the usage says",
        ),
        at: "custom.sigstore.usage",
        broken: |target| {
            let usage = usage(&target.json)?;
            let is_wrong = target.content.as_ref().is_some_and(|content| !is_pem(&usage, content));
            when(is_wrong, format!("no PEM for {usage}"))
        },
    },
];
