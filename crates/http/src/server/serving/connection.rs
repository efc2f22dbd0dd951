//! One connection: its handshake, its requests, its end.
//!
//! hyper has no word for a connection without requests, nor for one that has said nothing yet. So what is under way is counted
//! here, from a request's head to the last byte of its answer's body.

use super::{Shared, patient::Patient};
use crate::server::Peer;
use axum::body::{Body, Bytes, HttpBody};
use hyper::{
    Request,
    body::{Frame, Incoming, SizeHint},
    service::{Service, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, watch},
    time::{Instant, sleep_until, timeout},
};

/// Serves a connection until it ends.
pub(super) async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    room: Option<OwnedSemaphorePermit>,
    mut stop: watch::Receiver<bool>,
) {
    let stream = Patient::new(stream, shared.serving.max_write_time, room);
    let Some(tls) = &shared.serving.tls else { return requests(&shared, stream, peer, stop).await };
    let handshake = timeout(shared.serving.max_header_time, tls.acceptor().accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    match shaken {
        Ok(Ok(stream)) => requests(&shared, stream, peer, stop).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS connection came about"),
        Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
    }
}

/// Answers requests until the client ends, nothing has been under way for too long, or the server stops.
async fn requests<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    shared: &Shared,
    stream: S,
    peer: SocketAddr,
    mut stop: watch::Receiver<bool>,
) {
    let work = Work::new();
    let answer = TowerToHyperService::new(shared.router.clone());
    let service = service_fn(|mut request: Request<Incoming>| {
        let busy = work.begin();
        request.extensions_mut().insert(Peer(peer));
        let answer = answer.call(request);
        async move {
            let answer = answer.await?;
            Ok::<_, Infallible>(answer.map(|body| Answer { body, _busy: busy }))
        }
    });
    let mut connection = pin!(shared.http.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let mut under_way = work.0.subscribe();
    let mut is_closing = false;
    loop {
        let now = *under_way.borrow_and_update();
        let deadline = now.since + patience(shared, now, is_closing);
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "a connection failed");
                }
                return;
            }
            // `work` is here: it does not fail.
            _ = under_way.changed() => {}
            _ = stop.wait_for(|stop| *stop), if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            () = sleep_until(deadline), if now.requests == 0 => {
                if is_closing {
                    tracing::debug!(%peer, "a client did not close an idle connection");
                    return;
                }
                is_closing = true;
                connection.as_mut().graceful_shutdown();
                work.0.send_modify(|state| state.since = Instant::now());
            }
        }
    }
}

/// How long nothing may be under way.
fn patience(shared: &Shared, now: State, is_closing: bool) -> Duration {
    if is_closing {
        shared.serving.max_write_time
    } else if now.has_begun {
        shared.serving.max_idle_time
    } else {
        shared.serving.max_header_time
    }
}

/// What is under way on a connection.
#[derive(Clone, Copy)]
struct State {
    requests: usize,
    /// Since when it is so many.
    since: Instant,
    /// Whether there has been a request.
    has_begun: bool,
}

struct Work(watch::Sender<State>);

impl Work {
    fn new() -> Self {
        Self(watch::Sender::new(State { requests: 0, since: Instant::now(), has_begun: false }))
    }

    /// Counts a request until what is given back is dropped.
    fn begin(&self) -> Busy {
        self.0.send_modify(|state| {
            state.requests += 1;
            state.has_begun = true;
        });
        Busy(self.0.clone())
    }
}

/// A request that is under way.
struct Busy(watch::Sender<State>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|state| {
            state.requests -= 1;
            state.since = Instant::now();
        });
    }
}

/// An answer's body, under way until it is dropped.
struct Answer {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
