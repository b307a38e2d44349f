//! The Rekor service: the v1 and v2 APIs over trees of the `tlog` engine. (The engine itself is the crate `tlog`.)
//!
//! In scope: HTTP, ids, SETs, shards, search, attestations, and the shapes of answers and errors.
//! Out of scope: what entries mean (see `entry`), appending and proofs (see `tlog`).

mod entry_id;
mod events;
mod found_by;
pub mod import;
mod record;
mod search;
mod service;
mod shards;
mod surface;
mod v1;
mod v2;
mod witness;

pub use events::EventSink;
pub use record::hash_record;
pub use search::{SearchedLogs, router as search_router};
pub use service::{LogError, RekorConfig, RekorLimits, RekorLog};
pub use shards::{OpenShard, Shard, ShardKey, open_active_tree, rotate};
pub use surface::Surface;
pub use v1::router;
pub use v2::{
    Duplicates, GenesisError, OpenError, RekorV2, RekorV2Config, RekorV2Limits, freeze as freeze_v2,
    hash_record as hash_v2_record, open_tree as open_v2_tree, router as v2_router,
};
pub use witness::{Witness, router as witness_router};
