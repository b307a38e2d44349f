use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::Router;
use sigstead_ca::{CaConfig as Parts, CertificateAuthority, CtConfig, CtLogConfig, IssuingCa};
use sigstead_identity::Providers;
use sigstead_store::Database;

use super::issuers_file::IssuersFile;
use super::{Ground, http_client, keys};
use crate::config::{CaConfig, CaCtConfig};

/// The certificate authority's routes.
pub(crate) async fn ca(config: &CaConfig, database: &Database, ground: &Ground) -> anyhow::Result<Router> {
    let ct = config.ct.as_ref().map(ct_logs).transpose()?;
    let file = IssuersFile::open(&config.issuers)?;
    let providers = Arc::new(Providers::new(file.parse()?, Arc::clone(&ground.clock))?);
    let parts = Parts {
        providers: Arc::clone(&providers),
        issuer: IssuingCa { signer: keys::signer(&config.key)?, chain: keys::chain(&config.chain)? },
        ct,
        database: database.clone(),
        clock: Arc::clone(&ground.clock),
        lifetime: config.lifetime,
    };
    let authority = CertificateAuthority::new(parts, &ground.tasks)
        .with_context(|| format!("the certificate authority of {}", config.chain.display()))?;
    ground.tasks.spawn(file.watch(providers, ground.tasks.clone()));
    ground.watch_database("ca-database", database);
    Ok(sigstead_ca::router(Arc::new(authority)))
}

/// What the admin port serves of the certificate authority: its audit trail, if it is told to.
pub(crate) fn ca_operations(config: &CaConfig, database: &Database) -> Router {
    if config.audit_api { sigstead_ca::audit_router(database.clone()) } else { Router::new() }
}

/// Whether the files that `[ca]` names can be used.
pub(crate) fn check_ca(config: &CaConfig) -> anyhow::Result<()> {
    IssuersFile::open(&config.issuers)?.parse()?;
    keys::check_key(&config.key)?;
    keys::chain(&config.chain)?;
    for log in config.ct.as_ref().map(ct_logs).transpose()?.into_iter().flat_map(|ct| ct.logs) {
        log.http.build().context("what [ca] calls CT logs with")?;
    }
    Ok(())
}

/// The CT logs; two with one key are one log, whose promises count once.
fn ct_logs(config: &CaCtConfig) -> anyhow::Result<CtConfig> {
    let mut logs: Vec<CtLogConfig> = Vec::new();
    for (url, key) in &config.logs {
        let public_key = keys::public_key(key)?;
        if let Some(other) = logs.iter().find(|log| log.public_key.fingerprint() == public_key.fingerprint())
        {
            bail!("the CT logs {} and {url} have the same key; name one of them", other.url);
        }
        logs.push(CtLogConfig { url: url.clone(), public_key, http: http_client(&config.call)? });
    }
    let CaCtConfig { needed, deadline, delivery, .. } = *config;
    Ok(CtConfig { logs, needed, deadline, delivery })
}
