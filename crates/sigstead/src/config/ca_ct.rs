use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use serde::Deserialize;
use sigstead_ca::SctDelivery;

use super::{CallConfig, Config, TrustedLog};

/// Clients wait this long for CT logs unless the configuration says otherwise.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// `[[ca.ct_logs]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawCtLog {
    url: Option<String>,
    public_key: Option<PathBuf>,
    since: Option<String>,
    until: Option<String>,
}

/// Where the CA logs what it signs.
pub(crate) struct CaCtConfig {
    /// URL, and the file with the log's public key; preferred ones first.
    pub(crate) logs: Vec<(String, PathBuf)>,
    /// How many of them must promise.
    pub(crate) needed: usize,
    pub(crate) deadline: Duration,
    pub(crate) delivery: SctDelivery,
    /// How the logs are reached over TLS.
    pub(crate) call: CallConfig,
}

impl Config {
    /// `ca.ct_url`, `[[ca.ct_logs]]` and what belongs to them; `None` without a log.
    pub(super) fn ca_ct(&self) -> anyhow::Result<Option<CaCtConfig>> {
        let raw = &self.raw.ca;
        let mut logs = Vec::new();
        if let Some(url) = &raw.ct_url {
            logs.push((url.clone(), self.needed_path(self.raw.ct.public_key.as_deref(), "ct.public_key")?));
        }
        // A log that has an end is for those who verify.
        for log in raw.ct_logs.iter().filter(|log| log.until.is_none()) {
            let url = self.needed(log.url.as_deref(), "ca.ct_logs.url")?.to_owned();
            logs.push((url, self.needed_path(log.public_key.as_deref(), "ca.ct_logs.public_key")?));
        }
        let Some(delivery) = self.sct_delivery(!logs.is_empty())? else { return Ok(None) };
        let needed = raw.ct_needed.unwrap_or(1);
        let shown = needed.to_string();
        if !(1..=logs.len()).contains(&needed) {
            bail!(self.wrong("ca.ct_needed", &shown, "write a number from 1 to that of CT logs"));
        }
        if delivery == SctDelivery::Detached && needed > 1 {
            bail!(self.wrong(
                "ca.ct_needed",
                &shown,
                "a detached SCT is one: write 1, or ca.sct = \"embedded\""
            ));
        }
        let deadline = raw.ct_deadline_ms.map_or(DEFAULT_DEADLINE, Duration::from_millis);
        if deadline.is_zero() {
            bail!(self.wrong("ca.ct_deadline_ms", "0", "write how long clients wait, in milliseconds"));
        }
        Ok(Some(CaCtConfig { logs, needed, deadline, delivery, call: self.ct_call()? }))
    }

    /// `ca.sct`. Certificates without an SCT are what no log means; whoever names a log wants it asked.
    fn sct_delivery(&self, has_logs: bool) -> anyhow::Result<Option<SctDelivery>> {
        let text = self.raw.ca.sct.as_deref();
        Ok(match (text, has_logs) {
            (None | Some("none"), false) => None,
            (None | Some("embedded"), true) => Some(SctDelivery::Embedded),
            (Some("detached"), true) => Some(SctDelivery::Detached),
            (Some("none"), true) => bail!(self.wrong("ca.sct", "none", "remove ca.ct_url and ca.ct_logs")),
            (Some(text @ ("embedded" | "detached")), false) => {
                bail!(self.wrong("ca.sct", text, "name a log, in ca.ct_url or [[ca.ct_logs]]"))
            }
            (Some(text), _) => {
                bail!(self.wrong("ca.sct", text, "write \"embedded\", \"detached\" or \"none\""))
            }
        })
    }

    /// The logs of `[[ca.ct_logs]]` as the trust root names them.
    pub(super) fn trusted_ct_logs(&self) -> anyhow::Result<Vec<TrustedLog>> {
        let logs = self.raw.ca.ct_logs.iter().map(|log| {
            let trusted = self.trusted_log((&log.url, &log.public_key, &log.since), None, "ca.ct_logs")?;
            let until = log.until.as_deref().map(|until| self.time(Some(until), "ca.ct_logs.until"));
            let until = until.transpose()?;
            Ok(trusted.map(|trusted| TrustedLog { until, ..trusted }))
        });
        logs.filter_map(anyhow::Result::transpose).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "[[ca.ct_logs]]\nurl = \"https://ct.example\"\npublic_key = \"ct.pub\"\n";

    fn ca_ct(text: &str) -> Result<Option<CaCtConfig>, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sigstead.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(&file, &[]).unwrap().ca_ct().map_err(|error| error.to_string())
    }

    #[test]
    fn the_short_form_comes_before_the_list() {
        let short = "[ct]\npublic_key = \"own.pub\"\n[ca]\nct_url = \"http://127.0.0.1:6962\"\n";
        let ct = ca_ct(&format!("{short}ct_needed = 2\nct_deadline_ms = 500\n{LOG}")).unwrap().unwrap();
        let urls: Vec<&str> = ct.logs.iter().map(|(url, _)| url.as_str()).collect();
        assert_eq!(urls, ["http://127.0.0.1:6962", "https://ct.example"]);
        assert_eq!((ct.needed, ct.deadline), (2, Duration::from_millis(500)));
        assert_eq!(ca_ct(short).unwrap().unwrap().needed, 1);
        assert!(ca_ct("").unwrap().is_none() && ca_ct("[ca]\nsct = \"none\"\n").unwrap().is_none());
        let detached = ca_ct(&format!("[ca]\nsct = \"detached\"\n{LOG}")).unwrap().unwrap();
        assert_eq!(detached.delivery, SctDelivery::Detached);
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (text, told) in [
            ("sct = \"none\"", "ca.sct = \"none\""),
            ("sct = \"both\"", "ca.sct = \"both\""),
            ("ct_needed = 2", "ca.ct_needed = \"2\""),
            ("ct_needed = 0", "ca.ct_needed = \"0\""),
            ("ct_deadline_ms = 0", "ca.ct_deadline_ms"),
        ] {
            let error = ca_ct(&format!("[ca]\n{text}\n{LOG}")).err().unwrap();
            assert!(error.contains(told), "{text}: {error}");
        }
        let ended = ca_ct(&format!("{LOG}{LOG}until = \"2026-11-21T00:00:00Z\"\n")).unwrap().unwrap();
        assert_eq!(ended.logs.len(), 1, "nothing more is logged where the end is named");
        let two = format!("[ca]\nsct = \"detached\"\nct_needed = 2\n{LOG}{LOG}");
        assert!(ca_ct(&two).err().unwrap().contains("ca.ct_needed = \"2\""));
        assert!(ca_ct("[ca]\nsct = \"embedded\"\n").err().unwrap().contains("ca.sct = \"embedded\""));
    }
}
