use serde_json::Value;
use sigstead_clock::Timestamp;

use super::rule::{Check, Finding, GO, JAVA, JS, PYTHON, error, findings, join, warning, when};
use super::service::{Role, Service};
use super::validity::Time;

struct SigningConfig {
    media_type: String,
    lists: [List; 4],
}

/// The services of one role.
struct List {
    role: Role,
    services: Vec<Service>,
    /// Which of them are used: `ANY`, `ALL`, `EXACT`; empty if the file does not say.
    selector: String,
    count: u64,
    now: Timestamp,
}

/// Everything about a signing config that stands at `path`.
pub(super) fn lint_signing_config(json: &Value, path: &str, now: Timestamp) -> Vec<Finding> {
    let config = SigningConfig {
        media_type: json.get("mediaType").and_then(Value::as_str).unwrap_or("missing").to_owned(),
        lists: Role::ALL.map(|role| List::read(json, role, now)),
    };
    let mut found = findings(SIGNING_CONFIG, &config, path);
    for list in &config.lists {
        let at = join(path, list.role.field());
        found.extend(findings(LIST, list, &at));
        if let Some(field) = selector_field(list.role) {
            found.extend(findings(SELECTOR, list, &join(path, field)));
        }
        for (index, service) in list.services.iter().enumerate() {
            found.extend(service.findings(&format!("{at}[{index}]")));
        }
    }
    found
}

/// Only of logs and timestamp authorities are several used at once.
const fn selector_field(role: Role) -> Option<&'static str> {
    match role {
        Role::Log => Some("rekorTlogConfig"),
        Role::Tsa => Some("tsaConfig"),
        Role::Ca | Role::Oidc => None,
    }
}

impl List {
    fn read(json: &Value, role: Role, now: Timestamp) -> Self {
        let services = json.get(role.field()).and_then(Value::as_array);
        let selector = selector_field(role).and_then(|field| json.get(field)).unwrap_or(&Value::Null);
        Self {
            role,
            services: services.into_iter().flatten().map(|one| Service::read(one, role)).collect(),
            selector: selector.get("selector").and_then(Value::as_str).unwrap_or_default().to_owned(),
            count: selector.get("count").and_then(Value::as_u64).unwrap_or_default(),
            now,
        }
    }

    fn usable(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|service| service.validity.contains(self.now) && service.is_spoken())
    }

    /// Of one operator and the newest API, some are there twice.
    fn has_choice(&self) -> bool {
        let newest = self.usable().map(|service| service.version).max();
        let mut operators: Vec<_> =
            self.usable().filter(|one| Some(one.version) == newest).map(|one| &one.operator).collect();
        operators.sort();
        operators.windows(2).any(|pair| pair.first() == pair.last())
    }

    fn is_newest_first(&self) -> bool {
        let starts: Vec<_> = self
            .services
            .iter()
            .filter_map(|service| match service.validity.start {
                Time::At(start) => Some(start),
                Time::Absent | Time::Unreadable(_) => None,
            })
            .collect();
        starts.is_sorted_by(|earlier, later| earlier >= later)
    }
}

impl SigningConfig {
    fn list(&self, role: Role) -> Option<&List> {
        self.lists.iter().find(|list| list.role == role)
    }

    fn is_empty(&self, role: Role) -> bool {
        self.list(role).is_none_or(|list| list.services.is_empty())
    }
}

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

static SIGNING_CONFIG: &[Check<SigningConfig>] = &[
    Check {
        rule: error(
            "signing-config-media-type",
            &[GO, PYTHON, JS, JAVA],
            "refuse the whole file",
            "write application/vnd.dev.sigstore.signingconfig.v0.2+json; version 0.1 is not read any more",
        ),
        at: "mediaType",
        broken: |config| when(config.media_type != MEDIA_TYPE, &config.media_type),
    },
    Check {
        rule: warning(
            "no-ca-service",
            &[PYTHON],
            "refuses to sign; others sign with keys and certificates of their own",
            "name the certificate authority, if there is one",
        ),
        at: "caUrls",
        broken: |config| when(config.is_empty(Role::Ca), "none"),
    },
    Check {
        rule: warning(
            "no-log-service",
            &[PYTHON],
            "refuses to sign; others sign with timestamps alone",
            "name the transparency log, if there is one",
        ),
        at: "rekorTlogUrls",
        broken: |config| when(config.is_empty(Role::Log), "none"),
    },
    Check {
        rule: error(
            "v2-without-tsa",
            &[GO, PYTHON],
            "refuse to sign with a short-lived certificate, for Rekor v2 does not tell the time",
            "name a timestamp authority",
        ),
        at: "tsaUrls",
        broken: |config| {
            let newest = config.list(Role::Log)?.usable().map(|log| log.version).max();
            let has_time = config.list(Role::Tsa)?.usable().next().is_some();
            when(
                newest == Some(2) && !config.is_empty(Role::Ca) && !has_time,
                "no usable service, but a Rekor v2 log",
            )
        },
    },
];

static LIST: &[Check<List>] = &[
    Check {
        rule: error(
            "no-service-now",
            &[GO, PYTHON, JS, JAVA],
            "find no service to ask",
            "add one that is valid now, and whose API clients speak",
        ),
        at: "",
        broken: |list| {
            when(!list.services.is_empty() && list.usable().next().is_none(), "none is usable now")
        },
    },
    Check {
        rule: warning(
            "several-services-now",
            &[PYTHON],
            "takes the last of an operator's services, where others take the newest",
            "end the old one's validFor when the new one begins",
        ),
        at: "",
        broken: |list| when(list.has_choice(), "several of one operator and version are valid now"),
    },
    Check {
        rule: warning(
            "services-oldest-first",
            &[JS, JAVA],
            "take the first that fits, which is the older one",
            "list the newest first",
        ),
        at: "",
        broken: |list| when(!list.is_newest_first(), "not listed from the newest start to the oldest"),
    },
];

static SELECTOR: &[Check<List>] = &[
    Check {
        rule: error(
            "selector-missing",
            &[JAVA],
            "refuses the whole file, also where there is no service to select",
            "write {\"selector\": \"ANY\"}",
        ),
        at: "selector",
        broken: |list| {
            when(!["ANY", "ALL", "EXACT"].contains(&list.selector.as_str()), format!("\"{}\"", list.selector))
        },
    },
    Check {
        rule: warning(
            "selector-not-any",
            &[JS],
            "refuses to sign, for it knows ANY only",
            "write ANY if sigstore-js signs",
        ),
        at: "selector",
        broken: |list| when(["ALL", "EXACT"].contains(&list.selector.as_str()), &list.selector),
    },
    Check {
        rule: error(
            "selector-count",
            &[GO, PYTHON],
            "refuse to sign, for there are not as many services",
            "write a count from 1 to the number of services that are valid now",
        ),
        at: "count",
        broken: |list| {
            let usable = u64::try_from(list.usable().count()).unwrap_or(u64::MAX);
            let is_exact = list.selector == "EXACT";
            when(is_exact && !(1..=usable).contains(&list.count), format!("{} of {usable}", list.count))
        },
    },
];
