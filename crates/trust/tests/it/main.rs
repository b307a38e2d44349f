//! A TUF repository over time, in process: `tuf::audit` walks it as a client does that trusts its first root.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod ceremony;
mod development;
mod faults;
mod fixture;
mod lint;
mod routes;
mod upkeep;
mod year;
