use std::net::SocketAddr;
use std::time::Duration;

use anyhow::bail;
use sigstead_tsa::{OnDrift, Refusals, Terms, TimeSources};

use super::{AuthoritiesSource, Config};

/// As the original's monitoring of time servers asks them.
const NTP_TIMEOUT_SECS: u64 = 5;
const NTP_PERIOD_SECS: u64 = 60;
/// Less than the second that tokens are accurate to.
const NTP_MAX_OFFSET_MS: u64 = 500;

/// `[tsa]`.
pub(crate) struct TsaConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) authorities: AuthoritiesSource,
    pub(crate) terms: Terms,
    pub(crate) time_sources: Option<TimeSources>,
}

impl Config {
    /// `[tsa]`, complete.
    pub(crate) fn tsa(&self) -> anyhow::Result<TsaConfig> {
        let authorities = self.tsa_authorities()?;
        if !authorities.names_a_key() {
            bail!(self.missing("tsa.key"));
        }
        Ok(TsaConfig {
            listen: self.needed_address(self.raw.tsa.listen.as_deref(), "tsa.listen")?,
            authorities,
            terms: self.terms()?,
            time_sources: self.time_sources()?,
        })
    }

    /// What `[tsa]` signs with.
    pub(crate) fn tsa_authorities(&self) -> anyhow::Result<AuthoritiesSource> {
        let raw = &self.raw.tsa;
        self.authorities("tsa", (raw.authorities.as_deref(), raw.key.as_deref(), raw.chain.as_deref()))
    }

    fn terms(&self) -> anyhow::Result<Terms> {
        let raw = &self.raw.tsa;
        let hint = "write an object identifier as 1.3.6.1.4.1.57264.2";
        let mut terms = Terms {
            takes_extensions: raw.takes_extensions,
            sends_chain: raw.sends_chain,
            refusals: match raw.refusals.as_deref() {
                None | Some("http") => Refusals::Http,
                Some("rfc3161") => Refusals::Rfc3161,
                Some(other) => bail!(self.wrong("tsa.refusals", other, "write \"http\" or \"rfc3161\"")),
            },
            ..Terms::default()
        };
        if let Some(policy) = &raw.default_policy {
            let wrong = |_| anyhow::anyhow!(self.wrong("tsa.default_policy", policy, hint));
            terms.default_policy = policy.parse().map_err(wrong)?;
        }
        for policy in &raw.accepted_policies {
            let wrong = |_| anyhow::anyhow!(self.wrong("tsa.accepted_policies", policy, hint));
            terms.accepted_policies.push(policy.parse().map_err(wrong)?);
        }
        Ok(terms)
    }

    /// Without servers, the system's clock is believed.
    fn time_sources(&self) -> anyhow::Result<Option<TimeSources>> {
        let raw = &self.raw.tsa;
        let most = raw.ntp_servers.len();
        if most == 0 {
            return Ok(None);
        }
        let asked = raw.ntp_asked.unwrap_or(most.min(4));
        let needed = raw.ntp_needed.unwrap_or(asked / 2 + 1);
        for (key, value, most) in [("tsa.ntp_asked", asked, most), ("tsa.ntp_needed", needed, asked)] {
            if !(1..=most).contains(&value) {
                bail!(self.wrong(key, &value.to_string(), &format!("write a number from 1 to {most}")));
            }
        }
        let seconds = |key, value: Option<u64>, default| match value.unwrap_or(default) {
            0 => bail!(self.wrong(key, "0", "write a number of seconds")),
            seconds => Ok(Duration::from_secs(seconds)),
        };
        Ok(Some(TimeSources {
            servers: raw.ntp_servers.clone(),
            asked,
            needed,
            patience: seconds("tsa.ntp_timeout_secs", raw.ntp_timeout_secs, NTP_TIMEOUT_SECS)?,
            period: seconds("tsa.ntp_period_secs", raw.ntp_period_secs, NTP_PERIOD_SECS)?,
            max_offset: Duration::from_millis(raw.ntp_max_offset_ms.unwrap_or(NTP_MAX_OFFSET_MS)),
            on_drift: match raw.ntp_on_drift.as_deref() {
                None | Some("refuse") => OnDrift::Refuse,
                Some("warn") => OnDrift::Warn,
                Some(other) => bail!(self.wrong("tsa.ntp_on_drift", other, "write \"refuse\" or \"warn\"")),
            },
        }))
    }
}
