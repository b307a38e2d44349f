use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use sigstead_serve::{Network, Rate};

use super::Config;

/// `[limits]` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawLimits {
    client_per_second: Option<u32>,
    client_burst: Option<u32>,
    trusted_proxies: Vec<String>,
    identity_per_minute: Option<u32>,
    identity_burst: Option<u32>,
}

/// Without a burst of its own somebody may ask at once for what they may ask for in this many periods.
const DEFAULT_BURST: u32 = 2;

impl Config {
    /// How much one client may ask of each service.
    pub(crate) fn client_rate(&self) -> anyhow::Result<Option<Rate>> {
        let raw = &self.raw.limits;
        self.rate(("client_per_second", raw.client_per_second), ("client_burst", raw.client_burst), 1)
    }

    /// How many certificates one identity gets.
    pub(super) fn identity_rate(&self) -> anyhow::Result<Option<Rate>> {
        let raw = &self.raw.limits;
        self.rate(
            ("identity_per_minute", raw.identity_per_minute),
            ("identity_burst", raw.identity_burst),
            60,
        )
    }

    /// Who is believed about whom they ask for.
    pub(crate) fn trusted_proxies(&self) -> anyhow::Result<Vec<Network>> {
        let parse = |text: &String| {
            text.parse().map_err(|fix| anyhow::anyhow!(self.wrong("limits.trusted_proxies", text, fix)))
        };
        self.raw.limits.trusted_proxies.iter().map(parse).collect()
    }

    fn rate(
        &self,
        (key, count): (&str, Option<u32>),
        (burst_key, burst): (&str, Option<u32>),
        period_secs: u64,
    ) -> anyhow::Result<Option<Rate>> {
        let Some(count) = count else {
            anyhow::ensure!(
                burst.is_none(),
                self.missing(&format!("limits.{key} (limits.{burst_key} goes with it)"))
            );
            return Ok(None);
        };
        let positive = |key: &str, value: u32| {
            let wrong = || {
                self.wrong(
                    &format!("limits.{key}"),
                    "0",
                    "write a number from 1 on; for no limit leave it out",
                )
            };
            NonZeroU32::new(value).with_context(wrong)
        };
        let burst = burst.unwrap_or(count.saturating_mul(DEFAULT_BURST));
        let count = positive(key, count)?;
        Ok(Some(Rate::new(count, Duration::from_secs(period_secs), positive(burst_key, burst)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> (tempfile::TempDir, Config) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sigstead.toml");
        std::fs::write(&file, format!("[limits]\n{text}")).unwrap();
        let config = Config::load(&file, &[]).unwrap();
        (dir, config)
    }

    #[test]
    fn there_are_no_limits_until_some_are_written() {
        let (_dir, config) = config("");
        assert_eq!((config.client_rate().unwrap(), config.identity_rate().unwrap()), (None, None));
        let (_dir, config) = self::config("client_per_second = 10\ntrusted_proxies = [\"10.0.0.0/8\"]");
        let number = |n| NonZeroU32::new(n).unwrap();
        let expected = Rate::new(number(10), Duration::from_secs(1), number(20));
        assert_eq!(config.client_rate().unwrap(), Some(expected));
        assert_eq!(config.trusted_proxies().unwrap(), ["10.0.0.0/8".parse().unwrap()]);
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (text, told) in [
            ("client_per_second = 0", "limits.client_per_second = \"0\""),
            ("client_per_second = 1\nclient_burst = 0", "limits.client_burst = \"0\""),
            ("client_burst = 5", "limits.client_per_second (limits.client_burst"),
            ("trusted_proxies = [\"10.0.0.0/40\"]", "limits.trusted_proxies = \"10.0.0.0/40\""),
        ] {
            let (_dir, config) = config(text);
            let error = config.client_rate().map(drop).and(config.trusted_proxies().map(drop)).unwrap_err();
            assert!(error.to_string().contains(told), "{text}: {error}");
        }
    }
}
