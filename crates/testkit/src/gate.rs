use std::net::SocketAddr;

use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What becomes of those who come to a [`Gate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    Closed,
    Silent,
}

/// A way to a server that can be shut and opened again.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    way: watch::Sender<Way>,
    _task: JoinSet<()>,
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl Gate {
    /// Leads to `server`; open at first.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (way, seen) = watch::channel(Way::Open);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut guests = JoinSet::new();
            while let Ok((guest, _)) = listener.accept().await {
                guests.spawn(pass(guest, server, seen.clone()));
            }
        });
        Self { address, way, _task: task }
    }

    /// Where it is.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection, and each new one at once.
    pub fn close(&self) {
        self.way.send_replace(Way::Closed);
    }

    /// Ends every connection; on new ones nothing is ever said.
    pub fn silence(&self) {
        self.way.send_replace(Way::Silent);
    }

    /// Lets through again.
    pub fn open(&self) {
        self.way.send_replace(Way::Open);
    }
}

/// Until one side ends it, or the gate's way changes.
async fn pass(mut guest: TcpStream, server: SocketAddr, mut way: watch::Receiver<Way>) {
    let at_first = *way.borrow_and_update();
    let conversation = async {
        match at_first {
            Way::Open => {
                let Ok(mut server) = TcpStream::connect(server).await else { return };
                let _ended = copy_bidirectional(&mut guest, &mut server).await;
            }
            Way::Closed => drop(guest.shutdown().await),
            Way::Silent => std::future::pending().await,
        }
    };
    tokio::select! {
        () = conversation => {}
        _ = way.changed() => {}
    }
}
