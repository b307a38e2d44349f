//! The authority as clients see it: over a SQLite database, with an identity provider and a CT log on loopback.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod audit;
mod certificate;
mod chain;
mod ct;
mod ct_log;
mod fixture;
mod grpc;
mod policy;
mod possession;
mod refusals;
mod v1;
mod v2;
