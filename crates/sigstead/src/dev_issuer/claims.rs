use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sigstead_clock::Timestamp;
use sigstead_identity::IssuerType;

use super::ci_claims;

/// The trust domain of the SPIFFE identities that this issuer gives out.
pub(super) const TRUST_DOMAIN: &str = "sigstead.local";

/// The URL under which the issuer speaks for a type; e-mail identities have the bare one.
pub(super) fn issuer_url(issuer_type: IssuerType, base: &str) -> String {
    match issuer_type {
        IssuerType::Email => base.to_owned(),
        other => format!("{base}/{}", other.name()),
    }
}

/// What `sigstead token` asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TokenRequest {
    pub(crate) issuer_type: IssuerType,
    pub(crate) email: Option<String>,
    pub(crate) sub: Option<String>,
    /// Laid over the type's own claims; `null` removes one.
    pub(crate) claims: Map<String, Value>,
    pub(crate) audience: String,
    pub(crate) lifetime_secs: u64,
}

impl TokenRequest {
    /// The token's claims, as an issuer of the type would fill them.
    pub(super) fn claims(&self, base: &str, now: Timestamp) -> Map<String, Value> {
        let issued = now.seconds();
        let expires = now.plus(Duration::from_secs(self.lifetime_secs)).seconds();
        let mut claims = object(json!({
            "iss": issuer_url(self.issuer_type, base),
            "aud": self.audience,
            "iat": issued,
            "nbf": issued,
            "exp": expires,
        }));
        claims.extend(self.identity(base));
        claims.extend(self.claims.clone());
        claims.retain(|_, value| !value.is_null());
        claims
    }

    fn identity(&self, base: &str) -> Map<String, Value> {
        let sub = |default: &str| self.sub.clone().unwrap_or_else(|| default.to_owned());
        object(match self.issuer_type {
            IssuerType::Email => {
                let email = self.email.clone().unwrap_or_else(|| "dev@example.com".to_owned());
                json!({ "sub": sub(&email), "email": email, "email_verified": true })
            }
            IssuerType::Uri => json!({ "sub": sub(&format!("{base}/users/dev")) }),
            IssuerType::Username => json!({ "sub": sub("dev") }),
            IssuerType::Spiffe => {
                json!({ "sub": sub(&format!("spiffe://{TRUST_DOMAIN}/ns/default/sa/dev")) })
            }
            IssuerType::Kubernetes => json!({
                "sub": sub("system:serviceaccount:default:dev"),
                "kubernetes.io": {
                    "namespace": "default",
                    "pod": { "name": "dev-0", "uid": "6f1c9f0e-0000-4000-8000-000000000001" },
                    "serviceaccount": { "name": "dev", "uid": "6f1c9f0e-0000-4000-8000-000000000002" },
                },
            }),
            IssuerType::ChainguardIdentity => json!({ "sub": sub("720909c9f5279097d847ad02/a033a6fabe0b") }),
            IssuerType::GithubWorkflow => ci_claims::github(&sub("repo:example/app:ref:refs/heads/main")),
            IssuerType::GitlabPipeline => {
                ci_claims::gitlab(&sub("project_path:example/app:ref_type:branch:ref:main"))
            }
            IssuerType::BuildkiteJob => {
                ci_claims::buildkite(&sub("organization:example:pipeline:app:ref:refs/heads/main"))
            }
            IssuerType::CodefreshWorkflow => ci_claims::codefresh(&sub(
                "account:628a80b693a15c0f9c13ab75:pipeline:65e5a53e52853dc51a5b0cc1",
            )),
            IssuerType::CiProvider => {
                json!({ "sub": sub("job/release"), "job": "release", "build_number": 42 })
            }
        })
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_claims_lie_over_the_types_own() {
        let request = TokenRequest {
            issuer_type: IssuerType::Email,
            email: Some("a@b.c".into()),
            sub: None,
            claims: object(json!({ "email_verified": null, "exp": 1 })),
            audience: "sigstore".into(),
            lifetime_secs: 300,
        };
        let claims = request.claims("http://127.0.0.1:5556", Timestamp::from_seconds(1000));
        assert_eq!(claims["iss"], "http://127.0.0.1:5556");
        assert_eq!(claims["sub"], "a@b.c");
        assert_eq!(claims["exp"], 1);
        assert!(!claims.contains_key("email_verified"));
    }
}
