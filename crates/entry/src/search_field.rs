/// What entries are known by, beyond what Rekor's own search takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SearchField {
    /// `hashedrekord`, `dsse` and so on.
    Kind,
    /// A subject alternative name of a certificate.
    Subject,
    /// The identity provider that a certificate of Fulcio's names.
    Issuer,
    /// The source repository that such a certificate names.
    Repository,
    /// The build workflow that such a certificate names.
    Workflow,
    /// The predicate type of an in-toto statement.
    PredicateType,
    /// The name of an in-toto statement's subject.
    SubjectName,
    /// A key that verifies it: hex SHA-256 of its SubjectPublicKeyInfo.
    Key,
}

impl SearchField {
    /// Every field.
    pub const ALL: [Self; 8] = [
        Self::Kind,
        Self::Subject,
        Self::Issuer,
        Self::Repository,
        Self::Workflow,
        Self::PredicateType,
        Self::SubjectName,
        Self::Key,
    ];

    /// Its name in searches.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Subject => "subject",
            Self::Issuer => "issuer",
            Self::Repository => "repository",
            Self::Workflow => "workflow",
            Self::PredicateType => "predicateType",
            Self::SubjectName => "subjectName",
            Self::Key => "key",
        }
    }

    /// By its name in searches.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Whether its texts are also found by their beginning or a part of them.
    pub const fn is_searched_in_part(self) -> bool {
        !matches!(self, Self::Kind | Self::Key)
    }

    /// The number under which a database keeps its texts; it never changes.
    pub const fn number(self) -> i16 {
        match self {
            Self::Kind => 1,
            Self::Subject => 2,
            Self::Issuer => 3,
            Self::Repository => 4,
            Self::Workflow => 5,
            Self::PredicateType => 6,
            Self::SubjectName => 7,
            Self::Key => 8,
        }
    }
}
