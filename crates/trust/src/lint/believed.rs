use serde_json::Value;
use sigstead_clock::Timestamp;
use sigstead_x509::Purpose;

use super::authority::Authority;
use super::log::Log;
use super::service::{Role, Service};
use crate::TrustMaterial;

/// Whom a trusted root lets clients believe, and whom a signing config lets them ask; `None` if one of them has errors
/// that make it unreadable.
pub(crate) fn believed(root: &Value, config: Option<&Value>, now: Timestamp) -> Option<TrustMaterial> {
    let authorities = |name: &str, purpose| {
        list(root, name).iter().map(|one| Authority::read(one, purpose, now).believed()).collect::<Option<Vec<_>>>()
    };
    let logs = |name: &str| list(root, name).iter().map(|one| Log::read(one).believed()).collect::<Option<Vec<_>>>();
    let services = |role: Role| {
        let services = config.map(|config| list(config, role.field())).unwrap_or_default();
        services.iter().map(|one| Service::read(one, role).believed()).collect::<Option<Vec<_>>>()
    };
    // Rekor v2 names a key together with its log.
    let (logs_v1, logs_v2) =
        logs("tlogs")?.into_iter().partition(|log: &crate::Log| log.log_id == log.public_key.fingerprint());
    let (log_services, v2_log_services) =
        services(Role::Log)?.into_iter().partition(|service: &crate::Service| service.major_api_version == 1);
    Some(TrustMaterial {
        operator: String::new(),
        certificate_authorities: authorities("certificateAuthorities", Purpose::CodeSigningAuthority)?,
        timestamp_authorities: authorities("timestampAuthorities", Purpose::Timestamping)?,
        logs: logs_v1,
        v2_logs: logs_v2,
        ct_logs: logs("ctlogs")?,
        ca_services: services(Role::Ca)?,
        oidc_services: services(Role::Oidc)?,
        log_services,
        v2_log_services,
        tsa_services: services(Role::Tsa)?,
    })
}

fn list<'a>(document: &'a Value, name: &str) -> &'a [Value] {
    document.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
