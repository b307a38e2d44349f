use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A connection of one's own, kept as long as it lasts: HTTP/1.1 in cleartext, and no more, for what a client does
/// beyond that would be measured too.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    /// The connection's other half, which ends with this one.
    _carried: JoinSet<hyper::Result<()>>,
}

impl Client {
    pub(crate) async fn connect(url: &Uri) -> anyhow::Result<Self> {
        let Some(authority) = url.authority().filter(|_| url.scheme_str() == Some("http")) else {
            bail!("{url} is not an http:// URL");
        };
        let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80))).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let mut carried = JoinSet::new();
        carried.spawn(connection);
        Ok(Self { sender, host: HeaderValue::from_str(authority.as_str())?, _carried: carried })
    }

    pub(crate) async fn send(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        request.headers_mut().insert(header::HOST, self.host.clone());
        self.sender.ready().await.context("the server has closed the connection")?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}
