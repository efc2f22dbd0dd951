//! Two that follow a collection, over a socket each: by server-sent events, and over a websocket of as much as it takes here.

use crate::run::Serving;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Longer than anything here takes: who waits for longer waits in vain.
const IN_VAIN: Duration = Duration::from_secs(60);
/// The sixteen bytes that a websocket begins with, in base64.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

/// One that follows; dropped, it is gone.
pub trait Follow {
    /// The next event. Panics where none comes.
    fn next(&mut self) -> Value;

    /// Whether nothing comes any more.
    fn is_closed(&mut self) -> bool;

    /// So many events.
    fn take(&mut self, count: usize) -> Vec<Value> {
        (0..count).map(|_| self.next()).collect()
    }
}

/// Connects, asks, and reads the status; what comes after the head is left to be read.
fn ask(serving: &Serving, path: &str, version: &str, headers: &str, status: &str) -> BufReader<TcpStream> {
    let address = serving.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(IN_VAIN)).unwrap();
    let request = format!("GET {path} {version}\r\nhost: {address}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream);
    let first = line(&mut lines);
    assert!(first.contains(status), "{first}");
    while !line(&mut lines).is_empty() {}
    lines
}

fn line(lines: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    assert!(lines.read_line(&mut line).unwrap() > 0, "the server closed");
    line.trim_end().to_owned()
}

/// By server-sent events.
pub struct ServerSent(BufReader<TcpStream>);

impl ServerSent {
    /// Follows from a cursor on, sent as a browser sends it that comes back; without one from now on.
    pub fn open(serving: &Serving, path: &str, cursor: Option<&str>) -> Self {
        let header = cursor.map(|cursor| format!("Last-Event-ID: {cursor}\r\n")).unwrap_or_default();
        // Of a server of HTTP/1.0 the answer comes as it is, without the sizes of its chunks.
        Self(ask(serving, path, "HTTP/1.0", &header, " 200 "))
    }
}

impl Follow for ServerSent {
    fn next(&mut self) -> Value {
        loop {
            // Comments say that there is nothing new; ids are the cursors that the events have.
            if let Some(event) = line(&mut self.0).strip_prefix("data: ") {
                return serde_json::from_str(event).unwrap();
            }
        }
    }

    fn is_closed(&mut self) -> bool {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).is_ok() && rest.trim().is_empty()
    }
}

/// Over a websocket.
pub struct Socket(BufReader<TcpStream>);

impl Socket {
    /// Follows from a cursor on; without one from now on.
    pub fn open(serving: &Serving, path: &str, cursor: Option<&str>) -> Self {
        let query = cursor.map(|cursor| format!("?since={cursor}")).unwrap_or_default();
        let headers = format!(
            "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n"
        );
        Self(ask(serving, &format!("{path}/ws{query}"), "HTTP/1.1", &headers, " 101 "))
    }

    /// The next frame: what kind it is, and what is in it (RFC 6455, 5.2). A server sends whole messages here, not masked.
    fn frame(&mut self) -> (u8, Vec<u8>) {
        let [kind, length] = self.bytes();
        let length = match length {
            126 => u16::from_be_bytes(self.bytes()).into(),
            127 => u64::from_be_bytes(self.bytes()),
            short => short.into(),
        };
        let mut content = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut content).unwrap();
        (kind, content)
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }
}

/// Kinds of frames, each the last of its message.
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
/// The answer to a ping with nothing in it, masked with zeros.
const PONG: [u8; 6] = [0x8A, 0x80, 0, 0, 0, 0];

impl Follow for Socket {
    fn next(&mut self) -> Value {
        loop {
            match self.frame() {
                (TEXT, text) => return serde_json::from_slice(&text).unwrap(),
                (PING, nothing) if nothing.is_empty() => self.0.get_mut().write_all(&PONG).unwrap(),
                other => panic!("{other:?}"),
            }
        }
    }

    fn is_closed(&mut self) -> bool {
        self.frame().0 == CLOSE
    }
}
