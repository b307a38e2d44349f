use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use sigstead_ca::{CaConfig as Parts, CertificateAuthority, CtLogConfig, IssuingCa};
use sigstead_identity::{FulcioConfig, Providers};
use sigstead_store::Database;

use super::{Ground, http_client, keys};
use crate::config::CaConfig;

/// The certificate authority's routes.
pub(crate) async fn ca(config: &CaConfig, database: &Database, ground: &Ground) -> anyhow::Result<Router> {
    let ct = match &config.ct {
        Some((url, key)) => Some(CtLogConfig {
            url: url.clone(),
            public_key: keys::public_key(key)?,
            http: http_client(&config.ct_call)?,
        }),
        None => None,
    };
    let parts = Parts {
        providers: Providers::new(issuers(config)?, Arc::clone(&ground.clock))?,
        issuer: IssuingCa { signer: keys::signer(&config.key)?, chain: keys::chain(&config.chain)? },
        ct,
        database: database.clone(),
        clock: Arc::clone(&ground.clock),
        lifetime: config.lifetime,
    };
    let authority = CertificateAuthority::new(parts, &ground.tasks)
        .with_context(|| format!("the certificate authority of {}", config.chain.display()))?;
    ground.watch_database("ca-database", database);
    Ok(sigstead_ca::router(Arc::new(authority)))
}

/// What the admin port serves of the certificate authority: its audit trail, if it is told to.
pub(crate) fn ca_operations(config: &CaConfig, database: &Database) -> Router {
    if config.audit_api { sigstead_ca::audit_router(database.clone()) } else { Router::new() }
}

/// Whether the files that `[ca]` names can be used.
pub(crate) fn check_ca(config: &CaConfig) -> anyhow::Result<()> {
    issuers(config)?;
    keys::check_key(&config.key)?;
    keys::chain(&config.chain)?;
    config.ct.as_ref().map(|(_, key)| keys::public_key(key)).transpose()?;
    http_client(&config.ct_call)?.build().context("what [ca] calls the CT log with")?;
    Ok(())
}

fn issuers(config: &CaConfig) -> anyhow::Result<FulcioConfig> {
    let file = &config.issuers;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    FulcioConfig::parse(&text).with_context(|| file.display().to_string())
}
