use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use sigstead_clock::Timestamp;

use super::ALL;
use crate::lint::rule::{
    Check, Finding, GO, JAVA, JS, POLICY_CONTROLLER, PYTHON, Rule, error, findings, warning, when,
};
use crate::tuf::{Envelope, Role, TufError};

/// A metadata file as it came.
pub(super) struct File {
    /// As findings name it.
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) content: Bytes,
    pub(super) envelope: Envelope,
}

impl File {
    /// Refused if it is no metadata at all.
    pub(super) fn read(name: &str, role: Role, content: Bytes) -> Result<Self, Finding> {
        let unreadable =
            |error: TufError| Finding { rule: &UNREADABLE, path: name.to_owned(), found: error.to_string() };
        let envelope = Envelope::parse(&content).map_err(unreadable)?;
        Ok(Self { name: name.to_owned(), role, content, envelope })
    }

    /// What is signed.
    pub(super) fn signed(&self) -> &Value {
        self.envelope.signed()
    }

    /// The version that it says it is.
    pub(super) fn version(&self) -> Option<u64> {
        self.signed().get("version").and_then(Value::as_u64)
    }

    /// Where a field of what is signed stands, for findings.
    pub(super) fn path(&self) -> String {
        format!("{} signed", self.name)
    }

    /// About its form, at any time.
    pub(super) fn findings(&self) -> Vec<Finding> {
        findings(FILE, self, &self.path())
    }

    /// About its end. Only of the newest root does that count (§5.3.10).
    pub(super) fn expiry(&self, now: Timestamp) -> Vec<Finding> {
        let at = self.text("expires").and_then(Timestamp::from_rfc3339);
        let expiry = at.map(|at| Expiry { at, now, role: self.role });
        expiry.map(|expiry| findings(EXPIRY, &expiry, &self.path())).unwrap_or_default()
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.signed().get(field).and_then(Value::as_str)
    }
}

/// When a file ends, seen from now.
struct Expiry {
    at: Timestamp,
    now: Timestamp,
    role: Role,
}

impl Expiry {
    /// Long enough for people to meet, and for a service to come back.
    const fn notice(&self) -> Duration {
        match self.role {
            Role::Root | Role::Targets => Duration::from_secs(30 * 24 * 3600),
            Role::Snapshot | Role::Timestamp => Duration::from_secs(12 * 3600),
        }
    }
}

/// Most that clients read of a file whose length nobody has told them.
const fn most(role: Role) -> Option<usize> {
    match role {
        Role::Root => Some(512_000),
        Role::Timestamp => Some(16_384),
        Role::Snapshot | Role::Targets => None,
    }
}

/// Characters of `2026-01-31T12:00:00Z`.
const WHOLE_SECONDS: usize = 20;

/// Whether Go writes a time otherwise than it read it.
fn is_rewritten_by_go(text: &str) -> bool {
    let zoneless = text.trim_end_matches('Z');
    let has_zero_zone = text.ends_with("+00:00") || text.ends_with("-00:00");
    has_zero_zone || (zoneless.contains('.') && zoneless.ends_with('0'))
}

static UNREADABLE: Rule =
    error("tuf-unreadable", ALL, "refuse it", "publish TUF metadata there, as a TUF library writes it");

static FILE: &[Check<File>] = &[
    Check {
        rule: error("tuf-type", ALL, "refuse the file", "write the role's name, in small letters"),
        at: "_type",
        broken: |file| {
            let found = file.text("_type").unwrap_or("missing");
            when(found != file.role.name(), found)
        },
    },
    Check {
        rule: error("tuf-spec-version", &[PYTHON, JS], "refuse the file", "write 1.0.31, or another 1.x.y"),
        at: "spec_version",
        broken: |file| {
            let found = file.text("spec_version").unwrap_or("missing");
            let parts: Vec<_> = found.split('.').collect();
            let is_numeric = parts.iter().all(|part| part.parse::<u32>().is_ok());
            let is_known = is_numeric && (2..=3).contains(&parts.len()) && parts.first() == Some(&"1");
            when(!is_known, found)
        },
    },
    Check {
        rule: error("tuf-version-missing", ALL, "refuse the file", "write a whole number from 1 on"),
        at: "version",
        broken: |file| when(file.version().is_none_or(|version| version == 0), "not a number from 1 on"),
    },
    Check {
        rule: error(
            "tuf-expires-form",
            &[PYTHON],
            "refuses the file",
            "write whole seconds in UTC, as 2026-01-31T12:00:00Z",
        ),
        at: "expires",
        broken: |file| {
            let found = file.text("expires").unwrap_or("missing");
            let is_plain = found.len() == WHOLE_SECONDS && found.ends_with('Z');
            when(!is_plain || Timestamp::from_rfc3339(found).is_none(), found)
        },
    },
    Check {
        rule: error(
            "tuf-expires-rewritten",
            &[GO],
            "check signatures over the time as they would write it, so none is valid",
            "write whole seconds in UTC, as 2026-01-31T12:00:00Z",
        ),
        at: "expires",
        broken: |file| file.text("expires").and_then(|text| when(is_rewritten_by_go(text), text)),
    },
    Check {
        rule: error(
            "tuf-too-long",
            &[GO, PYTHON, JS, POLICY_CONTROLLER],
            "read no more than 512000 bytes of a root and 16384 of a timestamp",
            "make it shorter",
        ),
        at: "",
        broken: |file| {
            let length = file.content.len();
            when(most(file.role).is_some_and(|most| length > most), format!("{length} bytes"))
        },
    },
    Check {
        rule: error(
            "tuf-signed-twice",
            &[GO, PYTHON, JS, JAVA],
            "refuse a file with two signatures under one key id",
            "keep one of them",
        ),
        at: "",
        broken: |file| {
            let mut seen = BTreeSet::new();
            let twice = file.envelope.signatures().find(|(keyid, _)| !seen.insert(*keyid));
            twice.map(|(keyid, _)| keyid.to_owned())
        },
    },
    Check {
        rule: error(
            "tuf-signature-form",
            &[GO, POLICY_CONTROLLER],
            "refuse the file, also where enough others signed",
            "write signatures in hex",
        ),
        at: "",
        broken: |file| {
            let wrong = file.envelope.signatures().find(|(_, signature)| hex::decode(signature).is_err());
            wrong.map(|(keyid, _)| format!("the signature of {keyid}"))
        },
    },
];

static EXPIRY: &[Check<Expiry>] = &[
    Check {
        rule: error("tuf-expired", ALL, "refuse the repository", "sign the next version"),
        at: "expires",
        broken: |expiry| when(expiry.at <= expiry.now, expiry.at.to_rfc3339()),
    },
    Check {
        rule: warning(
            "tuf-expires-soon",
            ALL,
            "refuse the repository from then on",
            "sign the next version, or see why nothing does",
        ),
        at: "expires",
        broken: |expiry| {
            let is_soon = expiry.now < expiry.at && expiry.at < expiry.now.plus(expiry.notice());
            when(is_soon, expiry.at.to_rfc3339())
        },
    },
];
