use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::Surroundings;

/// A profile of `~/.aws/config` and `~/.aws/credentials`; the latter's settings count more.
#[derive(Debug, Default)]
pub(super) struct Profile(BTreeMap<String, String>);

impl Profile {
    /// The one that `AWS_PROFILE` names; empty if there is none.
    pub(super) fn read(surroundings: &Surroundings) -> Self {
        let name = surroundings.variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
        let read = |variable, usual| {
            let home = || surroundings.variable("HOME").map(|home| Path::new(&home).join(usual));
            let file = surroundings.variable(variable).map(PathBuf::from).or_else(home);
            file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default()
        };
        let mut settings = section(&read("AWS_CONFIG_FILE", ".aws/config"), &name);
        settings.extend(section(&read("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"), &name));
        Self(settings)
    }

    pub(super) fn setting(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// The settings under `[name]` or `[profile name]`.
fn section(text: &str, name: &str) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let mut is_ours = false;
    for line in text.lines() {
        let is_comment = line.starts_with(['#', ';']);
        if let Some(header) = line.trim().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let header = header.0.trim();
            is_ours = header.strip_prefix("profile").map_or(header, str::trim) == name;
        } else if let Some((setting, value)) = line.split_once('=').filter(|_| is_ours && !is_comment) {
            settings.insert(setting.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_told_apart() {
        let text = "[default]\nregion=us-east-1\n\n[profile ca]\n# region = no\nregion = eu-west-1\naws_access_key_id = AKID\n[ca2]\nregion=no\n";
        assert_eq!(section(text, "default").get("region").unwrap(), "us-east-1");
        let ca = section(text, "ca");
        assert_eq!((ca.get("region").unwrap().as_str(), ca.len()), ("eu-west-1", 2));
        assert!(section(text, "other").is_empty());
    }
}
