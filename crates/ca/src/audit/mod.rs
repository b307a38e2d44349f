//! What the audit trail says, for operators: who got which certificate, on which claims. Not for clients: it is
//! served where its operator says, and nowhere by default.

mod error;
mod http;
mod query;
mod record;

pub use error::AuditError;
pub use http::router;
pub use query::AuditQuery;
pub use record::{AuditPage, AuditRecord};
