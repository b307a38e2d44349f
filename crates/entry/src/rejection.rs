use thiserror::Error;

/// Why an entry is not taken; whoever sent it is to blame. The texts are Rekor's, for clients show them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejection {
    /// A field that every entry has is not there.
    #[error("{0} in body is required")]
    Required(&'static str),
    /// The version does not look like one.
    #[error("apiVersion in body should match '{VERSION_PATTERN}'")]
    VersionPattern,
    /// There is no such kind.
    #[error("invalid kind value: \"{0}\"")]
    UnknownKind(String),
    /// A kind that this server does not take.
    #[error("entry kind '{0}' is not enabled for submission on this server")]
    KindNotEnabled(String),
    /// Anything about the entry itself.
    #[error("{0}")]
    Entry(String),
}

/// Rekor's pattern for entry versions.
pub(crate) const VERSION_PATTERN: &str = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$";

impl Rejection {
    pub(crate) fn entry(why: impl Into<String>) -> Self {
        Self::Entry(why.into())
    }

    /// The schema's complaints, one a line, as Rekor lists them.
    pub(crate) fn validation(complaints: &[String]) -> Self {
        Self::Entry(format!("validation failure list:\n{}", complaints.join("\n")))
    }
}
