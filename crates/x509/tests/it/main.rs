//! Certificates and requests against the `openssl` program, and parsers against arbitrary bytes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod arbitrary;
mod chains;
mod cms;
mod foreign;
mod hierarchy;
mod names;
mod openssl;
mod precertificates;
mod requests;
