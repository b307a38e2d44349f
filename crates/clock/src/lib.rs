//! What time it is, and whether to believe it.
//!
//! In scope: the [`Clock`] seam, the system clock, a clock that tests set, and [`Timestamp`].
//! Out of scope: whether a timestamp authority may sign at that time (the `tsa` crate decides).

mod manual;
mod system;
mod timestamp;

pub use manual::ManualClock;
pub use system::SystemClock;
pub use timestamp::Timestamp;

/// Tells the time. Everything that stamps, expires or validates asks a `Clock`, so that tests own time.
///
/// Contract: two calls may return the same instant, and a later call may return an earlier one (the
/// system's clock can be set back); whoever needs monotone time remembers what it last used.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The current time, to the millisecond.
    fn now(&self) -> Timestamp;
}
