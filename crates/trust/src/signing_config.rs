//! `signing_config.v0.2.json`, in the form that every client understands: newest service first, one
//! service valid at a time, selector `ANY`.

use serde::Serialize;

use crate::material::{Service, TrustMaterial};
use crate::trusted_root::TimeRange;

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

/// `dev.sigstore.trustroot.v1.SigningConfig` in protobuf's JSON mapping.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningConfig {
    media_type: &'static str,
    ca_urls: Vec<Endpoint>,
    oidc_urls: Vec<Endpoint>,
    rekor_tlog_urls: Vec<Endpoint>,
    rekor_tlog_config: Selector,
    tsa_urls: Vec<Endpoint>,
    tsa_config: Selector,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    url: String,
    major_api_version: u32,
    valid_for: TimeRange,
    operator: String,
}

#[derive(Debug, Clone, Serialize)]
struct Selector {
    selector: &'static str,
}

/// Any one of the valid services; sigstore-js knows no other selector.
const ANY: Selector = Selector { selector: "ANY" };

impl SigningConfig {
    /// From the services that take signing requests; `logs` are those of them that log signatures.
    pub fn new(material: &TrustMaterial, logs: &[Service]) -> Self {
        let endpoint = |service: &Service| Endpoint {
            url: service.url.clone(),
            major_api_version: service.major_api_version,
            valid_for: TimeRange::from(service.validity),
            operator: material.operator.clone(),
        };
        let endpoints = |services: &[Service]| services.iter().map(endpoint).collect();
        Self {
            media_type: MEDIA_TYPE,
            ca_urls: endpoints(&material.ca_services),
            oidc_urls: endpoints(&material.oidc_services),
            rekor_tlog_urls: endpoints(logs),
            rekor_tlog_config: ANY,
            tsa_urls: endpoints(&material.tsa_services),
            tsa_config: ANY,
        }
    }
}
