//! The certificate-transparency log: RFC 6962 and static-ct over one tree of the `tlog` engine.
//!
//! In scope: which chains are accepted, leaves and their bytes, SCTs, both read APIs, and what any such log answers.
//! Out of scope: the tree (see `tlog`), certificates and SCT encodings (see `x509`).

mod authorities;
mod chain_policy;
mod error;
mod leaf;
mod logged;
mod rfc6962;
mod service;
mod static_ct;
mod submit;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use sigstead_serve::cors_layer;

pub use leaf::hash_record;
pub use logged::LoggedCertificate;
pub use service::{CtConfig, CtLog, OpenError, open_active_tree};

/// Longest submission.
const MAX_BODY: usize = 512 * 1024;

/// Submissions and both read APIs.
pub fn router(log: Arc<CtLog>) -> Router {
    Router::new()
        .merge(submit::routes())
        .merge(rfc6962::routes())
        .merge(static_ct::routes())
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer((cors_layer(), DefaultBodyLimit::max(MAX_BODY)))
        .with_state(log)
}
