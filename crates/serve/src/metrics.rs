use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use crate::Tasks;
use crate::api_metrics::known;

/// Latency buckets in seconds, from half a millisecond to ten seconds.
const LATENCY_BUCKETS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The same for latencies in nanoseconds, from a millisecond to four seconds.
const NANOSECOND_BUCKETS: &[f64] = &[1e6, 2.5e6, 5e6, 1e7, 2.5e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 4e9];

/// For sizes of batches.
const COUNT_BUCKETS: &[f64] = &[1.0, 4.0, 16.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// How often measurements are counted into their buckets. Until then, each is kept; and whoever counts many holds up requests.
const UPKEEP: Duration = Duration::from_millis(200);

/// Makes this process's metrics go to one Prometheus registry; call once.
///
/// # Errors
/// When a recorder is installed already.
pub fn install_metrics(tasks: &Tasks) -> Result<PrometheusHandle, BuildError> {
    let metrics = PrometheusBuilder::new()
        .set_buckets(LATENCY_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_latency_by_api".to_owned()), NANOSECOND_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_entries".to_owned()), COUNT_BUCKETS)?
        .install_recorder()?;
    tasks.spawn(upkeep(metrics.clone(), tasks.shutdown().clone()));
    Ok(metrics)
}

/// Nobody need ask for metrics: without this, their memory grew with every request until somebody did.
async fn upkeep(metrics: PrometheusHandle, shutdown: CancellationToken) {
    while tokio::time::timeout(UPKEEP, shutdown.cancelled()).await.is_err() {
        metrics.run_upkeep();
    }
}

/// Counts and times every request of the listener named by the state.
pub(crate) async fn observe(State(listener): State<&'static str>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let response = next.run(request).await;
    let labels = [
        ("listener", listener.to_owned()),
        ("method", method.to_owned()),
        ("code", response.status().as_u16().to_string()),
    ];
    metrics::histogram!("sigstead_http_request_seconds", &labels).record(started.elapsed().as_secs_f64());
    response
}
