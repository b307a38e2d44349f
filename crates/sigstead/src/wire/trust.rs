use std::path::Path;

use anyhow::Context as _;
use sigstead_clock::Timestamp;
use sigstead_crypto::note::rekor_v2_log_id;
use sigstead_trust::{Authority, Documents, Log, Service, TrustMaterial, Validity};
use sigstead_x509::Certificate;

use super::keys;
use crate::config::{TrustConfig, TrustedLog};

/// The trust root's documents, from the public files that the configuration names.
pub(crate) fn trust_documents(config: &TrustConfig) -> anyhow::Result<Documents> {
    let mut material = TrustMaterial { operator: config.operator.clone(), ..TrustMaterial::default() };
    if let Some((url, chain)) = &config.ca {
        let authority = authority(url, chain)?;
        // Signing configs count the CA's API as version 1, whatever its path says.
        material.ca_services.push(service(url, 1, authority.validity));
        material.certificate_authorities.push(authority);
    }
    if let Some((url, chain)) = &config.tsa {
        let base = url.strip_suffix("/api/v1/timestamp").unwrap_or(url);
        let authority = authority(base, chain)?;
        material.tsa_services.push(service(url, 1, authority.validity));
        material.timestamp_authorities.push(authority);
    }
    for (trusted, until) in &config.earlier_logs {
        let mut log = log(trusted)?;
        log.validity.end = Some(*until);
        material.logs.push(log);
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
    Documents::render(&material).context("the trust root")
}

/// Its signatures count while its first certificate is valid.
fn authority(url: &str, chain: &Path) -> anyhow::Result<Authority> {
    let chain = keys::chain(chain)?;
    let start = chain.first().map(Certificate::not_before).unwrap_or_default();
    let validity = Validity::since(Timestamp::from_seconds(u64::try_from(start).unwrap_or_default()));
    Ok(Authority { url: url.to_owned(), chain, validity })
}

fn log(trusted: &TrustedLog) -> anyhow::Result<Log> {
    let public_key = keys::public_key(&trusted.public_key)?;
    let log_id = match &trusted.origin {
        Some(origin) => rekor_v2_log_id(origin, &public_key),
        None => public_key.fingerprint(),
    };
    Ok(Log { url: trusted.url.clone(), public_key, log_id, validity: Validity::since(trusted.since) })
}

fn service(url: &str, major_api_version: u32, validity: Validity) -> Service {
    Service { url: url.to_owned(), major_api_version, validity }
}
