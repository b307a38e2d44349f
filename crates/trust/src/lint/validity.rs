use serde_json::Value;
use sigstead_clock::Timestamp;

use super::rule::{Check, GO, PYTHON, error, when};

/// A `TimeRange` as it stands in a document.
pub(super) struct Validity {
    pub(super) start: Time,
    end: Time,
}

/// A time in a document.
#[derive(PartialEq, Eq)]
pub(super) enum Time {
    Absent,
    Unreadable(String),
    At(Timestamp),
}

impl Time {
    fn read(field: Option<&Value>) -> Self {
        match field {
            None | Some(Value::Null) => Self::Absent,
            Some(field) => match field.as_str().and_then(Timestamp::from_rfc3339) {
                Some(at) => Self::At(at),
                None => Self::Unreadable(field.to_string()),
            },
        }
    }

    fn unreadable(&self) -> Option<String> {
        match self {
            Self::Unreadable(text) => Some(text.clone()),
            Self::Absent | Self::At(_) => None,
        }
    }
}

impl Validity {
    /// The `validFor` of a public key, an authority or a service.
    pub(super) fn of(owner: &Value) -> Self {
        let end = |name: &str| Time::read(owner.get("validFor").and_then(|range| range.get(name)));
        Self { start: end("start"), end: end("end") }
    }

    /// What it says, if it has no errors; a start that is not told is the earliest there is.
    pub(super) fn believed(&self) -> Option<crate::Validity> {
        let start = match self.start {
            Time::Absent => Timestamp::from_seconds(0),
            Time::At(start) => start,
            Time::Unreadable(_) => return None,
        };
        let end = match self.end {
            Time::Absent => None,
            Time::At(end) => Some(end),
            Time::Unreadable(_) => return None,
        };
        Some(crate::Validity { start, end })
    }

    /// Both ends count.
    pub(super) fn contains(&self, now: Timestamp) -> bool {
        let is_after_start = !matches!(self.start, Time::At(start) if start > now);
        is_after_start && !matches!(self.end, Time::At(end) if end < now)
    }
}

/// Of every `validFor`.
pub(super) static VALIDITY: &[Check<Validity>] = &[
    Check {
        rule: error(
            "start-unreadable",
            &[GO, PYTHON],
            "refuse the whole file",
            "write the time as 2026-01-31T12:00:00Z",
        ),
        at: "start",
        broken: |validity| validity.start.unreadable(),
    },
    Check {
        rule: error(
            "end-unreadable",
            &[GO, PYTHON],
            "refuse the whole file",
            "write the time as 2026-01-31T12:00:00Z",
        ),
        at: "end",
        broken: |validity| validity.end.unreadable(),
    },
    Check {
        rule: error(
            "end-before-start",
            &[GO, PYTHON],
            "believe nothing that was ever signed with it",
            "let it end after its start",
        ),
        at: "end",
        broken: |validity| match (&validity.start, &validity.end) {
            (Time::At(start), Time::At(end)) => when(end < start, end.to_rfc3339()),
            _ => None,
        },
    },
];

/// What is wrong with a start that must be there and mean something.
pub(super) fn lacks_start(validity: &Validity) -> Option<String> {
    match validity.start {
        Time::Absent => Some("missing".to_owned()),
        Time::At(start) => when(start.seconds() == 0, "1970-01-01T00:00:00Z, which stands for no time"),
        Time::Unreadable(_) => None,
    }
}
