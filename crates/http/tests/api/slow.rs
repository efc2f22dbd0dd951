//! Clients that are slow, silent, or many; and the end of a server.

use crate::server::Server;
use axum::{Router, routing::get};
use hyper::{Request, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rose_forest_http::{Config, Serving, serve_with};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
    task::JoinHandle,
};

const SHORT: Duration = Duration::from_millis(100);
/// For what has to be in time: a request right after another, on a busy machine.
const ENOUGH: Duration = Duration::from_secs(2);
const HEALTHZ: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Status and text of an answer by HTTP/2.
pub async fn get_by_http2<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    stream: S,
    uri: &str,
) -> (u16, String) {
    let (mut sender, connection) =
        http2::handshake::<_, _, String>(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get(uri).body(String::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(axum::body::Body::new(answer.into_body()), 1 << 20).await.unwrap();
    // The server ends what is idle; then so does the client's side, in order.
    connection.await.unwrap().unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// What a connection says until the server ends it, which it must.
async fn until_the_end(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes).await {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
    }
    // HTTP/2 is no text.
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn connected(server: &Server, said: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(said.as_bytes()).await.unwrap();
    stream
}

/// Reads one answer to `HEALTHZ`, and leaves the connection open.
async fn read_healthz(stream: &mut TcpStream) {
    let mut text = String::new();
    while !text.ends_with("healthz check passed") {
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).await.unwrap();
        assert_ne!(read, 0, "{text}");
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
}

#[tokio::test]
async fn who_says_nothing_or_half_a_head_is_cut_off() {
    let serving = Serving { max_header_time: SHORT, max_write_time: SHORT, ..Serving::default() };
    let server = Server::serving(Config::default(), serving).await;
    let heads =
        ["", "G", "PRI * HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nhost: local"];
    let cut = heads.map(|said| {
        let stream = connected(&server, said);
        async move { until_the_end(stream.await).await }
    });
    for cut in cut {
        let text = cut.await;
        assert!(!text.contains("200 OK"), "{text}");
    }
    // Who says all of it is answered, by a server that waits long enough for that on a busy machine.
    let serving = Serving { max_header_time: ENOUGH, ..Serving::default() };
    let server = Server::serving(Config::default(), serving).await;
    read_healthz(&mut connected(&server, HEALTHZ).await).await;
}

#[tokio::test]
async fn a_connection_serves_several_requests_and_ends_when_it_is_idle() {
    let serving = Serving { max_idle_time: ENOUGH, ..Serving::default() };
    let server = Server::serving(Config::default(), serving).await;
    let mut stream = connected(&server, HEALTHZ).await;
    read_healthz(&mut stream).await;
    stream.write_all(HEALTHZ.as_bytes()).await.unwrap();
    read_healthz(&mut stream).await;
    assert_eq!(until_the_end(stream).await, "");
    // Half a head of a second request does not keep it.
    let mut stream = connected(&server, HEALTHZ).await;
    read_healthz(&mut stream).await;
    stream.write_all(b"GET / HT").await.unwrap();
    assert!(!until_the_end(stream).await.contains("200 OK"));
    let stream = TcpStream::connect(server.address).await.unwrap();
    let uri = format!("http://{}/healthz", server.address);
    assert_eq!(get_by_http2(stream, &uri).await, (200, "healthz check passed".to_owned()));
    // Another name is another name by this protocol, too.
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (status, said) = get_by_http2(stream, "http://evil.example/healthz").await;
    assert!(status == 403 && said.contains("evil.example"), "{status} {said}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let config = Config { max_body_time: SHORT, ..Config::default() };
    let server = Server::start_with(config).await;
    let head = "POST /collections/c/points/count HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    for body in ["content-length: 10\r\n\r\n{\"ex", "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let refused = server.raw(&format!("{head}{body}")).await.error(400);
        assert!(refused.contains("did not arrive"), "{refused}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = Server::start().await;
    let long = format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(70_000));
    assert_eq!(server.raw(&long).await.status, 431);
    let many = format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(200));
    assert_eq!(server.raw(&many).await.status, 431);
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_wait() {
    let serving = Serving { max_connections: 1, ..Serving::default() };
    let server = Server::serving(Config::default(), serving).await;
    let mut first = connected(&server, HEALTHZ).await;
    read_healthz(&mut first).await;
    let mut second = connected(&server, HEALTHZ).await;
    let waiting = tokio::time::timeout(SHORT, second.readable()).await;
    assert!(waiting.is_err(), "there was no room");
    drop(first);
    read_healthz(&mut second).await;
}

/// Any routes, served.
struct Routes {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
}

async fn serving(router: Router, serving: Serving) -> Routes {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(serve_with(listener, router, serving, async { drop(stopped.await) }));
    Routes { address, stop, served }
}

#[tokio::test]
async fn who_does_not_take_an_answer_is_cut_off() {
    // More than the buffers of a socket on either side.
    const BYTES: usize = 64 << 20;
    let router = Router::new().route("/", get(|| async { vec![b'x'; BYTES] }));
    let routes = serving(router, Serving { max_write_time: SHORT, ..Serving::default() }).await;
    let mut stream = TcpStream::connect(routes.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut slow = [0; 1];
    stream.read_exact(&mut slow).await.unwrap();
    // The server ends without being told when its last connection has: this one was cut off.
    tokio::time::sleep(SHORT * 5).await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.len() < BYTES, "{} bytes", rest.len());
    // Who takes it has it all.
    let mut stream = TcpStream::connect(routes.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    rest.clear();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.len() > BYTES);
}

/// A route that says when it was asked, and answers when it is told to.
fn waiting() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (said, told) = (asked.clone(), answer.clone());
    let handler = || async move {
        said.notify_one();
        told.notified().await;
        "done"
    };
    (Router::new().route("/", get(handler)), asked, answer)
}

#[tokio::test]
async fn what_was_begun_is_answered_before_a_server_ends() {
    let (router, asked, answer) = waiting();
    let Routes { address, stop, served } = serving(router, Serving::default()).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    asked.notified().await;
    stop.send(()).unwrap();
    // Those that wait for nothing are ended.
    let mut nothing = Vec::new();
    let _ = idle.read_to_end(&mut nothing).await;
    assert!(TcpStream::connect(address).await.is_err(), "no more connections");
    assert!(!served.is_finished());
    answer.notify_one();
    let text = until_the_end(stream).await;
    assert!(text.ends_with("done") && text.contains("connection: close"), "{text}");
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_connection_and_no_other() {
    async fn panics() {
        panic!("as it should");
    }
    let router = Router::new()
        .route("/panic", get(panics))
        .route("/healthz", get(|| async { "healthz check passed" }));
    let Routes { address, stop, served } = serving(router, Serving::default()).await;
    let mut other = TcpStream::connect(address).await.unwrap();
    other.write_all(HEALTHZ.as_bytes()).await.unwrap();
    read_healthz(&mut other).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /panic HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(until_the_end(stream).await, "");
    other.write_all(HEALTHZ.as_bytes()).await.unwrap();
    read_healthz(&mut other).await;
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_takes_too_long_does_not_hold_up_the_end() {
    let (router, asked, _answer) = waiting();
    let Routes { address, stop, served } =
        serving(router, Serving { max_stop_time: SHORT, ..Serving::default() }).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    asked.notified().await;
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
    assert_eq!(until_the_end(stream).await, "");
}
