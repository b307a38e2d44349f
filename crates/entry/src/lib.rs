//! Rekor entry kinds: parse, verify, canonicalize, search keys
