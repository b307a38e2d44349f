use std::sync::Arc;
use std::time::Duration;

use sigstead_clock::Clock;

/// Answers what an environment variable holds.
pub type Variable = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What keys are opened with that is not in their URIs.
#[derive(Clone)]
pub struct Surroundings {
    /// What an environment variable holds.
    pub variable: Variable,
    /// When requests are signed and tokens run out.
    pub clock: Arc<dyn Clock>,
    /// Begins the clients that services are asked with.
    pub http: Arc<dyn Fn() -> reqwest::ClientBuilder + Send + Sync>,
    /// How long a service may take for a signature, with everything that is tried again.
    pub patience: Duration,
}

/// How long a service may take to make a key: RSA keys of 4,096 bits are not made at once.
pub(crate) const GENERATION: Duration = Duration::from_secs(60);

impl Surroundings {
    /// For clients that a key is made with.
    pub(crate) fn of_makers(&self) -> Self {
        Self { patience: GENERATION, ..self.clone() }
    }

    /// An environment variable; one that is empty counts as not set.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("patience", &self.patience).finish_non_exhaustive()
    }
}
