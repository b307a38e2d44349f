//! Who gets a certificate, for how long and for which keys: rules that an operator writes, read from top to bottom. Pure:
//! what was verified goes in, a decision with its reasons comes out.

mod claim;
mod current;
mod decide;
mod explain;
#[cfg_attr(not(feature = "cel"), path = "without_expressions.rs")]
mod expression;
mod file;
mod pattern;
mod rule;

pub use current::CurrentPolicy;
pub use decide::{Decision, Denial, PolicyRequest};
pub use file::PolicyError;
pub use rule::Policy;
