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

type Warning = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// The readiness checks of the process, and its warnings, by name.
#[derive(Clone, Default)]
pub struct Health {
    checks: Arc<Mutex<BTreeMap<String, Check>>>,
    warnings: Arc<Mutex<BTreeMap<String, Warning>>>,
}

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
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), check);
    }

    /// Adds what `/healthz` asks for a warning each time: something that a person must see to before it fails.
    pub fn add_warning(
        &self,
        name: impl Into<String>,
        warning: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), Arc::new(warning));
    }

    /// The warnings of now.
    pub fn warnings(&self) -> BTreeMap<String, String> {
        let warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        warnings.into_iter().filter_map(|(name, warning)| Some((name, warning()?))).collect()
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
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `/metrics` (Prometheus text), `/healthz` (the process answers, with its warnings) and `/readyz` (every check passes).
pub fn admin_router(health: Health, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(health)
        .route("/metrics", get(render_metrics).with_state(metrics))
}

/// Warnings do not make it fail: a restart would mend nothing.
async fn healthz(State(health): State<Health>) -> Json<serde_json::Value> {
    let warnings = health.warnings();
    Json(if warnings.is_empty() {
        serde_json::json!({ "status": "SERVING" })
    } else {
        serde_json::json!({ "status": "SERVING", "warnings": warnings })
    })
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
        health.add_warning("ca", || Some("ends soon".to_owned()));
        health.add_warning("tsa", || None);
        assert_eq!(health.warnings().into_iter().collect::<Vec<_>>(), [("ca".into(), "ends soon".into())]);
    }
}
