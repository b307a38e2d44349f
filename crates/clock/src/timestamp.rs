use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An instant in milliseconds since the Unix epoch, UTC, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the Unix epoch.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// From Unix time as certificates count it; before 1970 is 1970.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self::from_seconds(if seconds < 0 { 0 } else { seconds.cast_unsigned() })
    }

    /// Unix time as certificates count it. Milliseconds in 64 bits leave the sign free.
    pub const fn unix_seconds(self) -> i64 {
        self.seconds().cast_signed()
    }

    /// The instant `later` after this one.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(later.as_millis()).unwrap_or(u64::MAX)))
    }

    /// RFC 3339 in UTC to the second, as protobuf's JSON mapping writes it: `2026-11-20T22:00:00Z`.
    /// Instants after the year 9999 are written as its last second.
    pub fn to_rfc3339(self) -> String {
        let seconds = i64::try_from(self.seconds()).unwrap_or(LAST_SECOND).min(LAST_SECOND);
        OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .and_then(|at| at.format(&Rfc3339).ok())
            .unwrap_or_default()
    }

    /// Reads RFC 3339; `None` for anything else and for instants before 1970.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }
}

/// 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_both_ways() {
        let at = Timestamp::from_seconds(1_795_209_795);
        assert_eq!(at.to_rfc3339(), "2026-11-20T21:23:15Z");
        assert_eq!(Timestamp::from_rfc3339("2026-11-20T21:23:15Z"), Some(at));
        assert_eq!((at.unix_seconds(), Timestamp::from_unix_seconds(1_795_209_795)), (1_795_209_795, at));
        assert_eq!(Timestamp::from_unix_seconds(-1), Timestamp::from_millis(0));
        assert!(Timestamp::from_millis(u64::MAX).unix_seconds() > 0);
        assert_eq!(Timestamp::from_rfc3339("1969-01-01T00:00:00Z"), None);
        assert_eq!(Timestamp::from_millis(u64::MAX).to_rfc3339(), "9999-12-31T23:59:59Z");
    }
}
