//! What a trust root says, in the forms that other programs read.
//!
//! Pure: documents in, documents out. What a form has no place for is told as a note, never dropped in silence.

mod image_policy;
mod kyverno;
mod policy_controller;
mod trust_document;
mod yaml;

pub use image_policy::{Identity, ImagePolicy, Matcher, TufRoot};
pub use kyverno::kyverno;
pub use policy_controller::policy_controller;
pub use trust_document::{ExportError, TrustDocument};

/// A document to hand on, and what its reader must know of it.
#[derive(Debug)]
pub struct Exported {
    /// Manifests in YAML.
    pub manifests: String,
    /// What the form cannot say, and what its reader would refuse.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests;
