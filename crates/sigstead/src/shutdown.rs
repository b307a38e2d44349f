use std::time::Duration;

use sigstead_serve::Tasks;
use sigstead_store::Database;
use tokio::signal::unix::{SignalKind, signal};

/// How long everything may take to end: draining requests, then the last commits.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for Ctrl-C or SIGTERM, then until open requests and background tasks have ended; then the database
/// is closed, so that all of SQLite's is in its one file.
pub(crate) async fn wait_and_finish(tasks: &Tasks, database: Option<&Database>) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => tracing::info!("SIGTERM: finishing open requests"),
        _ = interrupt.recv() => tracing::info!("Ctrl-C: finishing open requests"),
    }
    if !tasks.finish(PATIENCE).await {
        anyhow::bail!("some requests were still open after {} s", PATIENCE.as_secs());
    }
    if let Some(database) = database
        && tokio::time::timeout(PATIENCE, database.close()).await.is_err()
    {
        anyhow::bail!("the database was still in use after {} s", PATIENCE.as_secs());
    }
    Ok(())
}
