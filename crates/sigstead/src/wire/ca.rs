use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::Router;
use sigstead_ca::{CaConfig as Parts, CertificateAuthority, CtConfig, CtLogConfig, CurrentPolicy, Policy};
use sigstead_identity::{FulcioConfig, Providers};
use sigstead_store::Database;

use super::authorities::{authorities, issuing_cas};
use super::call_files::CallFiles;
use super::followed::Followed;
use super::text_file::TextFile;
use super::{Ground, expiry, http_client, keys};
use crate::config::{CaConfig, CaCtConfig, Config};

/// A CT log in the same process.
pub(crate) struct OwnCtLog {
    /// As `[ca]` names it.
    pub(crate) url: String,
    pub(crate) routes: Router,
}

/// The certificate authority's routes.
pub(crate) async fn ca(
    config: &CaConfig,
    own: Option<&OwnCtLog>,
    database: &Database,
    ground: &Ground,
) -> anyhow::Result<Router> {
    let call = config.ct.as_ref().map(|ct| CallFiles::read(&ct.call)).transpose()?;
    let ct = config.ct.as_ref().map(|ct| ct_logs(ct, own)).transpose()?;
    let issuers = TextFile::read(&config.issuers)?;
    let trusted = issuers.parse(FulcioConfig::parse)?;
    let providers = Arc::new(Providers::new(trusted, Arc::clone(&ground.clock))?);
    let named = authorities(&config.authorities)?;
    let parts = Parts {
        providers: Arc::clone(&providers),
        issuing: issuing_cas(&named, ground.now()).await?,
        ct,
        database: database.clone(),
        clock: Arc::clone(&ground.clock),
        lifetime: config.lifetime,
    };
    let authority = CertificateAuthority::new(parts, &ground.tasks).context("the certificate authority")?;
    let authority = authority.allowing(config.client_algorithms.clone()).limited(config.identity_rate);
    let authority = Arc::new(authority.under(followed_policy(config, ground)?));
    let replace = move |file: &TextFile| Ok(providers.replace(file.parse(FulcioConfig::parse)?)?);
    issuers.follow("issuers", replace, &ground.tasks);
    let expiry = expiry::watch("ca", &named, ground);
    let (source, replaced, at) = (config.authorities.clone(), Arc::clone(&authority), ground.clone());
    Followed::new("ca-authorities", named).follow(
        move || authorities(&source),
        move |named| {
            let (replaced, expiry, now) = (Arc::clone(&replaced), expiry.clone(), at.now());
            async move {
                replaced.replace(issuing_cas(&named, now).await?)?;
                expiry.replace(&named);
                Ok(())
            }
        },
        &ground.tasks,
    );
    if let Some(call) = call {
        let calling = Arc::clone(&authority);
        call.follow("ca-ct-client", move |http| Ok(calling.reach_ct_logs_by(http)?), &ground.tasks);
    }
    ground.watch_database("ca-database", database);
    let signing = Arc::clone(&authority);
    ground.watch_authorities("ca-authorities", move || signing.signs());
    Ok(sigstead_ca::router(authority))
}

/// The policy of the configured file, in step with it; without a file the one that allows.
fn followed_policy(config: &CaConfig, ground: &Ground) -> anyhow::Result<Arc<CurrentPolicy>> {
    let Some(path) = &config.policy else { return Ok(Arc::default()) };
    let file = TextFile::read(path)?;
    let policy = Arc::new(CurrentPolicy::new(file.parse(Policy::parse)?));
    let replaced = Arc::clone(&policy);
    let replace = move |file: &TextFile| file.parse(Policy::parse).map(|policy| replaced.replace(policy));
    file.follow("policy", replace, &ground.tasks);
    Ok(policy)
}

/// The issuer configuration of a file.
pub(crate) fn issuers(path: &Path) -> anyhow::Result<FulcioConfig> {
    TextFile::read(path)?.parse(FulcioConfig::parse)
}

/// The issuance policy of a file.
pub(crate) fn policy(path: &Path) -> anyhow::Result<Policy> {
    TextFile::read(path)?.parse(Policy::parse)
}

/// What the admin port serves of the certificate authority: its audit trail, if it is told to.
pub(crate) fn ca_operations(config: &CaConfig, database: &Database) -> Router {
    if config.audit_api { sigstead_ca::audit_router(database.clone()) } else { Router::new() }
}

/// Whether the files that `[ca]` names can be used.
pub(crate) async fn check_ca(config: &Config, now: i64) -> anyhow::Result<()> {
    let config = config.ca()?;
    issuers(&config.issuers)?;
    config.policy.as_deref().map(policy).transpose()?;
    CertificateAuthority::check(issuing_cas(&authorities(&config.authorities)?, now).await?, now)?;
    if let Some(ct) = config.ct.as_ref().map(|ct| ct_logs(ct, None)).transpose()? {
        ct.http.build().context("what [ca] calls CT logs with")?;
    }
    Ok(())
}

/// The CT logs; two with one key are one log, whose promises count once.
fn ct_logs(config: &CaCtConfig, own: Option<&OwnCtLog>) -> anyhow::Result<CtConfig> {
    let mut logs: Vec<CtLogConfig> = Vec::new();
    for (url, key) in &config.logs {
        let public_key = keys::public_key(key)?;
        if let Some(other) = logs.iter().find(|log| log.public_key.fingerprint() == public_key.fingerprint())
        {
            bail!("the CT logs {} and {url} have the same key; name one of them", other.url);
        }
        let here = own.filter(|own| own.url == *url).map(|own| own.routes.clone());
        logs.push(CtLogConfig { url: url.clone(), public_key, here });
    }
    let CaCtConfig { needed, deadline, delivery, .. } = *config;
    Ok(CtConfig { logs, http: http_client(&config.call)?, needed, deadline, delivery })
}
