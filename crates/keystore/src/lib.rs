//! Key URIs to signers
