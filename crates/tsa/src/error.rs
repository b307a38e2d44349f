use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sigstead_crypto::SignError;
use thiserror::Error;

/// Why there is no timestamp; the one door by which errors leave, in the original's shapes.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// Not a media type of this API.
    #[error("unsupported media type")]
    MediaType,
    /// Nothing was sent.
    #[error("request in body is required")]
    Empty,
    /// Not a request.
    #[error("Error generating timestamp response")]
    Malformed,
    /// A hash that is not known.
    #[error("Error generating timestamp response")]
    UnknownHash,
    /// SHA-1.
    #[error("Weak hash algorithm in timestamp request")]
    WeakHash,
    /// A digest that its algorithm does not make.
    #[error("Message digest has incorrect length for specified algorithm")]
    DigestLength,
    /// Another policy than this authority's.
    #[error("unaccepted policy: requested TSA policy is not supported by the TSA")]
    Policy,
    /// Extensions, which this authority knows none of.
    #[error("unaccepted extension: the TSA accepts no extensions")]
    Extension,
    /// A policy that is not an object identifier.
    #[error(
        "tsaPolicyOID must be a dotted object identifier; OID should be comprised of at most 128 components"
    )]
    PolicyFormat,
    /// Longer than any request is.
    #[error("timestamp request is too large")]
    TooLarge,
    /// A wrong method.
    #[error("method {method} is not allowed, but [{allowed}] are")]
    Method {
        /// What was tried.
        method: String,
        /// What works.
        allowed: &'static str,
    },
    /// No such path.
    #[error("path {0} was not found")]
    Path(String),
    /// The clock went back, or says nothing believable.
    #[error("the clock of the timestamp authority is not trusted")]
    Clock,
    /// The key failed.
    #[error("Error generating timestamp response")]
    Sign(#[from] SignError),
}

#[derive(Serialize)]
struct Body {
    code: u16,
    message: String,
}

impl From<der::Error> for Error {
    fn from(_: der::Error) -> Self {
        Self::Malformed
    }
}

impl Error {
    const fn status(&self) -> StatusCode {
        match self {
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Empty => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Path(_) => StatusCode::NOT_FOUND,
            Self::Clock => StatusCode::SERVICE_UNAVAILABLE,
            Self::Sign(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl Error {
    /// What an operator must hear of.
    pub(crate) fn log(&self) {
        if let Self::Sign(error) = self {
            tracing::error!(%error, "no timestamp");
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        self.log();
        // The original answers 400 under the reply's media type, and 422 with a class of its own.
        let media_type = if status == StatusCode::BAD_REQUEST {
            "application/timestamp-reply"
        } else {
            "application/json"
        };
        let code = if matches!(self, Self::Empty) { 602 } else { status.as_u16() };
        let text = serde_json::to_string(&Body { code, message: self.to_string() }).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, media_type)], text).into_response();
        if let Self::Method { allowed, .. } = self {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
        }
        response
    }
}
