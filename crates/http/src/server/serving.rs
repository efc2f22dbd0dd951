//! Connections: accepted up to a limit, encrypted where asked for, cut off when they are slow, and ended in order.

mod connection;
mod patient;

use super::Tls;
use crate::{limits, routes::Stopping};
use axum::{Extension, Router};
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};

/// How connections are served. HTTP/1.1 and HTTP/2, with and without TLS.
#[derive(Clone, Debug)]
pub struct Serving {
    /// The certificate and key to encrypt with. Default: none; then everything is sent in the clear.
    pub tls: Option<Tls>,
    /// Connections that are open at once; further ones wait in the system's queue. Default: [`limits::MAX_CONNECTIONS`].
    pub max_connections: usize,
    /// Requests that one HTTP/2 connection may have under way. Default: [`limits::MAX_STREAMS`].
    pub max_streams: u32,
    /// Time for a TLS handshake, and for the head of a connection's first request. Default: [`limits::MAX_HEADER_TIME`].
    pub max_header_time: Duration,
    /// Time from an answer to the whole head of the next request on the same connection. Default: [`limits::MAX_IDLE_TIME`].
    pub max_idle_time: Duration,
    /// Time for a client that does not take what is sent to it. Default: [`limits::MAX_WRITE_TIME`].
    pub max_write_time: Duration,
    /// Time for requests that are being answered when the server stops. Default: [`limits::MAX_STOP_TIME`].
    pub max_stop_time: Duration,
}

impl Default for Serving {
    fn default() -> Self {
        Self {
            tls: None,
            max_connections: limits::MAX_CONNECTIONS,
            max_streams: limits::MAX_STREAMS,
            max_header_time: limits::MAX_HEADER_TIME,
            max_idle_time: limits::MAX_IDLE_TIME,
            max_write_time: limits::MAX_WRITE_TIME,
            max_stop_time: limits::MAX_STOP_TIME,
        }
    }
}

/// Serves without TLS and with the usual limits: see [`serve_with`].
///
/// # Errors
/// As [`serve_with`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_with(listener, router, Serving::default(), stop).await
}

/// Serves until `stop` is ready. Then it takes no more connections and no more requests, and ends once those that were begun
/// have had their answers, or when their time is over; what has no answer by then is cut off, and its client cannot know
/// whether it was done. Who follows events is told that this is the end.
///
/// Dropping the future ends it at once. Connections that became websockets live on until their handlers end them.
///
/// # Errors
/// None at present: a listener that fails is tried again every second, because it mends when files are closed.
pub async fn serve_with(
    listener: TcpListener,
    router: Router,
    serving: Serving,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = watch::channel(false);
    let room = Arc::new(Semaphore::new(serving.max_connections.min(Semaphore::MAX_PERMITS)));
    let max_stop_time = serving.max_stop_time;
    let router = router.layer(Extension(Stopping(stopped.clone())));
    let shared = Arc::new(Shared { http: http(&serving), router, serving });
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a request ended its connection");
                }
            }
            (stream, peer, room) = next(&listener, &room) => {
                connections.spawn(connection::serve(shared.clone(), stream, peer, room, stopped.clone()));
            }
        }
    }
    // Whoever connects from now on is refused rather than kept waiting.
    drop(listener);
    stopping.send_replace(true);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(max_stop_time, all).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests took too long to be answered, and are cut off"
        );
        connections.shutdown().await;
    }
    Ok(())
}

/// What all connections share.
struct Shared {
    http: auto::Builder<TokioExecutor>,
    router: Router,
    serving: Serving,
}

/// What hyper is told. Its own limits of resets that a client may cause (rapid reset) stay as they are.
fn http(serving: &Serving) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    // Of a first request `connection` takes the time, which is shorter.
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(serving.max_idle_time.max(serving.max_header_time))
        .max_buf_size(limits::MAX_HEAD_BYTES as usize);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(serving.max_streams)
        .max_header_list_size(limits::MAX_HEAD_BYTES)
        .keep_alive_interval(serving.max_write_time)
        .keep_alive_timeout(serving.max_write_time);
    http
}

/// The next connection, once there is room for one.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // Nobody closes the semaphore: there always is a permit some day.
    let room = room.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection cannot be told not to wait");
                }
                return (stream, peer, room);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot take connections, trying again in a second");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Whether a connection went away before it was taken.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
