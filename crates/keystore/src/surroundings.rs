use std::sync::Arc;

/// Answers what an environment variable holds.
type Variable = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What keys are opened with that is not in their URIs.
#[derive(Clone)]
pub struct Surroundings {
    variable: Variable,
}

impl Surroundings {
    /// With the environment that `variable` answers for.
    pub fn new(variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { variable: Arc::new(variable) }
    }

    /// An environment variable; one that is empty counts as not set.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Surroundings")
    }
}
