use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Policy;

/// The policy that is in force. It can be replaced while certificates are issued.
#[derive(Debug, Default)]
pub struct CurrentPolicy(ArcSwap<Policy>);

impl CurrentPolicy {
    /// Begins with a policy.
    pub fn new(policy: Policy) -> Self {
        Self(ArcSwap::from_pointee(policy))
    }

    /// Requests that are decided from now on are decided by another policy.
    pub fn replace(&self, policy: Policy) {
        self.0.store(Arc::new(policy));
    }

    pub(crate) fn load(&self) -> Arc<Policy> {
        self.0.load_full()
    }
}
