use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;

type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// A check that takes longer than this counts as failed.
const CHECK_PATIENCE: Duration = Duration::from_secs(3);

/// The readiness checks of the process, by name.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<BTreeMap<String, Check>>>);

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.checks().keys()).finish()
    }
}

impl Health {
    /// No checks: ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check that `/readyz` runs each time it is asked; its error is the reason that is shown.
    pub fn add<C, F>(&self, name: impl Into<String>, check: C)
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let check: Check = Arc::new(move || Box::pin(check()));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), check);
    }

    /// Runs every check, at the same time; the failed ones with their reasons.
    pub async fn failures(&self) -> BTreeMap<String, String> {
        let answers = self.checks().into_iter().map(|(name, check)| async move {
            match tokio::time::timeout(CHECK_PATIENCE, check()).await {
                Ok(Ok(())) => None,
                Ok(Err(reason)) => Some((name, reason)),
                Err(_) => Some((name, format!("no answer within {} s", CHECK_PATIENCE.as_secs()))),
            }
        });
        futures_util::future::join_all(answers).await.into_iter().flatten().collect()
    }

    fn checks(&self) -> BTreeMap<String, Check> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `/metrics` (Prometheus text), `/healthz` (the process answers) and `/readyz` (every check passes).
pub fn admin_router(health: Health, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(async || Json(serde_json::json!({ "status": "SERVING" }))))
        .route("/readyz", get(readyz))
        .with_state(health)
        .route("/metrics", get(render_metrics).with_state(metrics))
}

async fn readyz(State(health): State<Health>) -> Response {
    let failures = health.failures().await;
    if failures.is_empty() {
        return Json(serde_json::json!({ "status": "READY" })).into_response();
    }
    let body = Json(serde_json::json!({ "status": "NOT_READY", "failures": failures }));
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
}

async fn render_metrics(State(metrics): State<PrometheusHandle>) -> Response {
    metrics.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_what_fails_and_why() {
        let health = Health::new();
        health.add("database", async || Ok(()));
        health.add("clock", async || Err("drifted by 9 s".to_owned()));
        let failures = health.failures().await;
        assert_eq!(failures.into_iter().collect::<Vec<_>>(), [("clock".into(), "drifted by 9 s".into())]);
    }
}
