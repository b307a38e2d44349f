//! The certificate transparency log: RFC 6962 and static-ct over the tlog engine
