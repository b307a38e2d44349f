use anyhow::bail;
use sigstead_tlog::Limits;

use super::Config;

impl Config {
    /// `[trees]`: what each tree may keep in memory and take on.
    pub(crate) fn trees(&self) -> anyhow::Result<Limits> {
        let (raw, default) = (&self.raw.trees, Limits::default());
        let limits = Limits {
            batch: raw.max_batch.unwrap_or(default.batch),
            queue: raw.max_waiting.unwrap_or(default.queue),
            tile_cache: raw.tile_cache_bytes.unwrap_or(default.tile_cache),
            entry_cache: raw.entry_cache_bytes.unwrap_or(default.entry_cache),
            ..default
        };
        for (key, value) in [("trees.max_batch", limits.batch), ("trees.max_waiting", limits.queue)] {
            if !(1..=MOST).contains(&value) {
                bail!(self.wrong(key, &value.to_string(), &format!("write a number from 1 to {MOST}")));
            }
        }
        Ok(limits)
    }
}

/// A batch is one transaction, and what waits is in memory.
const MOST: usize = 65_536;
