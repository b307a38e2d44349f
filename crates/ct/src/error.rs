use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use sigstead_crypto::SignError;
use sigstead_store::StoreError;
use sigstead_tlog::AppendError;
use thiserror::Error;

/// The one door by which errors leave: text, as RFC 6962 logs write it.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The request.
    #[error("{0}")]
    BadRequest(String),
    /// A body that is longer than any chain.
    #[error("the request is larger than {} bytes", crate::MAX_BODY)]
    TooLarge,
    /// Nothing is there.
    #[error("{0} was not found")]
    NotFound(String),
    /// A wrong method.
    #[error("method {0} is not allowed here")]
    Method(String),
    /// The log takes no more at the moment, or for good.
    #[error(transparent)]
    Log(#[from] AppendError),
    /// The key.
    #[error("the log cannot sign")]
    Sign(#[from] SignError),
}

impl Error {
    pub(crate) fn bad_request(why: impl std::fmt::Display) -> Self {
        Self::BadRequest(why.to_string())
    }
}

/// A busy database is a busy log, whoever asked it.
impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let retry_after = match &self {
            Self::Log(AppendError::Overloaded { retry_after }) => retry_after.as_secs().max(1),
            _ => 1,
        };
        let status = match &self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Log(AppendError::Overloaded { .. } | AppendError::Stopping) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Log(AppendError::Frozen) => StatusCode::GONE,
            Self::Log(_) | Self::Sign(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let text = if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = ?self, "the CT log could not answer");
            "the log could not answer\n".to_owned()
        } else {
            format!("{self}\n")
        };
        let mut response =
            (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
        }
        response
    }
}

pub(crate) async fn not_found(uri: Uri) -> Error {
    Error::NotFound(uri.path().to_owned())
}

pub(crate) async fn method_not_allowed(method: Method) -> Error {
    Error::Method(method.to_string())
}
