use std::path::{Path, PathBuf};

/// A program that `scripts/test install` has put into the cache.
#[expect(clippy::disallowed_methods, reason = "scripts/test says where it puts programs")]
pub fn installed(name: &str) -> PathBuf {
    if let Ok(folder) = std::env::var("SIGSTEAD_CLIENTS") {
        return Path::new(&folder).join(name);
    }
    let home = std::env::var("HOME").unwrap_or_default();
    let cache = std::env::var("XDG_CACHE_HOME").unwrap_or_else(|_| format!("{home}/.cache"));
    Path::new(&cache).join("sigstead/clients").join(name)
}
