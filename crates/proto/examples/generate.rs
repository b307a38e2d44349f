//! Writes `src/generated` from `proto`: run it after each change there, and commit both.
//!
//! ```console
//! cargo run -p sigstead-proto --example generate
//! ```

use std::error::Error;
use std::path::Path;

const FILES: [&str; 2] = ["fulcio/v2/fulcio.proto", "grpc/health.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    generate(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated"))
}

/// Writes the generated code into a folder.
pub(crate) fn generate(folder: &Path) -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(FILES, [Path::new(env!("CARGO_MANIFEST_DIR")).join("proto")])?;
    tonic_prost_build::configure().build_transport(false).out_dir(folder).compile_fds(descriptors)?;
    Ok(())
}
