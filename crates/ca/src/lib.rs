//! The certificate authority: a certificate for an identity, with Fulcio's APIs: v1 and v2 over HTTP, v1beta and v2 over gRPC.
//!
//! In scope: proof of possession, the issuance policy, the certificate profile, the order of issuance, the CT log's promise.
//! Out of scope: tokens (see `identity`), certificate bytes (see `x509`), keys (see `crypto`, `keystore`).

mod added_chain;
mod audit;
mod audit_trail;
mod authority;
mod client_algorithms;
mod ct_client;
mod ct_logs;
mod ct_way;
mod error;
mod grpc;
mod grpc_v1beta;
mod issue;
mod issuing;
mod lint;
mod policy;
mod possession;
mod profile;
mod request;
mod v1;
mod v2;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, header};
use sigstead_serve::{MethodMetrics, observe_methods, preflight_without_content, restricted_cors_layer};

pub use added_chain::AddedChain;
pub use audit::{AuditError, AuditPage, AuditQuery, AuditRecord, router as audit_router};
pub use authority::{CaConfig, CertificateAuthority, StartError};
pub use client_algorithms::{ClientAlgorithms, UnknownAlgorithm};
pub use ct_client::CtLogConfig;
pub use ct_logs::{CtConfig, SctDelivery};
pub use issuing::IssuingCa;
pub use policy::{CurrentPolicy, Decision, Denial, Policy, PolicyError, PolicyRequest};

/// Longest request body; a CSR and a token take a few kilobytes.
const MAX_BODY: usize = 1 << 20;

/// Fulcio's names.
const METRICS: MethodMetrics =
    MethodMetrics { latency: "fulcio_api_latency", requests: "http_requests_total" };

/// Fulcio's routes; gRPC and JSON on one port.
pub fn router(authority: Arc<CertificateAuthority>) -> Router {
    Router::new()
        .merge(v2::routes())
        .merge(v1::routes())
        .merge(grpc::routes(&authority))
        .fallback(error::not_found)
        .layer((
            axum::middleware::from_fn(preflight_without_content),
            restricted_cors_layer(
                [Method::GET, Method::POST, Method::HEAD],
                // Not Authorization: browsers put the token into the body, as with the original.
                [
                    header::ACCEPT,
                    header::CONTENT_TYPE,
                    axum::http::HeaderName::from_static("x-requested-with"),
                ],
            ),
            axum::middleware::from_fn_with_state(METRICS, observe_methods),
            DefaultBodyLimit::max(MAX_BODY),
        ))
        .with_state(authority)
}
