use axum::extract::{RawQuery, State};
use axum::routing::get;
use axum::{Json, Router};
use sigstead_store::Database;

use super::{AuditError, AuditPage, AuditQuery};

/// `GET /ca/audit`: pages of the audit trail. It says who signs what, so it belongs on the operator's port.
pub fn router(database: Database) -> Router {
    Router::new().route("/ca/audit", get(audit)).with_state(database)
}

async fn audit(
    State(database): State<Database>,
    RawQuery(query): RawQuery,
) -> Result<Json<AuditPage>, AuditError> {
    let parameters = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    Ok(Json(AuditQuery::parse(parameters)?.page(&database).await?))
}
