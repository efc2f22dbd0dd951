//! Following a collection: by server-sent events, and over a websocket.

use crate::{
    forest::points,
    server::{OWN, Server, author},
};
use futures::{SinkExt, StreamExt};
use rose_forest_api::PointId;
use rose_forest_http::{
    Config,
    backend::{Selector, Write},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

const C: &str = "/rose-forest/collections/c/events";
/// Longer than anything here takes: who waits for longer waits in vain.
const IN_VAIN: Duration = Duration::from_secs(30);

/// One that follows by server-sent events.
struct Follower {
    lines: BufReader<TcpStream>,
}

impl Follower {
    async fn open(server: &Server, query: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // Of a server of HTTP/1.0 the answer comes as it is, without the sizes of its chunks.
        let request = format!("GET {C}{query} HTTP/1.0\r\nhost: localhost\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut follower = Self { lines: BufReader::new(stream) };
        assert!(follower.line().await.contains(" 200 "));
        let mut head = String::new();
        loop {
            let line = follower.line().await.to_lowercase();
            if line.is_empty() {
                break;
            }
            head += &line;
        }
        assert!(head.contains("text/event-stream"), "{head}");
        follower
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = timeout(IN_VAIN, self.lines.read_line(&mut line)).await.expect("nothing came");
        assert!(read.unwrap() > 0, "the server closed");
        line.trim_end().to_owned()
    }

    /// The next event, whose id is its cursor.
    async fn next(&mut self) -> Value {
        let (mut id, mut event) = (Value::Null, Value::Null);
        loop {
            let line = self.line().await;
            match line.split_once(": ") {
                Some(("id", said)) => id = Value::from(said),
                Some(("data", said)) => event = serde_json::from_str(said).unwrap(),
                None if line.is_empty() && !event.is_null() => break,
                _ => assert!(line.is_empty() || line.starts_with(':'), "{line}"),
            }
        }
        assert_eq!(event.get("cursor").unwrap_or(&Value::Null), &id);
        event
    }

    /// Whether the server says no more.
    async fn is_closed(&mut self) -> bool {
        let mut rest = String::new();
        timeout(IN_VAIN, self.lines.read_to_string(&mut rest)).await.unwrap().is_ok()
            && rest.trim().is_empty()
    }
}

/// What an event says, without its cursor.
fn said(event: &Value) -> (&str, Vec<u64>, String) {
    let ids = event["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(event["rows"], ids.len());
    assert_eq!(event["confirmed"], true);
    assert!(event["action"].as_str().unwrap().starts_with("uhCkk"));
    (event["kind"].as_str().unwrap(), ids, event["author"].as_str().unwrap().to_owned())
}

fn write(server: &Server, by: u8, of: &[(u64, f32)]) {
    server.backend.write_as(&author(by), "c", &points(of)).unwrap();
}

fn delete(server: &Server, by: u8, id: u64) {
    let write = Write::Delete(Selector::Ids(vec![PointId::Int(id)]));
    server.backend.write_as(&author(by), "c", &write).unwrap();
}

#[tokio::test]
async fn changes_are_told_as_they_come_whoever_wrote_them() {
    let server = Server::with_collection("Dot").await;
    write(&server, OWN, &[(1, 1.0)]);
    let mut follower = Follower::open(&server, "", "").await;
    assert_eq!(follower.next().await["kind"], "begin");
    let upsert = json!({"points": [{"id": 1, "vector": [2, 0]}, {"id": 2, "vector": [2, 0]}]});
    server.put("/collections/c/points?wait=true", upsert).await.result();
    let event = follower.next().await;
    assert_eq!(said(&event), ("upsert", vec![1, 2], author(OWN).to_string()));
    write(&server, 7, &[(1, 7.0)]);
    assert_eq!(said(&follower.next().await), ("upsert", vec![1], author(7).to_string()));
    delete(&server, OWN, 2);
    assert_eq!(said(&follower.next().await), ("delete", vec![2], author(OWN).to_string()));
    // What is told can be read.
    assert_eq!(server.post("/collections/c/points/count", json!({})).await.result()["count"], 1);
}

#[tokio::test]
async fn who_comes_back_with_a_cursor_misses_nothing_and_hears_nothing_twice() {
    let server = Server::with_collection("Dot").await;
    let mut follower = Follower::open(&server, "?since=0", "").await;
    let begin = follower.next().await;
    let mut heard = Vec::new();
    // More than are read at once.
    for id in 0..150 {
        write(&server, OWN, &[(id, 1.0)]);
    }
    for _ in 0..100 {
        heard.push(follower.next().await);
    }
    drop(follower);
    write(&server, 7, &[(1, 7.0)]);
    let last = heard[99]["cursor"].as_str().unwrap();
    // As a browser does it: the address of the first time, and where it was.
    let mut follower = Follower::open(&server, "?since=0", &format!("Last-Event-ID: {last}\r\n")).await;
    assert_eq!(follower.next().await, json!({"kind": "begin", "cursor": last}));
    for _ in 0..51 {
        heard.push(follower.next().await);
    }
    let ids: Vec<_> = heard.iter().flat_map(|event| said(event).1).collect();
    assert_eq!(ids, (0..150).chain([1]).collect::<Vec<_>>());
    let mut again =
        Follower::open(&server, &format!("?since={}", begin["cursor"].as_str().unwrap()), "").await;
    assert_eq!(again.next().await, begin);
    for event in &heard {
        assert_eq!(again.next().await, *event);
    }
}

#[tokio::test]
async fn who_lost_changes_is_told_so_and_where_to_go_on() {
    let server = Server::with_collection("Dot").await;
    write(&server, OWN, &[(1, 1.0)]);
    let mut follower = Follower::open(&server, "?since=1-00000000deadbeef", "").await;
    let lost = follower.next().await;
    assert_eq!(lost["kind"], "lost");
    write(&server, OWN, &[(2, 1.0)]);
    assert_eq!(said(&follower.next().await).1, [2]);
    let mut again =
        Follower::open(&server, &format!("?since={}", lost["cursor"].as_str().unwrap()), "").await;
    assert_eq!(again.next().await, json!({"kind": "begin", "cursor": lost["cursor"]}));
    assert_eq!(said(&again.next().await).1, [2]);
    // The collection goes while they follow.
    server.delete("/collections/c").await.result();
    for follower in [&mut follower, &mut again] {
        let end = follower.next().await;
        assert_eq!(end["kind"], "end");
        assert!(end["reason"].as_str().unwrap().contains("`c`"), "{end}");
        assert!(follower.is_closed().await);
    }
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_with_a_reason() {
    let server = Server::start_with(Config { max_followers: 1, ..Config::default() }).await;
    let new = json!({"vectors": {"size": 2, "distance": "Dot"}});
    server.put("/collections/c", new).await.result();
    assert!(server.get(&format!("{C}?since=x")).await.error(400).contains("cursor"));
    assert!(server.get(&format!("{C}/ws")).await.error(400).contains("websocket"));
    assert!(server.get("/rose-forest/collections/x/events").await.error(404).contains("`x`"));
    // None of those took the room.
    let mut follower = Follower::open(&server, "", "").await;
    follower.next().await;
    let refused = server.get(C).await;
    assert!(refused.head.contains("retry-after: 10"), "{}", refused.head);
    assert!(refused.error(429).contains("1 others follow"));
    drop(follower);
    // The server notices at the next event.
    let again = async {
        loop {
            write(&server, OWN, &[(1, 1.0)]);
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            let request = format!("GET {C} HTTP/1.0\r\nhost: localhost\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut head = [0; 12];
            stream.read_exact(&mut head).await.unwrap();
            if head.ends_with(b"200") {
                break;
            }
        }
    };
    timeout(IN_VAIN, again).await.unwrap();
}

async fn with_keep_alive(keep_alive: Duration) -> Server {
    let server = Server::start_with(Config { keep_alive, ..Config::default() }).await;
    let new = json!({"vectors": {"size": 2, "distance": "Dot"}});
    server.put("/collections/c", new).await.result();
    server
}

#[tokio::test]
async fn who_hears_nothing_new_hears_that_and_that_the_server_ends() {
    let mut server = with_keep_alive(Duration::from_millis(20)).await;
    let mut follower = Follower::open(&server, "", "").await;
    follower.next().await;
    let mut comments = 0;
    while comments < 3 {
        let line = follower.line().await;
        assert!(line.is_empty() || line.starts_with(':'), "{line}");
        comments += u32::from(!line.is_empty());
    }
    server.stop();
    assert_eq!(follower.next().await, json!({"kind": "end", "reason": "the server is ending"}));
    assert!(follower.is_closed().await);
}

#[tokio::test]
async fn a_websocket_is_asked_whether_it_is_there_and_hears_that_the_server_ends() {
    // Long enough for a client on a busy machine to answer.
    let mut server = with_keep_alive(Duration::from_secs(3)).await;
    let mut socket = websocket(&server, "").await;
    next_text(&mut socket).await;
    let ping = timeout(IN_VAIN, socket.next()).await.unwrap().unwrap().unwrap();
    assert!(ping.is_ping(), "{ping:?}");
    server.stop();
    assert_eq!(next_text(&mut socket).await, json!({"kind": "end", "reason": "the server is ending"}));
    let closed = timeout(IN_VAIN, socket.next()).await.unwrap();
    assert!(matches!(closed, Some(Ok(Message::Close(_)))), "{closed:?}");
}

#[tokio::test]
async fn a_websocket_that_does_not_answer_is_closed() {
    let server = with_keep_alive(Duration::from_millis(20)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET {C}/ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    timeout(IN_VAIN, stream.read_to_end(&mut heard)).await.unwrap().unwrap();
    // The first event, and a ping.
    assert!(heard.starts_with(b"HTTP/1.1 101") && heard.ends_with(b"\x89\0"), "{heard:?}");
}

async fn websocket(server: &Server, query: &str) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(server.address).await.unwrap();
    client_async(format!("ws://localhost{C}/ws{query}"), stream).await.unwrap().0
}

/// The next event over a websocket.
async fn next_text(socket: &mut WebSocketStream<TcpStream>) -> Value {
    loop {
        match timeout(IN_VAIN, socket.next()).await.expect("nothing came").unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_websocket_tells_the_same() {
    let server = Server::with_collection("Dot").await;
    let mut socket = websocket(&server, "").await;
    let begin = next_text(&mut socket).await;
    assert_eq!(begin["kind"], "begin");
    write(&server, OWN, &[(1, 1.0), (2, 1.0)]);
    delete(&server, OWN, 1);
    let events = [next_text(&mut socket).await, next_text(&mut socket).await];
    assert_eq!(said(&events[0]).1, [1, 2]);
    assert_eq!(said(&events[1]).0, "delete");
    let mut follower =
        Follower::open(&server, &format!("?since={}", begin["cursor"].as_str().unwrap()), "").await;
    assert_eq!(
        [follower.next().await, follower.next().await, follower.next().await].as_slice(),
        [&[begin], &events[..]].concat()
    );
    let mut resumed = websocket(&server, &format!("?since={}", events[0]["cursor"].as_str().unwrap())).await;
    assert_eq!(next_text(&mut resumed).await["kind"], "begin");
    assert_eq!(next_text(&mut resumed).await, events[1]);
    // It is for listening.
    resumed.send(Message::text("hello")).await.unwrap();
    let closed = timeout(IN_VAIN, resumed.next()).await.unwrap();
    assert!(matches!(closed, Some(Ok(Message::Close(_)))), "{closed:?}");
    server.delete("/collections/c").await.result();
    assert_eq!(next_text(&mut socket).await["kind"], "end");
}
