//! Writes `src/generated` from `proto`: run it after each change there, and commit both.
//!
//! ```console
//! cargo run -p sigstead-proto --example generate
//! ```

use std::error::Error;
use std::path::Path;

use prost::Message as _;

const FILES: [&str; 6] = [
    "fulcio/v1beta/fulcio.proto",
    "fulcio/v2/fulcio.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
    "grpc/health.proto",
    "rekor/v2/rekor.proto",
];
/// Messages that are also read and written in protobuf's JSON mapping.
const WITH_JSON: [&str; 3] = [".dev.sigstore.common.v1", ".dev.sigstore.rekor", ".io.intoto"];

fn main() -> Result<(), Box<dyn Error>> {
    generate(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated"))
}

/// Writes the generated code into a folder.
pub(crate) fn generate(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut descriptors = protox::compile(FILES, [Path::new(env!("CARGO_MANIFEST_DIR")).join("proto")])?;
    pbjson_build::Builder::new()
        .register_descriptors(&descriptors.encode_to_vec())?
        .out_dir(folder)
        .emit_fields()
        .build(&WITH_JSON)?;
    tonic_prost_build::configure().build_transport(false).out_dir(folder).compile_fds(descriptors.clone())?;
    for file in &mut descriptors.file {
        file.source_code_info = None;
    }
    std::fs::write(folder.join("descriptors.bin"), descriptors.encode_to_vec())?;
    Ok(())
}
