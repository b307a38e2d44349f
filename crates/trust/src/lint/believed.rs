use serde_json::Value;
use sigstead_clock::Timestamp;
use sigstead_x509::Purpose;

use super::service::Role;
use super::{authority, log, service};
use crate::{Log, Service, TrustMaterial};

/// Whom a trusted root lets clients believe, and whom a signing config lets them ask; `None` if one of them has errors
/// that make it unreadable.
pub(crate) fn believed(root: &Value, config: Option<&Value>, now: Timestamp) -> Option<TrustMaterial> {
    let authorities = |name: &str, purpose| {
        list(root, name)
            .iter()
            .map(|one| authority::Authority::read(one, purpose, now).believed())
            .collect::<Option<Vec<_>>>()
    };
    let logs = |name: &str| {
        list(root, name).iter().map(|one| log::Log::read(one).believed()).collect::<Option<Vec<_>>>()
    };
    let ct_logs = logs("ctlogs")?;
    let services = |role: Role| {
        let services = config.map(|config| list(config, role.field())).unwrap_or_default();
        services.iter().map(|one| service::Service::read(one, role).believed()).collect::<Option<Vec<_>>>()
    };
    let (log_services, v2_log_services): (Vec<_>, Vec<_>) =
        services(Role::Log)?.into_iter().partition(|service| service.major_api_version == 1);
    let (logs, v2_logs) =
        logs("tlogs")?.into_iter().partition(|log| is_v1(log, &log_services, &v2_log_services));
    Some(TrustMaterial {
        operator: String::new(),
        certificate_authorities: authorities("certificateAuthorities", Purpose::CodeSigningAuthority)?,
        timestamp_authorities: authorities("timestampAuthorities", Purpose::Timestamping)?,
        logs,
        v2_logs,
        ct_logs,
        ca_services: services(Role::Ca)?,
        oidc_services: services(Role::Oidc)?,
        log_services,
        v2_log_services,
        tsa_services: services(Role::Tsa)?,
    })
}

/// A trusted root does not tell. Rekor v2 names Ed25519 keys together with the log, others as v1 does; then whoever asks the
/// log knows.
fn is_v1(log: &Log, services: &[Service], v2_services: &[Service]) -> bool {
    let is_asked = |services: &[Service]| services.iter().any(|one| one.url.trim_end_matches('/') == log.url);
    let is_named_so = log.log_id == log.public_key.fingerprint();
    is_named_so && if services.is_empty() { !is_asked(v2_services) } else { is_asked(services) }
}

fn list<'a>(document: &'a Value, name: &str) -> &'a [Value] {
    document.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
