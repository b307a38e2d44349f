//! The certificate authority: a certificate for an identity
