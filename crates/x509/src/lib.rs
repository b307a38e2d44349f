//! Certificates, chains, TBS surgery, SCT lists, OIDs, CSRs, CMS
