/// Which images must be signed, and by whom.
#[derive(Debug)]
pub struct ImagePolicy {
    /// Names what is made.
    pub name: String,
    /// Patterns of images, as `registry.example.com/**`.
    pub images: Vec<String>,
    /// Who may have signed; without anybody there is no policy.
    pub identity: Option<Identity>,
    /// Types of predicates that must be attested, instead of a signature.
    pub attestations: Vec<String>,
    /// Demand a timestamp of the timestamp authority instead of an entry in the log.
    pub timestamps: bool,
}

/// Who signed.
#[derive(Debug)]
pub struct Identity {
    /// The name in the certificate.
    pub subject: Matcher,
    /// The identity provider.
    pub issuer: Matcher,
}

/// What a name must be.
#[derive(Debug)]
pub enum Matcher {
    /// Just this.
    Exactly(String),
    /// What this regular expression finds, in Go's syntax.
    Regexp(String),
}

/// Where the trust root is followed, instead of being copied.
#[derive(Debug)]
pub struct TufRoot {
    /// A root of the repository that its reader may start from, as JSON.
    pub root: Vec<u8>,
    /// The repository's URL.
    pub mirror: String,
}

impl ImagePolicy {
    /// The types of predicates, with names.
    pub(super) fn named_attestations(&self) -> impl Iterator<Item = (String, &String)> {
        self.attestations.iter().enumerate().map(|(number, kind)| (format!("predicate{number}"), kind))
    }
}

impl Identity {
    /// As policy-controller and Kyverno both name it.
    pub(super) fn json(&self) -> serde_json::Value {
        let mut fields = serde_json::Map::new();
        for (name, matcher) in [("subject", &self.subject), ("issuer", &self.issuer)] {
            let (name, value) = match matcher {
                Matcher::Exactly(value) => (name.to_owned(), value),
                Matcher::Regexp(pattern) => (format!("{name}RegExp"), pattern),
            };
            fields.insert(name, value.as_str().into());
        }
        fields.into()
    }

    /// Patterns that also find what only holds them.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        let patterns = [&self.subject, &self.issuer].into_iter().filter_map(|matcher| match matcher {
            Matcher::Regexp(pattern) => Some(pattern),
            Matcher::Exactly(_) => None,
        });
        let open = patterns.filter(|pattern| !(pattern.starts_with('^') && pattern.ends_with('$')));
        open.map(|pattern| {
            format!(
                "the pattern {pattern} also matches longer names that hold it; write ^ before and $ after it"
            )
        })
    }
}
