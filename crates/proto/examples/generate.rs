//! Writes `src/generated` from `proto`: run it after each change there, and commit both.
//!
//! ```console
//! cargo run -p sigstead-proto --example generate
//! ```

use std::error::Error;
use std::path::Path;

const FILES: [&str; 2] = ["fulcio/v2/fulcio.proto", "grpc/health.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let descriptors = protox::compile(FILES, [root.join("proto")])?;
    tonic_prost_build::configure()
        .build_client(true)
        .build_transport(false)
        .out_dir(root.join("src/generated"))
        .compile_fds(descriptors)?;
    Ok(())
}
