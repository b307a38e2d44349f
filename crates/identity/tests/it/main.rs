//! Tokens of an issuer on loopback, believed and refused.

mod algorithms;
mod fetching;
mod fixture;
mod principals;
mod refusals;
