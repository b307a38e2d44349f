use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sigstead_serve::{ErrorDetail, rpc_status};
use sigstead_tlog::AppendError;
use thiserror::Error;
use tonic::{Code, Status};

use super::entries::LOG_INDEX;

/// The one door by which errors leave: grpc-gateway's shape over HTTP, a status over gRPC.
#[derive(Debug, Error)]
pub(super) enum Error {
    /// Not the JSON of a request.
    #[error("{0}")]
    Request(String),
    /// The body is longer than any entry.
    #[error("http: request body too large")]
    TooLarge,
    /// Neither kind, or one that is not taken.
    #[error("invalid type, must be hashedrekord")]
    Kind,
    /// What is wrong goes to the operator's log, not to the client.
    #[error("invalid hashedrekord request")]
    HashedRekord,
    /// As above.
    #[error("invalid dsse request")]
    Dsse,
    /// An entry that is checked but cannot be stored.
    #[error("{0}")]
    Entry(String),
    /// It is there already.
    #[error("entry already exists in the log at index {0}")]
    Exists(u64),
    /// No more entries, ever.
    #[error("This log has been frozen, please switch to the latest log.")]
    Frozen,
    /// Too many entries wait.
    #[error("reached max pushback; retry")]
    Pushback(u64),
    /// The engine.
    #[error("failed to integrate entry")]
    Log(AppendError),
    /// No such path.
    #[error("Not Found")]
    NotFound,
    /// A wrong method.
    #[error("Method Not Allowed")]
    Method,
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Frozen => Self::Frozen,
            AppendError::Overloaded { retry_after } => Self::Pushback(retry_after.as_secs().max(1)),
            AppendError::Unwitnessed { retry_after } => Self::Pushback(retry_after.as_secs().max(1)),
            AppendError::Stopping => Self::Pushback(1),
            other => Self::Log(other),
        }
    }
}

#[derive(Serialize)]
struct Body {
    code: i32,
    message: String,
    details: [(); 0],
}

impl Error {
    const fn status(&self) -> (StatusCode, Code) {
        match self {
            Self::Request(_)
            | Self::TooLarge
            | Self::Kind
            | Self::HashedRekord
            | Self::Dsse
            | Self::Entry(_) => (StatusCode::BAD_REQUEST, Code::InvalidArgument),
            Self::Exists(_) => (StatusCode::CONFLICT, Code::AlreadyExists),
            Self::Frozen => (StatusCode::METHOD_NOT_ALLOWED, Code::Unimplemented),
            Self::Pushback(_) => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
            Self::Log(_) => (StatusCode::INTERNAL_SERVER_ERROR, Code::Unknown),
            Self::NotFound => (StatusCode::NOT_FOUND, Code::NotFound),
            Self::Method => (StatusCode::NOT_IMPLEMENTED, Code::Unimplemented),
        }
    }

    fn log(&self) {
        if let Self::Log(error) = self {
            tracing::error!(%error, "the log could not answer");
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let (status, code) = self.status();
        if matches!(self, Self::Frozen) {
            return (status, format!("{self}\n")).into_response();
        }
        let body = Body { code: code.into(), message: self.to_string(), details: [] };
        let mut response = (status, Json(body)).into_response();
        match self {
            Self::Exists(index) => drop(response.headers_mut().insert(LOG_INDEX, HeaderValue::from(index))),
            Self::Pushback(seconds) => {
                drop(response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds)));
            }
            _ => {}
        }
        response
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        error.log();
        let detail = match &error {
            Error::Kind | Error::HashedRekord => Some(ErrorDetail::Field("hashed_rekord_request_v002")),
            Error::Dsse => Some(ErrorDetail::Field("dsse_request_v002")),
            Error::Exists(index) => Some(ErrorDetail::Info("EXISTS", Some(("log_index", index.to_string())))),
            Error::Pushback(seconds) => Some(ErrorDetail::Retry(Duration::from_secs(*seconds))),
            _ => None,
        };
        rpc_status(error.status().1, error.to_string(), detail.as_slice())
    }
}

pub(super) async fn not_found() -> Error {
    Error::NotFound
}

pub(super) async fn method_not_allowed() -> Error {
    Error::Method
}
