use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sigstead_store::StoreError;
use sigstead_tlog::AppendError;
use thiserror::Error;

/// The one door by which errors leave.
#[derive(Debug, Error)]
pub(super) enum Error {
    /// A parameter cannot be used.
    #[error("{name}: {why}")]
    Parameter {
        /// Which.
        name: String,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// The engine.
    #[error(transparent)]
    Log(#[from] AppendError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    pub(super) fn parameter(name: &str, why: impl Into<String>) -> Self {
        Self::Parameter { name: name.to_owned(), why: why.into() }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, message) = match &self {
            Self::Parameter { .. } => (StatusCode::BAD_REQUEST, self.to_string()),
            Self::Log(_) | Self::Store(_) => {
                tracing::error!(error = %self, "a search failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "the log could not be searched".to_owned())
            }
        };
        (status, Json(json!({ "code": status.as_u16(), "message": message }))).into_response()
    }
}
