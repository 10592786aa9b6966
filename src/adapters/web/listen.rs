//! The listening socket: how many connections there may be, and how slowly they may ask.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::adapters::web::limit::{PAGES, Rate, SIGN_INS};

/// What connections are held to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// At once. Who comes then waits until another one ends.
    pub(super) connections: usize,
    /// At once from one address: nobody takes all places. A proxy in front is one address, and keeps few open.
    pub(super) of_one: usize,
    /// From the beginning of a request to the end of its headers. A connection that asks nothing is closed after it.
    pub(super) headers_within: Duration,
    /// How often one address may ask for a page, and try to sign in.
    pub(super) pages: Rate,
    pub(super) sign_ins: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            of_one: 256,
            headers_within: Duration::from_secs(15),
            pages: PAGES,
            sign_ins: SIGN_INS,
        }
    }
}

/// Bytes of one connection's buffer, and so of a request's headers.
const BUFFER_MAX: usize = 32 * 1024;
/// When the system has no more connections to give.
const PAUSE: Duration = Duration::from_millis(100);

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Accepts until it is dropped, which closes every connection.
pub(super) async fn serve(listener: TcpListener, service: Router, limits: Limits) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections: JoinSet<IpAddr> = JoinSet::new();
    let mut open = BTreeMap::<IpAddr, usize>::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let accepted = loop {
            tokio::select! {
                biased;
                Some(Ok(peer)) = connections.join_next() => leave(&mut open, peer),
                accepted = listener.accept() => break accepted,
            }
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let held = open.entry(peer.ip()).or_default();
        if *held >= limits.of_one {
            continue;
        }
        *held += 1;
        let service = service.clone();
        connections.spawn(async move {
            // A client that goes away, or is too slow, is no error of ours.
            let _ = connection(stream, Peer(peer), service, limits.headers_within).await;
            drop(place);
            peer.ip()
        });
    }
}

fn leave(open: &mut BTreeMap<IpAddr, usize>, peer: IpAddr) {
    if let Some(held) = open.get_mut(&peer) {
        *held -= 1;
        if *held == 0 {
            open.remove(&peer);
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    service: Router,
    headers_within: Duration,
) -> Result<(), hyper::Error> {
    // Answers are small and waited for. A socket that refuses the option still works.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(service);
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        service.call(request)
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(headers_within).max_buf_size(BUFFER_MAX);
    server.serve_connection(TokioIo::new(stream), answer).await
}
