//! A server on a free port, and a client.

use rose_forest_api::AgentPubKey;
use rose_forest_http::{Config, Serving, memory::Memory, router, serve_with};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

pub fn author(number: u8) -> AgentPubKey {
    AgentPubKey::from_raw_32(vec![number; 32])
}

/// The author of what the API writes.
pub const OWN: u8 = 1;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Value,
}

impl Answer {
    /// What stands under `result`, of an answer that succeeded.
    #[track_caller]
    pub fn result(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        assert_eq!(self.body["status"], "ok");
        assert!(self.body["time"].is_f64());
        self.body["result"].clone()
    }

    /// What an answer says that failed with this status.
    #[track_caller]
    pub fn error(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        self.body["status"]["error"].as_str().unwrap().to_owned()
    }
}

pub struct Server {
    pub backend: Arc<Memory>,
    pub address: std::net::SocketAddr,
    headers: String,
    stop: Option<oneshot::Sender<()>>,
    _dir: TempDir,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    pub async fn start_with(config: Config) -> Self {
        Self::serving(config, Serving::default()).await
    }

    pub async fn serving(config: Config, serving: Serving) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let backend = Arc::new(Memory::new(dir.path(), author(OWN)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let router = router(backend.clone(), config);
        tokio::spawn(serve_with(listener, router, serving, async { drop(stopped.await) }));
        Self { backend, address, headers: String::new(), stop: Some(stop), _dir: dir }
    }

    /// With a collection `c` of two components.
    pub async fn with_collection(distance: &str) -> Self {
        let server = Self::start().await;
        let vectors = json!({"vectors": {"size": 2, "distance": distance}});
        assert_eq!(server.put("/collections/c", vectors).await.result(), true);
        server
    }

    /// Tells it to end.
    pub fn stop(&mut self) {
        self.stop = None;
    }

    /// Sends these header lines with every request from now on.
    pub fn set_headers(&mut self, lines: &str) {
        self.headers = lines.to_owned();
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, &body.to_string()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &body.to_string()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "").await
    }

    /// What a query of collection `c` finds: ids and scores.
    pub async fn query(&self, request: Value) -> Vec<(Value, f64)> {
        let points = self.post("/collections/c/points/query", request).await.result()["points"].take();
        let pair = |point: &Value| (point["id"].clone(), point["score"].as_f64().unwrap());
        points.as_array().unwrap().iter().map(pair).collect()
    }

    /// The ids that a query of collection `c` finds.
    pub async fn ids(&self, request: Value) -> Vec<Value> {
        self.query(request).await.into_iter().map(|(id, _)| id).collect()
    }

    pub async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let length = body.len();
        let headers = &self.headers;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
        );
        self.raw(&format!("{head}{body}")).await
    }

    /// Sends these bytes and reads until the server closes.
    pub async fn raw(&self, request: &str) -> Answer {
        let text = String::from_utf8(self.bytes(request.as_bytes()).await).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        Answer { status, head: head.to_lowercase(), body }
    }

    /// Sends these bytes, and gives back all that comes until the server closes.
    pub async fn bytes(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that refuses a body may close before it has read it.
        let _ = stream.write_all(request).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        bytes
    }
}
