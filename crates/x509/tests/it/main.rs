//! Certificates and requests against the `openssl` program, and parsers against arbitrary bytes.

mod arbitrary;
mod chains;
mod foreign;
mod hierarchy;
mod names;
mod openssl;
mod precertificates;
mod requests;
