use serde_json::Value;

use super::file::File;
use super::root::object;
use super::target::usage;
use crate::lint::rule::{
    Check, Finding, GO, JAVA, JS, OLD_COSIGN, POLICY_CONTROLLER, PYTHON, error, findings, warning, when,
};

/// The targets that clients read as documents, which [`crate::lint::lint`] judges.
pub(super) const DOCUMENTS: [&str; 3] = [TRUSTED_ROOT, SIGNING_CONFIG, "signing_config_rekor_v2.v0.2.json"];

const TRUSTED_ROOT: &str = "trusted_root.json";
const SIGNING_CONFIG: &str = "signing_config.v0.2.json";

/// Most files that are looked at: no client needs as many, and each is a request.
pub(super) const MOST_TARGETS: usize = 256;

/// About the list as a whole: what each client looks for in it.
pub(super) fn findings_of(file: &File) -> Vec<Finding> {
    findings(TARGETS, file.signed(), &file.path())
}

fn has(signed: &Value, name: &str) -> bool {
    object(signed.get("targets")).any(|(target, _)| target == name)
}

static TARGETS: &[Check<Value>] = &[
    Check {
        rule: error(
            "tuf-no-trusted-root",
            &[GO, PYTHON, JS, JAVA],
            "have nothing to verify by; cosign goes by the files' usage instead",
            "publish trusted_root.json",
        ),
        at: "targets",
        broken: |signed| when(!has(signed, TRUSTED_ROOT), format!("no {TRUSTED_ROOT}")),
    },
    Check {
        rule: error(
            "tuf-no-signing-config",
            &[GO, PYTHON, JAVA],
            "do not know where to sign; sigstore-python and sigstore-java do not verify either",
            "publish signing_config.v0.2.json",
        ),
        at: "targets",
        broken: |signed| when(!has(signed, SIGNING_CONFIG), format!("no {SIGNING_CONFIG}")),
    },
    Check {
        rule: warning(
            "tuf-no-usage",
            &[OLD_COSIGN, POLICY_CONTROLLER],
            "find no certificate authority where they go by usage and not by trusted_root.json",
            "publish its chain with custom {\"sigstore\": {\"usage\": \"Fulcio\", \"status\": \"Active\"}}",
        ),
        at: "targets",
        broken: |signed| {
            let has_usage =
                object(signed.get("targets")).any(|(_, entry)| usage(entry).as_deref() == Some("fulcio"));
            when(!has_usage, "no file with the usage Fulcio")
        },
    },
    Check {
        rule: warning(
            "tuf-delegations",
            &[JAVA],
            "does not look into delegated lists of targets, nor does this lint",
            "list what sigstore's clients need in targets itself",
        ),
        at: "delegations",
        broken: |signed| when(signed.get("delegations").is_some_and(|found| !found.is_null()), "present"),
    },
    Check {
        rule: warning("tuf-targets-many", &[JAVA], "fetches each of them", "publish other files elsewhere"),
        at: "targets",
        broken: |signed| {
            let count = object(signed.get("targets")).count();
            when(count > MOST_TARGETS, format!("{count} files, of which {MOST_TARGETS} were looked at"))
        },
    },
];
