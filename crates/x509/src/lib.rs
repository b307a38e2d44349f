//! Certificates, chains, TBS surgery, SCT lists, OIDs, CSRs, CMS.
//!
//! In scope: taking certificates apart without changing a byte, putting them together, precertificates
//! and SCTs (RFC 6962 §3), certificate signing requests, the rules that chains must meet, checking CMS signatures.
//! Out of scope: keys and signatures themselves (see `crypto`), who gets which certificate (see `ca`).

pub mod authority;
pub mod build;
mod certificate;
mod chain;
pub mod cms;
mod csr;
mod error;
pub mod oid;
pub mod precertificate;
mod san;
pub mod sct;
mod term;
pub mod tlv;

pub use certificate::{Certificate, parse_pem_chain};
pub use chain::{ChainError, ChainRules, Purpose, order_chain, validate_chain, validate_key};
pub use csr::CertificateRequest;
pub use error::X509Error;
pub use san::SubjectAlternativeName;
pub use sct::Sct;
pub use term::{Term, check_going};
