//! The Rekor transparency log service over the tlog engine
