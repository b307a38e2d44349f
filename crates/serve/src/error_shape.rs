use std::time::Duration;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tonic::Code;

use crate::{ErrorDetail, rpc_status};

/// How long, and how much of it, the body of a refused request is listened to.
const UNREAD_PATIENCE: Duration = Duration::from_secs(1);
const MAX_UNREAD: usize = 64 * 1024;

/// When gRPC clients that repeat calls by themselves may do so (gRFC A6).
const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// The shape in which an API tells errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorShape {
    /// A line of text.
    Text,
    /// `{"code": 401, "message": …}`, as servers made by go-swagger answer.
    HttpCode,
    /// `{"code": 16, "message": …, "details": []}`, as grpc-gateway answers.
    GrpcCode,
}

/// What a request is refused with before its service sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: Code,
    pub(crate) message: &'static str,
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    /// Answers in the API's shape, or in gRPC's to who speaks that.
    pub(crate) async fn answer(self, request: Request, shape: fn(&str) -> ErrorShape) -> Response {
        let media_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let answer = if media_type.unwrap_or_default().starts_with(b"application/grpc") {
            let details: Vec<_> = self.retry_after.map(ErrorDetail::Retry).into_iter().collect();
            rpc_status(self.code, self.message.to_owned(), &details).into_http()
        } else {
            self.over_http(shape(request.uri().path()))
        };
        // An HTTP/2 stream that is answered before its end is reset, and some clients then drop the answer.
        let _ended = tokio::time::timeout(UNREAD_PATIENCE, to_bytes(request.into_body(), MAX_UNREAD)).await;
        answer
    }

    fn over_http(self, shape: ErrorShape) -> Response {
        let Self { status, code, message, .. } = self;
        let body = match shape {
            ErrorShape::Text => format!("{message}\n").into_response(),
            ErrorShape::HttpCode => {
                Json(serde_json::json!({ "code": status.as_u16(), "message": message })).into_response()
            }
            ErrorShape::GrpcCode => {
                Json(serde_json::json!({ "code": code as i32, "message": message, "details": [] }))
                    .into_response()
            }
        };
        let mut answer = (status, body).into_response();
        if let Some(wait) = self.retry_after {
            retry_after(answer.headers_mut(), wait);
        }
        answer
    }
}

/// Says when to come again: in whole seconds for HTTP, in milliseconds for gRPC.
pub fn retry_after(headers: &mut HeaderMap, wait: Duration) {
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    headers.insert(header::RETRY_AFTER, HeaderValue::from(millis.div_ceil(1000).max(1)));
    headers.insert(PUSHBACK, HeaderValue::from(millis.saturating_add(1)));
}
