use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use sigstead_clock::{Clock as _, SystemClock, Timestamp};
use sigstead_crypto::note::rekor_v2_log_id;
use sigstead_serve::Tasks;
use sigstead_trust::{Authority, Documents, Log, Published, Service, TrustMaterial, Validity};

use super::authorities::{authorities, believed};
use super::followed::Followed;
use super::keys;
use crate::config::{TrustConfig, TrustedLog};

/// The trust root's documents, which follow the files that the configuration names; each version is also handed to
/// `keep`, the first one too.
pub(crate) fn trust(
    config: TrustConfig,
    keep: impl Fn(&Documents) -> anyhow::Result<()> + Send + Sync + 'static,
    tasks: &Tasks,
) -> anyhow::Result<Published> {
    let documents = trust_documents(&config)?;
    keep(&documents)?;
    let published: Published = Arc::new(ArcSwap::from_pointee(documents.clone()));
    let replaced = Arc::clone(&published);
    Followed::new("trust-root", documents).follow(
        move || trust_documents(&config),
        move |documents| {
            replaced.store(Arc::new(documents.clone()));
            std::future::ready(keep(&documents))
        },
        tasks,
    );
    Ok(published)
}

/// The trust root's documents, from the public files that the configuration names.
pub(crate) fn trust_documents(config: &TrustConfig) -> anyhow::Result<Documents> {
    Documents::render(&trust_material(config)?).context("the trust root")
}

/// Whom the configuration's public files let clients believe, and whom they ask.
pub(crate) fn trust_material(config: &TrustConfig) -> anyhow::Result<TrustMaterial> {
    let now = SystemClock.now().unix_seconds();
    let mut material = TrustMaterial { operator: config.operator.clone(), ..TrustMaterial::default() };
    if let Some((url, source)) = &config.ca {
        material.certificate_authorities = believed(url, &authorities(source)?, now);
        // Signing configs count the CA's API as version 1, whatever its path says.
        material.ca_services.extend(service_of(url, &material.certificate_authorities));
    }
    if let Some((url, source)) = &config.tsa {
        let base = url.strip_suffix("/api/v1/timestamp").unwrap_or(url);
        material.timestamp_authorities = believed(base, &authorities(source)?, now);
        material.tsa_services.extend(service_of(url, &material.timestamp_authorities));
    }
    for trusted in &config.earlier_logs {
        material.logs.push(log(trusted)?);
    }
    for trusted in &config.earlier_v2_logs {
        material.v2_logs.push(log(trusted)?);
    }
    if let Some(trusted) = &config.log {
        let log = log(trusted)?;
        material.log_services.push(service(&trusted.url, 1, log.validity));
        material.logs.push(log);
    }
    if let Some(trusted) = &config.log_v2 {
        let log = log(trusted)?;
        material.v2_log_services.push(service(&trusted.url, 2, log.validity));
        material.v2_logs.push(log);
    }
    // The operator's own CT log comes last: its key is the one in `ctfe.pub`.
    for trusted in config.ct_logs.iter().chain(&config.ct) {
        let log = log(trusted)?;
        material.ct_logs.retain(|other| other.log_id != log.log_id);
        material.ct_logs.push(log);
    }
    if let Some(url) = &config.oidc_url {
        let since = material.ca_services.first().map(|ca| ca.validity.start);
        material.oidc_services.push(service(
            url,
            1,
            Validity::since(since.unwrap_or(Timestamp::from_seconds(1))),
        ));
    }
    Ok(material)
}

/// The service of some authorities: there since the first of them.
fn service_of(url: &str, authorities: &[Authority]) -> Option<Service> {
    let start = authorities.iter().map(|authority| authority.validity.start).min()?;
    Some(service(url, 1, Validity::since(start)))
}

fn log(trusted: &TrustedLog) -> anyhow::Result<Log> {
    let public_key = keys::public_key(&trusted.public_key)?;
    let log_id = match &trusted.origin {
        Some(origin) => rekor_v2_log_id(origin, &public_key),
        None => public_key.fingerprint(),
    };
    let validity = Validity { start: trusted.since, end: trusted.until };
    Ok(Log { url: trusted.url.clone(), public_key, log_id, validity })
}

fn service(url: &str, major_api_version: u32, validity: Validity) -> Service {
    Service { url: url.to_owned(), major_api_version, validity }
}
