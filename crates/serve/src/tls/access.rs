use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use tonic::Code;

use super::{AllowedClient, Client};
use crate::ErrorShape;
use crate::error_shape::Refusal as Refused;

/// Probes cannot show a certificate.
pub const DEFAULT_OPEN_PATHS: [&str; 4] = ["/ping", "/healthz", "/readyz", "/grpc.health.v1.Health/Check"];

/// Whether clients must show a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// They are not asked.
    #[default]
    None,
    /// They may; what they show must be valid and allowed.
    Optional,
    /// They must, but for open paths.
    Required,
}

/// Which clients a listener answers.
#[derive(Debug, Clone)]
pub struct ClientPolicy {
    /// Whether they must show a certificate.
    pub auth: ClientAuth,
    /// The clients that may come in; if empty, every one whose certificate is valid.
    pub allowed: Vec<AllowedClient>,
    /// Paths that are answered without a certificate, and for any.
    pub open_paths: Vec<String>,
    /// How refusals are told, by path.
    pub error_shape: fn(&str) -> ErrorShape,
}

/// Why a client is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Anonymous,
    NotAllowed,
}

impl ClientPolicy {
    fn decide(&self, path: &str, client: Option<&Client>) -> Result<(), Refusal> {
        if self.auth == ClientAuth::None || self.open_paths.iter().any(|open| open == path) {
            return Ok(());
        }
        match client {
            None if self.auth == ClientAuth::Required => Err(Refusal::Anonymous),
            None => Ok(()),
            Some(_) if self.allowed.is_empty() => Ok(()),
            Some(client) => {
                let is_allowed =
                    |name| self.allowed.iter().any(|allowed: &AllowedClient| allowed.matches(name));
                client.names().iter().any(is_allowed).then_some(()).ok_or(Refusal::NotAllowed)
            }
        }
    }
}

/// Answers only whom the policy lets in.
pub(crate) async fn require_client(
    State((listener, policy)): State<(&'static str, Arc<ClientPolicy>)>,
    request: Request,
    next: Next,
) -> Response {
    let client = request.extensions().get::<Client>();
    let Err(refusal) = policy.decide(request.uri().path(), client) else { return next.run(request).await };
    metrics::counter!("sigstead_tls_clients_refused_total", "listener" => listener, "reason" => refusal.name())
        .increment(1);
    tracing::info!(
        listener,
        path = request.uri().path(),
        client = client.map(tracing::field::display),
        reason = refusal.name(),
        "a client was refused"
    );
    let (status, code) = refusal.status();
    let told = Refused { status, code, message: refusal.message(), retry_after: None };
    told.answer(request, policy.error_shape).await
}

/// A router's `paths` alone; anything else is not found.
pub fn only_paths(router: Router, paths: &[String]) -> Router {
    let paths: Arc<[String]> = paths.into();
    router.layer(from_fn(move |request: Request, next: Next| {
        let paths = Arc::clone(&paths);
        async move {
            if paths.iter().any(|path| path == request.uri().path()) {
                return next.run(request).await;
            }
            (StatusCode::NOT_FOUND, format!("only {} are answered on this port\n", paths.join(" ")))
                .into_response()
        }
    }))
}

impl Refusal {
    const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "no certificate",
            Self::NotAllowed => "not allowed",
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Anonymous => "a client certificate is required",
            Self::NotAllowed => "the client certificate names nobody who is allowed here",
        }
    }

    const fn status(self) -> (StatusCode, Code) {
        match self {
            Self::Anonymous => (StatusCode::UNAUTHORIZED, Code::Unauthenticated),
            Self::NotAllowed => (StatusCode::FORBIDDEN, Code::PermissionDenied),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_let_in() {
        let policy = |auth| ClientPolicy {
            auth,
            allowed: vec!["a.example.org".parse().unwrap()],
            open_paths: vec!["/ping".to_owned()],
            error_shape: |_| ErrorShape::Text,
        };
        let stranger = Client::of(b"not a certificate: no names");
        for (auth, path, client, expected) in [
            (ClientAuth::None, "/", None, Ok(())),
            (ClientAuth::Optional, "/", None, Ok(())),
            (ClientAuth::Optional, "/", Some(&stranger), Err(Refusal::NotAllowed)),
            (ClientAuth::Required, "/", None, Err(Refusal::Anonymous)),
            (ClientAuth::Required, "/", Some(&stranger), Err(Refusal::NotAllowed)),
            (ClientAuth::Required, "/ping", None, Ok(())),
            (ClientAuth::Required, "/ping/", None, Err(Refusal::Anonymous)),
            (ClientAuth::Required, "//ping", None, Err(Refusal::Anonymous)),
        ] {
            assert_eq!(policy(auth).decide(path, client), expected, "{auth:?} {path}");
        }
    }
}
