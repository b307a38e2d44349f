use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sigstead_store::StoreError;
use thiserror::Error;

/// Why the audit trail was not read.
#[derive(Debug, Error)]
pub enum AuditError {
    /// A parameter cannot be used.
    #[error("{name}: {why}")]
    Parameter {
        /// Which.
        name: String,
        /// What would be right.
        why: String,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AuditError {
    pub(super) fn parameter(name: &str, why: impl Into<String>) -> Self {
        Self::Parameter { name: name.to_owned(), why: why.into() }
    }
}

impl IntoResponse for AuditError {
    fn into_response(self) -> Response {
        let (status, message) = match &self {
            Self::Parameter { .. } => (StatusCode::BAD_REQUEST, self.to_string()),
            Self::Store(error) => {
                tracing::error!(%error, "the audit trail was not read");
                (StatusCode::INTERNAL_SERVER_ERROR, "the audit trail could not be read".to_owned())
            }
        };
        (status, Json(json!({ "code": status.as_u16(), "message": message }))).into_response()
    }
}
