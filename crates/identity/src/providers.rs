use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use moka::future::Cache;
use sigstead_clock::Clock;

use crate::claims::{Claims, principal};
use crate::config::{FulcioConfig, IssuerConfig};
use crate::provider::KeyCache;
use crate::reach::Reach;
use crate::token::{Unverified, validate};
use crate::{Principal, TokenError, discovery};

/// Most concrete issuers that are remembered for the patterns.
const MAX_MATCHED: u64 = 100;

/// The trusted identity providers, with their keys.
#[derive(Debug)]
pub struct Providers {
    trusted: ArcSwap<Trusted>,
    clock: Arc<dyn Clock>,
}

/// What one configuration trusts.
#[derive(Debug)]
struct Trusted {
    config: Arc<FulcioConfig>,
    exact: HashMap<String, Arc<KeyCache>>,
    /// Issuers that matched a pattern.
    matched: Cache<String, Arc<KeyCache>>,
    /// For each pattern.
    clients: HashMap<String, discovery::Client>,
}

impl Providers {
    /// The providers of a configuration; nothing is fetched before a token needs it.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(config: FulcioConfig, clock: Arc<dyn Clock>) -> reqwest::Result<Self> {
        let trusted = Trusted::new(config, &clock, None)?;
        Ok(Self { trusted: ArcSwap::from_pointee(trusted), clock })
    }

    /// Trusts what another configuration says from now on. Providers that stay keep their keys.
    ///
    /// # Errors
    /// When the HTTP client cannot be made; then everything stays as it was.
    pub fn replace(&self, config: FulcioConfig) -> reqwest::Result<()> {
        let trusted = Trusted::new(config, &self.clock, Some(&self.trusted.load()))?;
        self.trusted.store(Arc::new(trusted));
        Ok(())
    }

    /// The configuration.
    pub fn config(&self) -> Arc<FulcioConfig> {
        Arc::clone(&self.trusted.load().config)
    }

    /// Verifies a token, and tells who it speaks for.
    ///
    /// # Errors
    /// With the reason, which is for the log; clients are told little.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, TokenError> {
        let trusted = self.trusted.load_full();
        let token = Unverified::parse(token)?;
        let issuer = token.issuer()?.to_owned();
        let (config, keys) = trusted.keys(&issuer, &self.clock).await?;
        let claims = keys.verify(token).await?;
        validate(&claims, &config.audience, self.clock.now())?;
        principal(Claims(&claims), &issuer, config)
    }
}

impl Trusted {
    fn new(config: FulcioConfig, clock: &Arc<dyn Clock>, before: Option<&Self>) -> reqwest::Result<Self> {
        let keys = |issuer: &IssuerConfig| {
            let kept = before.and_then(|before| before.keys_of(issuer));
            let keys = kept.map_or_else(
                || {
                    let client = discovery::client(Reach::Anywhere, issuer)?;
                    Ok(Arc::new(KeyCache::new(issuer.url.clone(), client, Arc::clone(clock))))
                },
                Ok,
            );
            Ok((issuer.url.clone(), keys?))
        };
        let exact = config.issuers.iter().map(keys).collect::<reqwest::Result<_>>()?;
        let client = |(_, issuer): &(_, IssuerConfig)| {
            let client = discovery::client(Reach::Public, issuer)?;
            Ok((issuer.url.clone(), client))
        };
        let clients = config.patterns.iter().map(client).collect::<reqwest::Result<_>>()?;
        Ok(Self { exact, matched: Cache::new(MAX_MATCHED), config: Arc::new(config), clients })
    }

    /// The keys of an issuer that is asked in the same way here.
    fn keys_of(&self, issuer: &IssuerConfig) -> Option<Arc<KeyCache>> {
        let mut known = self.config.issuers.iter().filter(|known| known.url == issuer.url);
        known.find(|known| {
            known.ca_cert == issuer.ca_cert && known.service_account == issuer.service_account
        })?;
        self.exact.get(&issuer.url).cloned()
    }

    /// What is configured for an issuer, and its keys.
    async fn keys(
        &self,
        issuer: &str,
        clock: &Arc<dyn Clock>,
    ) -> Result<(&IssuerConfig, Arc<KeyCache>), TokenError> {
        let unknown = || self.config.unknown(issuer);
        let config = self.config.issuer(issuer).ok_or_else(unknown)?;
        if let Some(keys) = self.exact.get(issuer) {
            return Ok((config, Arc::clone(keys)));
        }
        let client = self.clients.get(&config.url).ok_or_else(unknown)?;
        let fresh = || KeyCache::new(issuer.to_owned(), client.clone(), Arc::clone(clock));
        Ok((config, self.matched.get_with(issuer.to_owned(), async { Arc::new(fresh()) }).await))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sigstead_clock::{ManualClock, Timestamp};
    use sigstead_testkit::Issuer;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    /// Of the way to a cluster's issuer only its address is not real: it would have to be public.
    #[tokio::test]
    async fn an_issuer_that_matches_a_pattern_is_asked_once() {
        let issuer = Issuer::start().await;
        let pattern = issuer.url().replace("127.0.0.1", "127.0.0.*");
        let text = format!("meta-issuers:\n  '{pattern}':\n    client-id: sigstore\n    type: kubernetes\n");
        let config = || FulcioConfig::parse(&text).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(NOW)));
        let providers = Providers::new(config(), Arc::clone(&clock)).unwrap();
        let mut trusted = Trusted::new(config(), &clock, None).unwrap();
        let reaching = discovery::client(Reach::Anywhere, &trusted.config.patterns[0].1).unwrap();
        trusted.clients.insert(pattern, reaching);
        providers.trusted.store(Arc::new(trusted));
        let claims = |audience: &str| {
            json!({
                "sub": "system:serviceaccount:ns:sa", "aud": audience, "exp": NOW + 60,
                "kubernetes.io": { "namespace": "ns", "serviceaccount": { "name": "sa" } },
            })
        };
        for _ in 0..2 {
            let found = providers.authenticate(&issuer.token(&claims("sigstore"))).await.unwrap();
            assert_eq!((found.issuer.as_str(), found.name.value().as_str()), (issuer.url(), NAME));
        }
        let other = providers.authenticate(&issuer.token(&claims("other"))).await;
        assert_eq!(other, Err(TokenError::Audience));
        assert_eq!(issuer.key_fetches(), 1);
    }

    const NAME: &str = "https://kubernetes.io/namespaces/ns/serviceaccounts/sa";
}
