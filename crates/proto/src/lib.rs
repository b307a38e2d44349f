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

/// Every service and message here, as a serialized `FileDescriptorSet`, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");

/// Rekor v2, Fulcio v1beta and what they share with other APIs: modules nested as the packages are, for generated code
/// names its neighbours by relative paths. With serde as protobuf's JSON mapping; every field is written.
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::excessive_nesting,
    clippy::too_many_lines,
    reason = "generated code"
)]
pub mod wire {
    pub mod dev {
        pub mod sigstore {
            pub mod common {
                pub mod v1 {
                    include!("generated/dev.sigstore.common.v1.rs");
                    include!("generated/dev.sigstore.common.v1.serde.rs");
                }
            }
            pub mod fulcio {
                pub mod v1beta {
                    include!("generated/dev.sigstore.fulcio.v1beta.rs");
                }
            }
            pub mod rekor {
                pub mod v1 {
                    include!("generated/dev.sigstore.rekor.v1.rs");
                    include!("generated/dev.sigstore.rekor.v1.serde.rs");
                }
                pub mod v2 {
                    include!("generated/dev.sigstore.rekor.v2.rs");
                    include!("generated/dev.sigstore.rekor.v2.serde.rs");
                }
            }
        }
    }
    pub mod google {
        pub mod api {
            include!("generated/google.api.rs");
        }
        pub mod rpc {
            include!("generated/google.rpc.rs");
        }
    }
    pub mod io {
        pub mod intoto {
            include!("generated/io.intoto.rs");
            include!("generated/io.intoto.serde.rs");
        }
    }
}

pub use wire::dev::sigstore::fulcio::v1beta as fulcio_v1beta;
pub use wire::dev::sigstore::{common::v1 as common_v1, rekor::v1 as rekor_v1, rekor::v2 as rekor_v2};
pub use wire::google::{api as google_api, rpc as google_rpc};
pub use wire::io::intoto as dsse;
