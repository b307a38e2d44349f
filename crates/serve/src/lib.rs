//! What every service stands on: listeners, TLS, limits, request ids, health, metrics, graceful shutdown.
//!
//! In scope: binding a port, speaking HTTP/1.1 and HTTP/2 on it (in cleartext by prior knowledge, over TLS by
//! ALPN), which clients may come in, the limits that protect any service, draining on shutdown, `/metrics`, `/healthz` and `/readyz`.
//! Out of scope: any API's routes, bodies and error shapes (each service has its own `error.rs`).

mod api_metrics;
mod client_address;
mod client_limit;
mod connection;
mod cors;
mod encoding;
mod error_shape;
mod grpc;
mod health;
mod limits;
mod listener;
mod metrics;
mod rate;
mod request_id;
mod resource;
mod rpc_status;
mod tasks;
mod tls;
#[cfg(feature = "otlp")]
mod trace_context;

pub use api_metrics::{MethodMetrics, RouteMetrics, observe_methods, observe_routes};
pub use client_address::Network;
pub use client_limit::ClientRate;
pub use cors::{cors_layer, preflight_without_content, restricted_cors_layer};
pub use encoding::accepts_gzip;
pub use error_shape::{ErrorShape, retry_after};
pub use grpc::grpc;
pub use health::{Health, admin_router};
pub use limits::Limits;
pub use listener::{BoundListener, ServeError, bind};
pub use metrics::install_metrics;
pub use rate::{Rate, RateLimiter};
pub use resource::{Freshness, resource};
pub use rpc_status::{ERROR_DOMAIN, ErrorDetail, rpc_status};
pub use tasks::Tasks;
pub use tls::{
    AllowedClient, Client, ClientAuth, ClientPolicy, DEFAULT_OPEN_PATHS, Tls, TlsError, TlsFiles, only_paths,
};
