//! The ports on which services listen unless they are told otherwise.

pub(crate) const CA: u16 = 5555;
pub(crate) const LOG: u16 = 3000;
pub(crate) const TSA: u16 = 3004;
pub(crate) const CT: u16 = 6962;
pub(crate) const TRUST: u16 = 8088;
pub(crate) const DEV_ISSUER: u16 = 5556;
pub(crate) const ADMIN: u16 = 2112;
