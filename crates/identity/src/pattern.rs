use regex::Regex;

/// An issuer URL with wildcards: each `*` is one or more letters, digits, `-` or `_`, so that it cannot
/// reach into another host label or path segment. The whole URL must match.
#[derive(Debug, Clone)]
pub(crate) struct IssuerPattern(Regex);

impl IssuerPattern {
    pub(crate) fn new(pattern: &str) -> Result<Self, regex::Error> {
        let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
        Regex::new(&format!("^{}$", parts.join("[-_a-zA-Z0-9]+"))).map(Self)
    }

    pub(crate) fn matches(&self, issuer: &str) -> bool {
        self.0.is_match(issuer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_in_its_label() {
        let eks = IssuerPattern::new("https://oidc.eks.*.amazonaws.com/id/*").unwrap();
        assert!(eks.matches("https://oidc.eks.eu-west-1.amazonaws.com/id/ABC123"));
        for wrong in [
            "https://oidc.eks.evil.example/x.amazonaws.com/id/A",
            "https://evil/https://oidc.eks.a.amazonaws.com/id/A",
            "https://oidc.eks.a.b.amazonaws.com/id/A",
            "https://oidc.eks.a.amazonaws.com/id/",
            "https://oidc.eks.a.amazonaws.com/id/A/..",
            "https://oidcXeks.a.amazonaws.com/id/A",
            "https://oidc.eks.a.amazonaws.com/id/A\n",
        ] {
            assert!(!eks.matches(wrong), "{wrong}");
        }
    }
}
