use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use sigstead_crypto::Secret;
use sigstead_log::{RekorLimits, Surface};

use super::{CallConfig, Config};

/// `[log]`.
pub(crate) struct LogConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) key: String,
    pub(crate) hostname: String,
    /// Shards that another key signs for, by tree id.
    pub(crate) shard_keys: BTreeMap<i64, String>,
    pub(crate) surface: Surface,
    pub(crate) limits: RekorLimits,
    pub(crate) events: Option<EventsConfig>,
}

/// A webhook that is told of new entries.
pub(crate) struct EventsConfig {
    pub(crate) url: String,
    pub(crate) token: Option<Secret<String>>,
    /// How it is reached over TLS.
    pub(crate) call: CallConfig,
}

impl Config {
    /// `[log]`, complete.
    pub(crate) fn log(&self) -> anyhow::Result<LogConfig> {
        let raw = &self.raw.log;
        Ok(LogConfig {
            listen: self.needed_address(raw.listen.as_deref(), "log.listen")?,
            key: self.key(raw.key.as_deref(), "log.key")?,
            hostname: self.needed(raw.hostname.as_deref(), "log.hostname")?.to_owned(),
            shard_keys: self.shard_keys(&raw.shard_keys)?,
            surface: self.surface()?,
            events: self.events()?,
            limits: RekorLimits {
                body: raw.max_body_bytes.unwrap_or(RekorLimits::default().body),
                attestation: raw.max_attestation_bytes.unwrap_or(RekorLimits::default().attestation),
                search: raw.max_search_results.unwrap_or(RekorLimits::default().search),
            },
        })
    }

    fn events(&self) -> anyhow::Result<Option<EventsConfig>> {
        let raw = &self.raw.log;
        let Some(url) = &raw.events_url else { return Ok(None) };
        let is_usable = |parsed: url::Url| {
            matches!(parsed.scheme(), "http" | "https")
                && parsed.password().is_none()
                && parsed.query().is_none()
        };
        if !url::Url::parse(url).is_ok_and(is_usable) {
            let hint = "write an http or https URL without secrets; a token goes to log.events_token";
            bail!(self.wrong("log.events_url", url, hint));
        }
        let token = raw.events_token.as_deref().map(|text| self.reference(text, "log.events_token"));
        let call = self.call_with_ca(raw.events_ca.as_deref());
        Ok(Some(EventsConfig { url: url.clone(), token: token.transpose()?.map(Secret::new), call }))
    }

    fn surface(&self) -> anyhow::Result<Surface> {
        let raw = &self.raw.log;
        let mut surface = Surface::default();
        if let Some(operations) = &raw.operations {
            surface = surface.with_operations(operations).map_err(|unknown| {
                anyhow::anyhow!(self.wrong("log.operations", &unknown, "write createLogEntry, getLogInfo, …"))
            })?;
        }
        if let Some(kinds) = &raw.kinds {
            surface = surface.with_kinds(kinds).map_err(|unknown| {
                anyhow::anyhow!(self.wrong(
                    "log.kinds",
                    &unknown,
                    "write hashedrekord, dsse, … without versions"
                ))
            })?;
        }
        Ok(if raw.read_only { surface.read_only() } else { surface })
    }

    fn shard_keys(&self, raw: &BTreeMap<String, String>) -> anyhow::Result<BTreeMap<i64, String>> {
        let keys = raw.iter().map(|(tree_id, key)| {
            let name = format!("log.shard_keys.{tree_id}");
            let tree_id = tree_id
                .parse()
                .with_context(|| self.wrong(&name, key, "name the shard by its decimal tree id"))?;
            Ok((tree_id, self.key(Some(key), &name)?))
        });
        keys.collect()
    }
}
