use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::{Limits, Tasks, metrics, request_id};

/// How long open requests may take to end once shutdown was asked for.
const DRAIN_PATIENCE: Duration = Duration::from_secs(10);

/// Why a listener could not be opened.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Another process has the port.
    #[error(
        "{service} cannot listen on {address}: the port is in use\n  \
         hint: stop the program that has it (`ss -ltnp 'sport = :{port}'` names it), or give {service} another port",
        port = address.port()
    )]
    PortInUse {
        /// The service that wanted the port.
        service: &'static str,
        /// Where it wanted to listen.
        address: SocketAddr,
    },
    /// The system refused for another reason.
    #[error("{service} cannot listen on {address}: {source}")]
    Bind {
        /// The service that wanted the port.
        service: &'static str,
        /// Where it wanted to listen.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A port that this process owns but does not answer on yet.
#[derive(Debug)]
pub struct BoundListener {
    service: &'static str,
    listener: TcpListener,
    address: SocketAddr,
}

/// Takes `address` for `service`; port 0 lets the system choose.
///
/// # Errors
/// When the port is taken or may not be used.
pub async fn bind(service: &'static str, address: SocketAddr) -> Result<BoundListener, ServeError> {
    let refused = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::PortInUse { service, address },
        _ => ServeError::Bind { service, address, source },
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok(BoundListener { service, listener, address })
}

impl BoundListener {
    /// Where it really listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers with `router` until the tasks shut down, then lets open requests finish.
    pub fn serve(self, router: Router, limits: &Limits, tasks: &Tasks) {
        let router = protect(router, self.service, limits);
        let limits = limits.clone();
        let tasks_of_listener = tasks.clone();
        tasks.spawn(accept_until_shutdown(self, router, limits, tasks_of_listener));
    }
}

/// The layers that every service gets, outermost last.
fn protect(router: Router, service: &'static str, limits: &Limits) -> Router {
    let guard = tower::ServiceBuilder::new()
        .layer(HandleErrorLayer::new(overloaded))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(limits.in_flight))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits.request))
        .layer(CatchPanicLayer::new());
    router
        .layer(guard)
        .layer(axum::middleware::from_fn_with_state(service, metrics::observe))
        .layer(axum::middleware::from_fn(request_id::with_request_id))
}

async fn overloaded(_: tower::BoxError) -> Response {
    let retry = [(header::RETRY_AFTER, "1")];
    (StatusCode::SERVICE_UNAVAILABLE, retry, "too many requests in flight\n").into_response()
}

async fn accept_until_shutdown(bound: BoundListener, router: Router, limits: Limits, tasks: Tasks) {
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(limits.connections));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&bound.listener, &slots) => accepted,
            () = tasks.shutdown().cancelled() => break,
        };
        match accepted {
            Ok((stream, slot)) => serve_connection(stream, slot, &router, &limits, &graceful, &tasks),
            Err(error) => {
                // Out of file descriptors, or the peer is gone already: breathe, then go on.
                tracing::warn!(service = bound.service, %error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(bound.listener);
    if tokio::time::timeout(DRAIN_PATIENCE, graceful.shutdown()).await.is_err() {
        tracing::warn!(service = bound.service, "requests were still open when the drain time ended");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, slot))
}

fn serve_connection(
    stream: TcpStream,
    slot: OwnedSemaphorePermit,
    router: &Router,
    limits: &Limits,
    graceful: &GracefulShutdown,
    tasks: &Tasks,
) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.header_read);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(256);
    let service = TowerToHyperService::new(router.clone());
    let connection =
        graceful.watch(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned());
    tasks.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
        drop(slot);
    });
}
