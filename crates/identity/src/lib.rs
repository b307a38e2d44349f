//! OIDC tokens to principals, under Fulcio's configuration
