//! Durable homes of trees, search keys, attestations and issuances: Postgres and SQLite.
//!
//! In scope: rows, transactions, migrations. Each method is one transaction: all of it happened, or nothing.
//! Out of scope: what a record means (see `entry`, `ct`), when to append and what to sign (see `tlog`).

mod appends;
mod batch;
mod bundle_codec;
mod checkpoint_rows;
mod codec;
mod database;
mod error;
mod import_rows;
mod issuance;
mod migrations;
mod options;
mod plan;
mod postgres;
mod reads;
mod replica;
mod rows;
mod schema;
mod schema_rows;
mod search;
mod search_rows;
mod sqlite;
mod trail_rows;
mod tree;
mod tree_store;

#[cfg(feature = "test")]
pub mod contract;

pub use batch::{Assigned, Attestation, Batch, Committed, Leaf, LeafSource, Outcome, Proposal};
pub use database::Database;
pub use error::StoreError;
pub use issuance::{
    Intent, Issuance, IssuanceCounts, IssuanceOutcome, IssuanceQuery, IssuanceState, RecordedIssuance,
    SanPattern,
};
pub use options::{DatabaseTls, DatabaseTlsMode, Options, Timeouts};
pub use schema::{PendingMigration, Schema};
pub use search::{SearchKey, SearchQuery, SearchTerm, TermPattern};
pub use tree::{Head, ImportedShard, NewTree, Tree, TreeKey, TreeKind, TreeState, WitnessedHead};
pub use tree_store::{BUNDLE_WIDTH, Bundle, Edge, StoredEntry, TreeStore};
