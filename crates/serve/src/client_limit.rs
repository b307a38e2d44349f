use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use tonic::Code;

use crate::client_address::{Peer, client_of, household};
use crate::error_shape::Refusal;
use crate::{DEFAULT_OPEN_PATHS, ErrorShape, Network, Rate, RateLimiter};

/// How much one client may ask of a listener. Probes' paths are not counted.
#[derive(Debug, Clone)]
pub struct ClientRate {
    /// For each address, or network of 64 bits in IPv6.
    pub rate: Rate,
    /// Who is believed when they say for whom they ask (`X-Forwarded-For`).
    pub trusted_proxies: Vec<Network>,
    /// How refusals are told, by path.
    pub error_shape: fn(&str) -> ErrorShape,
}

/// A listener's counters.
pub(crate) struct ClientLimit {
    listener: &'static str,
    clients: ClientRate,
    limiter: RateLimiter,
}

impl ClientLimit {
    pub(crate) fn new(listener: &'static str, clients: ClientRate) -> Arc<Self> {
        Arc::new(Self { listener, limiter: RateLimiter::new(clients.rate), clients })
    }
}

/// Answers 429 to a client that asks too much.
pub(crate) async fn limit_client(
    State(limit): State<Arc<ClientLimit>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(peer) = request.extensions().get::<Peer>() else { return next.run(request).await };
    if DEFAULT_OPEN_PATHS.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let client = client_of(*peer, request.headers(), &limit.clients.trusted_proxies);
    let Err(wait) = limit.limiter.admit(household(client), Instant::now()) else {
        return next.run(request).await;
    };
    metrics::counter!("sigstead_requests_limited_total", "listener" => limit.listener, "by" => "client")
        .increment(1);
    tracing::debug!(listener = limit.listener, %client, "a client asks too much");
    let refusal = Refusal {
        status: StatusCode::TOO_MANY_REQUESTS,
        code: Code::ResourceExhausted,
        message: "too many requests; try again later",
        retry_after: Some(wait),
    };
    refusal.answer(request, limit.clients.error_shape).await
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use axum::Router;
    use axum::routing::any;
    use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};

    use super::*;
    use crate::{Limits, Tasks, bind};

    /// Two requests at once, and one more each minute.
    async fn serve(tasks: &Tasks, trusted: &[&str]) -> String {
        let clients = ClientRate {
            rate: Rate::new(NonZeroU32::MIN, Duration::from_secs(60), NonZeroU32::new(2).unwrap()),
            trusted_proxies: trusted.iter().map(|network| network.parse().unwrap()).collect(),
            error_shape: |path| if path == "/text" { ErrorShape::Text } else { ErrorShape::HttpCode },
        };
        let bound = bind("a test", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = bound.url();
        let limits = Limits { client: Some(clients), ..Limits::default() };
        bound.serve(Router::new().fallback(any(async || "answered")), &limits, tasks);
        url
    }

    async fn ask(url: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let request = reqwest::Client::new().post(url).body(vec![0; 100_000]);
        headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value))
            .send()
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_client_that_asks_too_much_is_told_when_to_come_again() {
        let tasks = Tasks::new();
        let url = serve(&tasks, &[]).await;
        // What a client claims of itself changes nothing.
        for claimed in ["192.0.2.1", "192.0.2.2"] {
            assert_eq!(ask(&url, &[("x-forwarded-for", claimed)]).await.status(), 200);
        }
        let refused = ask(&url, &[("x-forwarded-for", "192.0.2.3")]).await;
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()[RETRY_AFTER]),
            (429, &"60".parse().unwrap())
        );
        let body: serde_json::Value = refused.json().await.unwrap();
        assert_eq!(body, serde_json::json!({ "code": 429, "message": "too many requests; try again later" }));
        let text = ask(&format!("{url}/text"), &[]).await;
        assert_eq!(text.text().await.unwrap(), "too many requests; try again later\n");
        let grpc = ask(&url, &[(CONTENT_TYPE.as_str(), "application/grpc")]).await;
        assert_eq!((grpc.status().as_u16(), &grpc.headers()["grpc-status"]), (200, &"8".parse().unwrap()));
        let pushback: u64 = grpc.headers()["grpc-retry-pushback-ms"].to_str().unwrap().parse().unwrap();
        assert!((50_000..=60_001).contains(&pushback), "{pushback}");
        for _ in 0..3 {
            assert_eq!(ask(&format!("{url}/healthz"), &[]).await.status(), 200, "probes are not counted");
        }
        assert!(tasks.finish(Duration::from_secs(5)).await);
    }

    #[tokio::test]
    async fn behind_a_trusted_proxy_each_client_counts() {
        let tasks = Tasks::new();
        let url = serve(&tasks, &["127.0.0.0/8"]).await;
        let mut answers = Vec::new();
        for client in
            ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8::3"]
        {
            answers.push(ask(&url, &[("x-forwarded-for", client)]).await.status().as_u16());
        }
        assert_eq!(answers, [200, 200, 429, 200, 200, 200, 429]);
        assert!(tasks.finish(Duration::from_secs(5)).await);
    }
}
