use std::str::FromStr;

use sigstead_x509::SubjectAlternativeName;

/// A client that may come in, by a name in its certificate's SubjectAltName.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedClient {
    /// This DNS name, in lower case.
    Dns(String),
    /// One label before this suffix, which begins with a dot.
    DnsBelow(String),
    /// This URI.
    Uri(String),
    /// URIs that begin so; it ends with a slash.
    UriBelow(String),
}

impl AllowedClient {
    pub(super) fn matches(&self, name: &SubjectAlternativeName) -> bool {
        match (self, name) {
            (Self::Dns(allowed), SubjectAlternativeName::Dns(name)) => name.eq_ignore_ascii_case(allowed),
            (Self::DnsBelow(suffix), SubjectAlternativeName::Dns(name)) => {
                let name = name.to_ascii_lowercase();
                name.strip_suffix(suffix).is_some_and(|label| !label.is_empty() && !label.contains('.'))
            }
            (Self::Uri(allowed), SubjectAlternativeName::Uri(name)) => name == allowed,
            (Self::UriBelow(prefix), SubjectAlternativeName::Uri(name)) => {
                name.len() > prefix.len() && name.starts_with(prefix)
            }
            _ => false,
        }
    }
}

/// `build.example.org`, `*.example.org`, `spiffe://example.org/build` or `spiffe://example.org/build/*`.
impl FromStr for AllowedClient {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((scheme, rest)) = text.split_once("://") {
            // The prefix holds all of the trust domain: spiffe://example.org* would take example.organic too.
            let has_authority = rest.split_once('/').is_some_and(|(authority, _)| !authority.is_empty());
            return match text.strip_suffix('*') {
                _ if scheme.is_empty() || rest.is_empty() => Err("a URI has a scheme and an authority"),
                None if text.contains('*') => Err("`*` stands only at the end of a URI"),
                None => Ok(Self::Uri(text.to_owned())),
                Some(prefix) if prefix.ends_with('/') && has_authority && !prefix.contains('*') => {
                    Ok(Self::UriBelow(prefix.to_owned()))
                }
                Some(_) => Err("before `*` in a URI comes an authority and a slash"),
            };
        }
        let lower = text.to_ascii_lowercase();
        match lower.strip_prefix('*') {
            Some(suffix) if suffix.len() > 1 && suffix.starts_with('.') && !suffix.contains('*') => {
                Ok(Self::DnsBelow(suffix.to_owned()))
            }
            None if !lower.is_empty() && !lower.contains(['*', '/', ':', ' ']) => Ok(Self::Dns(lower)),
            _ => Err("write a DNS name, *.example.org, or a URI"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(pattern: &str, name: &SubjectAlternativeName) -> bool {
        pattern.parse::<AllowedClient>().unwrap().matches(name)
    }

    #[test]
    fn dns_names() {
        let name = |name: &str| SubjectAlternativeName::Dns(name.to_owned());
        assert!(is_allowed("a.example.org", &name("A.example.org")));
        assert!(is_allowed("*.example.org", &name("a.example.org")));
        for other in ["example.org", ".example.org", "a.b.example.org", "a.example.com", "aexample.org"] {
            assert!(!is_allowed("*.example.org", &name(other)), "{other}");
        }
        let uri = SubjectAlternativeName::Uri("a.example.org".to_owned());
        assert!(!is_allowed("a.example.org", &uri), "a name of another kind");
    }

    #[test]
    fn uris() {
        let name = |name: &str| SubjectAlternativeName::Uri(name.to_owned());
        assert!(is_allowed("spiffe://corp/a", &name("spiffe://corp/a")));
        assert!(!is_allowed("spiffe://corp/a", &name("spiffe://corp/a/b")));
        assert!(is_allowed("spiffe://corp/build/*", &name("spiffe://corp/build/1")));
        for other in ["spiffe://corp/build/", "spiffe://corp/builder", "spiffe://corporation/build/1"] {
            assert!(!is_allowed("spiffe://corp/build/*", &name(other)), "{other}");
        }
    }

    #[test]
    fn careless_patterns_are_refused() {
        for pattern in
            ["", "*", "*.", "a*.org", "*.*.org", "spiffe://corp*", "spiffe://*", "spiffe:///*", "://a", "a b"]
        {
            assert!(pattern.parse::<AllowedClient>().is_err(), "{pattern}");
        }
    }
}
