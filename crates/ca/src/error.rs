use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use sigstead_serve::{ERROR_DOMAIN, ErrorDetail, retry_after, rpc_status};
use sigstead_store::StoreError;
use sigstead_x509::X509Error;
use thiserror::Error;

use crate::lint::Breach;
use crate::policy::Denial;

/// What another service, which does not answer now, is given.
const UNAVAILABLE_FOR: Duration = Duration::from_secs(5);

/// What a message calls the key and the proof that it is the client's.
pub(crate) struct KeyFields {
    pub(crate) key: &'static str,
    pub(crate) proof: &'static str,
}

impl KeyFields {
    /// A certificate signing request is both, in every API.
    pub(crate) const REQUEST: Self =
        Self { key: "certificate_signing_request", proof: "certificate_signing_request" };
}

/// The one door by which errors leave, in grpc-gateway's shape, with Fulcio's texts.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// Not the JSON of a request.
    #[error("{0}")]
    Request(String),
    /// Every fault of a token; the reason's name goes into the details.
    #[error("There was an error processing the identity token")]
    Token(&'static str),
    /// Nobody can tell now whether the token is good; clients may try again.
    #[error("There was an error processing the identity token")]
    IdentityProvider(&'static str),
    /// Not a certificate signing request.
    #[error("The certificate signing request could not be parsed")]
    CertificateRequest,
    /// Not a public key.
    #[error("The public key supplied in the request could not be parsed")]
    Key,
    /// A weak public key.
    #[error("The public key supplied in the request is insecure")]
    WeakKey,
    /// No proof that the client has the private key.
    #[error("The signature supplied in the request could not be verified")]
    Possession,
    /// A key and hash that are not allowed together.
    #[error("signing algorithm not permitted: {0}")]
    Algorithm(String),
    /// A certificate signing request signed with something unknown.
    #[error("unrecognized signature algorithm: {0}")]
    SignatureAlgorithm(String),
    /// The policy does not allow it; the text is the rule's.
    #[error("{}", .0.message)]
    Denied(Denial),
    /// The identity had many certificates lately; after this time it may have another one.
    #[error("too many certificates for this identity; try again later")]
    TooMany(Duration),
    /// A name that no certificate can carry.
    #[error("the identity cannot be put into a certificate: {0}")]
    Name(String),
    /// The CT log refused, or promised something else.
    #[error("Error entering certificate in CTL")]
    CtLog(String),
    /// The CT log did not answer in time.
    #[error("the certificate transparency log is not available")]
    CtLogUnavailable(String),
    /// The signing key or the database does not answer; clients may try again.
    #[error("error communicating with CA backend")]
    Backend(String),
    /// What was made breaks its own profile, or cannot be made at all.
    #[error("error communicating with CA backend")]
    Unfit(String),
    /// The authority's certificates have expired.
    #[error("the certificate authority's own certificate is not valid at this time")]
    AuthorityExpired,
    /// No such path.
    #[error("Not Found")]
    NotFound,
    /// A wrong method.
    #[error("Method Not Allowed")]
    Method,
}

#[derive(Serialize)]
struct Body {
    code: u8,
    message: String,
    details: Vec<Value>,
}

impl Error {
    /// HTTP status and gRPC code.
    const fn status(&self) -> (StatusCode, u8) {
        match self {
            Self::CtLog(_) | Self::Unfit(_) => (StatusCode::INTERNAL_SERVER_ERROR, 13),
            Self::Backend(_)
            | Self::CtLogUnavailable(_)
            | Self::AuthorityExpired
            | Self::IdentityProvider(_) => (StatusCode::SERVICE_UNAVAILABLE, 14),
            Self::Denied(_) => (StatusCode::FORBIDDEN, 7),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, 8),
            Self::NotFound => (StatusCode::NOT_FOUND, 5),
            Self::Method => (StatusCode::NOT_IMPLEMENTED, 12),
            _ => (StatusCode::BAD_REQUEST, 3),
        }
    }

    /// The cause, for programs: a constant name, and what it is about.
    fn cause(&self) -> Option<(&'static str, Option<(&'static str, &str)>)> {
        match self {
            Self::Token(reason) | Self::IdentityProvider(reason) => Some((reason, None)),
            Self::Denied(Denial { rule, .. }) => Some(("POLICY", rule.as_deref().map(|rule| ("rule", rule)))),
            _ => None,
        }
    }

    /// When a client may try again, if that helps.
    fn wait(&self) -> Option<Duration> {
        match self {
            Self::TooMany(wait) => Some(*wait),
            _ if self.status().0 == StatusCode::SERVICE_UNAVAILABLE => Some(UNAVAILABLE_FOR),
            _ => None,
        }
    }

    /// The same codes and texts over gRPC, with the field at fault by its name in the message.
    pub(crate) fn over_grpc(self, fields: &KeyFields) -> tonic::Status {
        self.report();
        let field = match &self {
            Self::Possession => Some(fields.proof),
            Self::CertificateRequest
            | Self::Key
            | Self::WeakKey
            | Self::Algorithm(_)
            | Self::SignatureAlgorithm(_) => Some(fields.key),
            _ => None,
        };
        let cause = self.cause().map(|(reason, about)| {
            ErrorDetail::Info(reason, about.map(|(name, value)| (name, value.to_owned())))
        });
        let details = [cause, field.map(ErrorDetail::Field), self.wait().map(ErrorDetail::Retry)];
        let (_, code) = self.status();
        let details: Vec<_> = details.into_iter().flatten().collect();
        rpc_status(i32::from(code).into(), self.to_string(), &details)
    }

    fn details(&self) -> Vec<Value> {
        let detail = |(reason, about): (&str, Option<(&str, &str)>)| {
            json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": ERROR_DOMAIN,
                "metadata": about.into_iter().collect::<BTreeMap<_, _>>(),
            })
        };
        self.cause().map(detail).into_iter().collect()
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Backend(error.to_string())
    }
}

impl From<Breach> for Error {
    fn from(breach: Breach) -> Self {
        Self::Unfit(breach.to_string())
    }
}

impl From<X509Error> for Error {
    fn from(error: X509Error) -> Self {
        match error {
            X509Error::Unencodable { .. } => Self::Name(error.to_string()),
            X509Error::Algorithm(name) => Self::SignatureAlgorithm(name),
            X509Error::Sign(error) => Self::Backend(error.to_string()),
            X509Error::Malformed { .. } | X509Error::Signature(_) => Self::Unfit(error.to_string()),
        }
    }
}

impl Error {
    /// Tells the operator what clients are not told.
    fn report(&self) {
        let (status, _) = self.status();
        if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED {
            tracing::error!(error = ?self, "no certificate");
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.report();
        let (status, code) = self.status();
        let body = Body { code, message: self.to_string(), details: self.details() };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], text).into_response();
        if let Some(wait) = self.wait() {
            retry_after(response.headers_mut(), wait);
        }
        response
    }
}

pub(crate) async fn not_found(_request: Request) -> Error {
    Error::NotFound
}

pub(crate) async fn method_not_allowed(_method: Method) -> Error {
    Error::Method
}
