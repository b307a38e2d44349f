use std::collections::HashMap;
use std::sync::Arc;

use moka::future::Cache;
use sigstead_clock::Clock;

use crate::claims::{Claims, principal};
use crate::config::{FulcioConfig, IssuerConfig};
use crate::provider::KeyCache;
use crate::reach::Reach;
use crate::{Principal, TokenError, discovery, token};

/// Most concrete issuers that are remembered for the patterns.
const MAX_MATCHED: u64 = 100;

/// The trusted identity providers, with their keys.
#[derive(Debug)]
pub struct Providers {
    config: FulcioConfig,
    exact: HashMap<String, KeyCache>,
    /// Issuers that matched a pattern.
    matched: Cache<String, Arc<KeyCache>>,
    /// One for each pattern of the configuration, in its order.
    clients: Vec<discovery::Client>,
    clock: Arc<dyn Clock>,
}

impl Providers {
    /// The providers of a configuration; nothing is fetched before a token needs it.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(config: FulcioConfig, clock: Arc<dyn Clock>) -> reqwest::Result<Self> {
        let cache = |issuer: &IssuerConfig| {
            let client = discovery::client(Reach::Anywhere, &issuer.roots)?;
            Ok((issuer.url.clone(), KeyCache::new(issuer.url.clone(), client, Arc::clone(&clock))))
        };
        let exact = config.issuers.iter().map(cache).collect::<reqwest::Result<_>>()?;
        let client = |(_, issuer): &(_, IssuerConfig)| discovery::client(Reach::Public, &issuer.roots);
        let clients = config.patterns.iter().map(client).collect::<reqwest::Result<_>>()?;
        Ok(Self { exact, matched: Cache::new(MAX_MATCHED), config, clients, clock })
    }

    /// The configuration.
    pub const fn config(&self) -> &FulcioConfig {
        &self.config
    }

    /// Verifies a token, and tells who it speaks for.
    ///
    /// # Errors
    /// With the reason, which is for the log; clients are told little.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, TokenError> {
        let issuer = token::claimed_issuer(token)?;
        let (config, claims) = match self.exact.get(&issuer) {
            Some(keys) => {
                let config = self.config.issuers.iter().find(|config| config.url == issuer);
                let config = config.ok_or_else(|| TokenError::IssuerUnknown(issuer.clone()))?;
                (config, keys.verify(token).await?)
            }
            None => {
                let mut patterns = self.config.patterns.iter().zip(&self.clients);
                let found = patterns.find(|((pattern, _), _)| pattern.matches(&issuer));
                let ((_, config), client) = found.ok_or_else(|| TokenError::IssuerUnknown(issuer.clone()))?;
                (config, self.matched_keys(&issuer, client).await.verify(token).await?)
            }
        };
        token::validate(&claims, &config.audience, self.clock.now())?;
        principal(Claims(&claims), &issuer, config)
    }

    async fn matched_keys(&self, issuer: &str, client: &discovery::Client) -> Arc<KeyCache> {
        let fresh = || KeyCache::new(issuer.to_owned(), client.clone(), Arc::clone(&self.clock));
        self.matched.get_with(issuer.to_owned(), async { Arc::new(fresh()) }).await
    }
}
