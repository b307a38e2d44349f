//! Generated protobuf messages and gRPC services.
//!
//! In scope: what `proto` describes, as `examples/generate.rs` writes it into `src/generated`.
//! Out of scope: JSON shapes (each API's own), and what the services do (see `ca`).

/// The certificate authority, wire compatible with Fulcio v2.
#[expect(
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::excessive_nesting,
    clippy::too_many_lines,
    reason = "generated code"
)]
pub mod fulcio_v2 {
    include!("generated/dev.sigstore.fulcio.v2.rs");
}

/// Whether a server answers.
#[expect(
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::excessive_nesting,
    reason = "generated code"
)]
pub mod health_v1 {
    include!("generated/grpc.health.v1.rs");
}
