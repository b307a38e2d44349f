use std::sync::Arc;

use serde_json::{Value, json};
use sigstead_clock::{ManualClock, Timestamp};
use sigstead_identity::{FulcioConfig, Principal, Providers, TokenError};
use sigstead_testkit::Issuer;

/// 2027-01-15T08:00:00Z, when the tests take place.
pub(crate) const NOW: u64 = 1_800_000_000;

/// An issuer, and providers that trust it.
pub(crate) struct World {
    pub(crate) issuer: Issuer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) providers: Providers,
}

impl World {
    /// Trusts the issuer for a type of identity; `rest` is more YAML of its entry.
    pub(crate) async fn new(issuer_type: &str, rest: &[&str]) -> Self {
        let issuer = Issuer::start().await;
        let url = issuer.url();
        let mut text = format!(
            "oidc-issuers:\n  {url}:\n    issuer-url: {url}\n    client-id: sigstore\n    type: {issuer_type}\n"
        );
        for line in rest {
            text.push_str(&format!("    {line}\n"));
        }
        Self::with_config(issuer, &text)
    }

    pub(crate) fn with_config(issuer: Issuer, text: &str) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(NOW)));
        let providers = Providers::new(FulcioConfig::parse(text).unwrap(), clock.clone()).unwrap();
        Self { issuer, clock, providers }
    }

    /// What becomes of a token with these claims, which may leave out the audience and the times.
    pub(crate) async fn principal(&self, claims: Value) -> Result<Principal, TokenError> {
        self.providers.authenticate(&self.issuer.token(&complete(claims))).await
    }
}

/// The claims with audience and expiry, unless they have them.
pub(crate) fn complete(mut claims: Value) -> Value {
    let map = claims.as_object_mut().unwrap();
    map.entry("aud").or_insert_with(|| "sigstore".into());
    map.entry("exp").or_insert_with(|| (NOW + 60).into());
    claims
}

/// Claims of a person.
pub(crate) fn person() -> Value {
    json!({ "sub": "1", "email": "ada@example.com", "email_verified": true })
}
