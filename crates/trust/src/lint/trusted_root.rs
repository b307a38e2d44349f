use serde_json::Value;
use sigstead_clock::Timestamp;
use sigstead_x509::Purpose;

use super::authority::Authority;
use super::log::Log;
use super::rule::{Check, Finding, GO, JAVA, JS, PYTHON, error, findings, join, warning, when};

struct TrustedRoot {
    media_type: String,
    logs: Vec<Log>,
    ct_logs: Vec<Log>,
    authorities: Vec<Authority>,
    timestamp_authorities: Vec<Authority>,
    now: Timestamp,
}

/// Everything about a trusted root that stands at `path`.
pub(super) fn lint_trusted_root(json: &Value, path: &str, now: Timestamp) -> Vec<Finding> {
    let list = |name: &str| json.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let logs = |name: &str| list(name).iter().map(Log::read).collect::<Vec<_>>();
    let authorities = |name: &str, purpose| {
        list(name).iter().map(|one| Authority::read(one, purpose, now)).collect::<Vec<_>>()
    };
    let root = TrustedRoot {
        media_type: json.get("mediaType").and_then(Value::as_str).unwrap_or("missing").to_owned(),
        logs: logs("tlogs"),
        ct_logs: logs("ctlogs"),
        authorities: authorities("certificateAuthorities", Purpose::CodeSigningAuthority),
        timestamp_authorities: authorities("timestampAuthorities", Purpose::Timestamping),
        now,
    };
    let at = |list: &str, index: usize| join(path, &format!("{list}[{index}]"));
    let mut found = findings(TRUSTED_ROOT, &root, path);
    for (index, log) in root.logs.iter().enumerate() {
        found.extend(log.findings(&at("tlogs", index)));
    }
    for (index, log) in root.ct_logs.iter().enumerate() {
        found.extend(log.ct_findings(&at("ctlogs", index)));
    }
    for (index, authority) in root.authorities.iter().enumerate() {
        found.extend(authority.findings(&at("certificateAuthorities", index)));
    }
    for (index, authority) in root.timestamp_authorities.iter().enumerate() {
        found.extend(authority.findings(&at("timestampAuthorities", index)));
    }
    found
}

/// The only one that all of them accept, though protobuf-specs names a newer one.
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/// Clients keep logs by their ids, so one of two is lost, and its validity with it.
fn twice(logs: &[Log]) -> Option<String> {
    let ids: Vec<_> = logs.iter().map(|log| log.id.bytes()).collect();
    let again = ids
        .iter()
        .enumerate()
        .find(|(index, id)| id.is_some() && ids.iter().take(*index).any(|other| other == *id));
    again.map(|(index, _)| format!("element {index} has the id of one before it"))
}

const ONE_VALID: &str = "add what signs now, or mend its validFor";

static TRUSTED_ROOT: &[Check<TrustedRoot>] = &[
    Check {
        rule: error(
            "root-media-type",
            &[GO, PYTHON, JAVA],
            "refuse the whole file",
            "write application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        ),
        at: "mediaType",
        broken: |root| when(root.media_type != MEDIA_TYPE, &root.media_type),
    },
    Check {
        rule: warning(
            "no-tlog",
            &[PYTHON],
            "refuses the whole file; others verify with timestamps alone, when they are told to",
            "name the transparency log, if there is one",
        ),
        at: "tlogs",
        broken: |root| when(root.logs.is_empty(), "none"),
    },
    Check {
        rule: warning(
            "no-ct-log",
            &[GO, PYTHON],
            "refuse every certificate; cosign does not with --insecure-ignore-sct",
            "name the CT log that the certificate authority logs to, if there is one",
        ),
        at: "ctlogs",
        broken: |root| when(root.ct_logs.is_empty(), "none"),
    },
    Check {
        rule: warning(
            "no-authority",
            &[GO, PYTHON, JS, JAVA],
            "verify no certificate",
            "name the certificate authority, if there is one",
        ),
        at: "certificateAuthorities",
        broken: |root| when(root.authorities.is_empty(), "none"),
    },
    Check {
        rule: error(
            "tlog-twice",
            &[GO, PYTHON, JS, JAVA],
            "know one of the two only, and which one is chance",
            "keep one element a key, from its first use to its last",
        ),
        at: "tlogs",
        broken: |root| twice(&root.logs),
    },
    Check {
        rule: error(
            "ct-log-twice",
            &[GO, PYTHON, JS, JAVA],
            "know one of the two only, and which one is chance",
            "keep one element a key, from its first use to its last",
        ),
        at: "ctlogs",
        broken: |root| twice(&root.ct_logs),
    },
    Check {
        rule: warning("no-tlog-now", &[GO, PYTHON, JS, JAVA], "refuse what is logged now", ONE_VALID),
        at: "tlogs",
        broken: |root| none_now(root.logs.iter().map(|log| log.validity.contains(root.now))),
    },
    Check {
        rule: warning("no-ct-log-now", &[GO, PYTHON, JS, JAVA], "refuse what is certified now", ONE_VALID),
        at: "ctlogs",
        broken: |root| none_now(root.ct_logs.iter().map(|log| log.validity.contains(root.now))),
    },
    Check {
        rule: warning("no-authority-now", &[GO, PYTHON, JS, JAVA], "refuse what is certified now", ONE_VALID),
        at: "certificateAuthorities",
        broken: |root| none_now(root.authorities.iter().map(|one| one.validity.contains(root.now))),
    },
    Check {
        rule: warning("no-tsa-now", &[GO, PYTHON, JS, JAVA], "refuse the timestamps of now", ONE_VALID),
        at: "timestampAuthorities",
        broken: |root| none_now(root.timestamp_authorities.iter().map(|one| one.validity.contains(root.now))),
    },
];

/// Whether there are some, and none of them is valid.
fn none_now(valid: impl ExactSizeIterator<Item = bool>) -> Option<String> {
    when(valid.len() > 0 && !{ valid }.any(|is_valid| is_valid), "none is valid now")
}
