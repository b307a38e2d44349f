use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sigstead_entry::Rejection;
use sigstead_tlog::AppendError;

use crate::LogError;

/// The one door by which errors leave this API, in Rekor's shapes.
#[derive(Debug)]
pub(crate) struct Error {
    status: StatusCode,
    /// Rekor's inner code: the status, or a class of validation failure.
    code: u16,
    message: String,
    /// What a handler says ends in a line feed, what the framework says does not.
    line_feed: bool,
    header: Option<(HeaderName, HeaderValue)>,
}

/// Classes of validation failure.
pub(crate) mod class {
    pub(crate) const WRONG_TYPE: u16 = 601;
    pub(crate) const MISSING: u16 = 602;
    pub(crate) const TOO_LONG: u16 = 603;
    pub(crate) const TOO_SHORT: u16 = 604;
    pub(crate) const PATTERN: u16 = 605;
    pub(crate) const ENUM: u16 = 606;
    pub(crate) const BELOW_MINIMUM: u16 = 609;
    pub(crate) const TOO_MANY: u16 = 611;
    pub(crate) const TOO_FEW: u16 = 612;
}

#[derive(Serialize)]
struct Body<'a> {
    code: u16,
    message: &'a str,
}

impl Error {
    /// A handler's refusal: 400 with a reason that the client can act on.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::handler(StatusCode::BAD_REQUEST, message)
    }

    /// The framework's refusal of a parameter: 422 with a class.
    pub(crate) fn invalid(class: u16, message: impl Into<String>) -> Self {
        Self { code: class, line_feed: false, ..Self::handler(StatusCode::UNPROCESSABLE_ENTITY, message) }
    }

    /// A handler's refusal that has no class of its own.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::handler(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// The framework's refusal of a whole request.
    pub(crate) fn framework(status: StatusCode, message: impl Into<String>) -> Self {
        Self { line_feed: false, ..Self::handler(status, message) }
    }

    /// 409, and where the equal entry is.
    pub(crate) fn equivalent_exists(id: &str, location: &str) -> Self {
        let message = format!("an equivalent entry already exists in the transparency log with UUID {id}");
        let mut error = Self::handler(StatusCode::CONFLICT, message);
        error.header = HeaderValue::from_str(location).ok().map(|location| (header::LOCATION, location));
        error
    }

    pub(crate) fn method_not_allowed(method: &Method, allowed: &'static str) -> Self {
        let message = format!("method {method} is not allowed, but [{allowed}] are");
        let mut error = Self::framework(StatusCode::METHOD_NOT_ALLOWED, message);
        error.header = Some((header::ALLOW, HeaderValue::from_static(allowed)));
        error
    }

    pub(crate) fn handler(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, code: status.as_u16(), message: message.into(), line_feed: true, header: None }
    }

    fn busy(message: &'static str, retry_after: std::time::Duration) -> Self {
        let mut error = Self::handler(StatusCode::SERVICE_UNAVAILABLE, message);
        error.header = Some((header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1))));
        error
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::Required(_) => Self::invalid(class::MISSING, message),
            Rejection::VersionPattern => Self::invalid(class::PATTERN, message),
            Rejection::UnknownKind(_) => Self::invalid(422, message),
            Rejection::KindNotEnabled(_) => Self::bad_request(message),
            Rejection::Entry(_) => Self::bad_request(format!("error processing entry: {message}")),
        }
    }
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        let retry = std::time::Duration::from_secs(1);
        match &error {
            LogError::Append(AppendError::Overloaded { retry_after }) => {
                return Self::busy("the log is busy; try again", *retry_after);
            }
            LogError::Append(AppendError::Unwitnessed { retry_after }) => {
                return Self::busy("the log waits for its witnesses; try again", *retry_after);
            }
            LogError::Append(AppendError::Stopping) => {
                return Self::busy("the log is restarting; try again", retry);
            }
            LogError::Append(AppendError::Frozen) => {
                // Not 409, in which clients look for an equal entry; and they do not repeat what is answered 501.
                return Self::handler(StatusCode::NOT_IMPLEMENTED, "this log is frozen and takes no entries");
            }
            _ => {}
        }
        tracing::error!(%error, "the log could not answer");
        let message = match error {
            LogError::Sign(_) | LogError::Append(AppendError::Sign(_)) => "error signing",
            _ => "unexpected error communicating with transparency log",
        };
        Self::handler(StatusCode::INTERNAL_SERVER_ERROR, message)
    }
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        LogError::from(error).into()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = Body { code: self.code, message: &self.message };
        let mut text = serde_json::to_string(&body).unwrap_or_default();
        if self.line_feed {
            text.push('\n');
        }
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut response = (self.status, json, text).into_response();
        response.headers_mut().extend(self.header);
        response
    }
}

/// An entry that is not there: 404 without a body.
pub(crate) fn no_entry() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

pub(super) async fn unknown_path(uri: Uri) -> Error {
    Error::framework(StatusCode::NOT_FOUND, format!("path {} was not found", uri.path()))
}
