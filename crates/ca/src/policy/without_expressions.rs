//! In place of CEL, in a build without it: a policy with a condition is refused, not read as if it had none.

use std::fmt;
use std::marker::PhantomData;

use super::PolicyRequest;

/// There is none.
#[derive(Debug)]
pub(super) enum Expression {}

/// What conditions would look at.
pub(super) struct Facts<'a>(PhantomData<PolicyRequest<'a>>);

impl<'a> Facts<'a> {
    pub(super) const fn new(_: PolicyRequest<'a>) -> Self {
        Self(PhantomData)
    }
}

impl Expression {
    pub(super) fn compile(_: &str) -> Result<Self, String> {
        Err("this sigstead was built without CEL (the feature `cel` of the crate `ca`)".to_owned())
    }

    pub(super) fn holds(&self, _: &Facts<'_>) -> Result<bool, String> {
        match *self {}
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
