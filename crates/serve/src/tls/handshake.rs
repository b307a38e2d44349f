use std::sync::Arc;
use std::time::Duration;

use rustls::server::Acceptor;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Client, Tls};

impl Tls {
    /// The connection's encrypted stream, and who is at its other end if it showed a certificate.
    pub(crate) async fn handshake(
        &self,
        stream: TcpStream,
        patience: Duration,
    ) -> std::io::Result<(TlsStream<TcpStream>, Option<Client>)> {
        let stream = tokio::time::timeout(patience, async {
            let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            let _turn = self.handshakes.acquire().await.map_err(std::io::Error::other)?;
            hello.into_stream(Arc::clone(&self.live.load().server)).await
        });
        let stream = stream.await??;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let client = shown.map(|certificate| Client::of(certificate));
        Ok((stream, client))
    }
}
