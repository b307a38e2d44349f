use axum::http::Uri;
use serde_json::Value;

use super::rule::{Check, Finding, GO, JAVA, JS, PYTHON, error, findings, join, when};
use super::validity::{VALIDITY, Validity};

/// Where a signing config sends requests.
pub(super) struct Service {
    role: Role,
    url: String,
    pub(super) version: u64,
    pub(super) operator: String,
    pub(super) validity: Validity,
}

/// What a service is; each has rules of its own about its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Ca,
    Oidc,
    Log,
    Tsa,
}

impl Role {
    pub(super) const ALL: [Self; 4] = [Self::Ca, Self::Oidc, Self::Log, Self::Tsa];

    /// Its field in a signing config.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Ca => "caUrls",
            Self::Oidc => "oidcUrls",
            Self::Log => "rekorTlogUrls",
            Self::Tsa => "tsaUrls",
        }
    }

    /// Of its APIs, the newest that clients speak.
    const fn newest(self) -> u64 {
        match self {
            Self::Log => 2,
            Self::Ca | Self::Oidc | Self::Tsa => 1,
        }
    }
}

impl Service {
    pub(super) fn read(json: &Value, role: Role) -> Self {
        let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            role,
            url: text("url"),
            version: json.get("majorApiVersion").and_then(Value::as_u64).unwrap_or_default(),
            operator: text("operator"),
            validity: Validity::of(json),
        }
    }

    pub(super) fn findings(&self, path: &str) -> Vec<Finding> {
        let validity = findings(VALIDITY, &self.validity, &join(path, "validFor"));
        findings(SERVICE, self, path).into_iter().chain(validity).collect()
    }

    /// What it says, if it has no errors.
    pub(super) fn believed(&self) -> Option<crate::Service> {
        Some(crate::Service {
            url: self.url.clone(),
            major_api_version: u32::try_from(self.version).ok()?,
            validity: self.validity.believed()?,
        })
    }

    /// Whether clients speak its API.
    pub(super) const fn is_spoken(&self) -> bool {
        self.version >= 1 && self.version <= self.role.newest()
    }

    fn is_base(&self) -> bool {
        matches!(self.role, Role::Ca | Role::Log)
    }
}

/// What is wrong with a URL that needs a scheme and a host.
pub(super) fn origin_problem(url: Option<&str>) -> Option<String> {
    let Some(url) = url.filter(|url| !url.is_empty()) else { return Some("missing".to_owned()) };
    let parsed: Option<Uri> = url.parse().ok();
    let is_whole = parsed.is_some_and(|parsed| {
        matches!(parsed.scheme_str(), Some("http" | "https"))
            && parsed.host().is_some_and(|host| !host.is_empty())
    });
    when(!is_whole, format!("\"{url}\""))
}

static SERVICE: &[Check<Service>] = &[
    Check {
        rule: error(
            "service-url",
            &[GO, PYTHON, JS, JAVA],
            "cannot send requests there",
            "write the whole URL, as https://ca.example.com",
        ),
        at: "url",
        broken: |service| origin_problem(Some(&service.url)),
    },
    Check {
        rule: error(
            "service-url-slash",
            &[PYTHON],
            "asks for //api, which most servers do not know",
            "leave the slash at the end out",
        ),
        at: "url",
        broken: |service| when(service.is_base() && service.url.ends_with('/'), &service.url),
    },
    Check {
        rule: error(
            "service-url-path",
            &[GO, PYTHON, JS, JAVA],
            "append the API's path to it once more",
            "write the base URL, without /api/v1 or /api/v2 and what follows",
        ),
        at: "url",
        broken: |service| {
            let names_api = ["/api/v1", "/api/v2"].iter().any(|path| service.url.contains(path));
            when(service.is_base() && names_api, &service.url)
        },
    },
    Check {
        rule: error(
            "tsa-url-path",
            &[GO, PYTHON, JAVA],
            "send timestamp requests to the URL as it is",
            "write the whole endpoint, which for sigstore's servers ends in /api/v1/timestamp",
        ),
        at: "url",
        broken: |service| {
            let is_bare = service.url.parse::<Uri>().is_ok_and(|url| url.path() == "/");
            when(service.role == Role::Tsa && is_bare, &service.url)
        },
    },
    Check {
        rule: error(
            "service-version",
            &[GO, PYTHON, JS, JAVA],
            "leave the service out, for they do not speak this version of its API",
            "write 1; for Rekor v2 write 2",
        ),
        at: "majorApiVersion",
        broken: |service| when(!service.is_spoken(), service.version.to_string()),
    },
];
