//! What whoever runs a node sees of it: numbers, readiness, ids and lines in the log.

use crate::server::{Answer, Server};
use rose_forest_http::{Config, Keys};
use serde_json::json;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn metrics_have_the_backends_numbers_and_those_of_requests() {
    let server = Server::with_collection("Dot").await;
    let points = json!({"points": [{"id": 1, "vector": [1, 0]}, {"id": 2, "vector": [1, 0]}]});
    server.put("/collections/c/points", points).await.result();
    server.get("/collections/none").await.error(404);
    for path in ["/a", "/b", "/collections/c/points/1/more"] {
        server.get(path).await.error(404);
    }
    server.send("BREW", "/collections", "").await.error(405);
    let answer = server.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(header(&answer, "content-type").unwrap().starts_with("application/openmetrics-text"));
    let page = answer.body.as_str().unwrap();
    assert!(page.ends_with("# EOF\n") && page.matches("# EOF").count() == 1, "{page}");
    for line in [
        "rose_forest_index_rows{collection=\"c\",place=\"memory\"} 2",
        "rose_forest_http_requests_total{method=\"PUT\",route=\"/collections/{name}\",status=\"200\"} 1",
        "rose_forest_http_requests_total{method=\"PUT\",route=\"/collections/{name}/points\",status=\"200\"} 1",
        "rose_forest_http_requests_total{method=\"GET\",route=\"/collections/{name}\",status=\"404\"} 1",
        "rose_forest_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 3",
        "rose_forest_http_requests_total{method=\"other\",route=\"none\",status=\"405\"} 1",
        "rose_forest_http_request_seconds_count{method=\"PUT\",route=\"/collections/{name}/points\"} 1",
        "rose_forest_http_requests_in_flight 1",
    ] {
        assert!(page.lines().any(|said| said == line), "{line} in {page}");
    }
}

#[tokio::test]
async fn metrics_and_telemetry_need_a_key_where_there_are_any_and_are_shown_to_a_busy_nodes_keeper() {
    let keys = Keys::default().with_full("all").with_read_only("see");
    let mut server = Server::start_with(Config {
        keys,
        max_in_flight: 0,
        max_wait: Duration::from_millis(1),
        ..Config::default()
    })
    .await;
    for path in ["/metrics", "/telemetry"] {
        server.get(path).await.error(if path == "/metrics" { 401 } else { 429 });
    }
    server.set_headers("api-key: see\r\n");
    assert_eq!(server.get("/metrics").await.status, 200);
}

#[tokio::test]
async fn telemetry_has_what_clients_insist_on() {
    let server = Server::with_collection("Dot").await;
    let first = server.get("/telemetry").await.result();
    assert_eq!(first["collections"]["number_of_collections"], 1);
    assert_eq!((&first["app"]["name"], &first["app"]["version"]), (&json!("rose-forest"), &json!("1.20.0")));
    assert!(first["app"]["startup"].as_str().unwrap().ends_with('Z'));
    assert_eq!(first["requests"]["rest"], json!({"responses": {}}));
    assert_eq!(first["id"], server.get("/telemetry").await.result()["id"]);
    assert_ne!(first["id"], Server::start().await.get("/telemetry").await.result()["id"]);
}

#[tokio::test]
async fn a_node_says_whether_it_is_ready() {
    let server = Server::start().await;
    assert_eq!(server.get("/readyz").await.status, 200);
    server.backend.set_ready(false);
    assert_eq!(server.get("/readyz").await.status, 503);
    assert_eq!(server.get("/livez").await.status, 200);
}

#[tokio::test]
async fn every_answer_has_an_id_the_clients_own_if_it_is_sane() {
    let mut server = Server::start().await;
    for path in ["/collections", "/healthz", "/none"] {
        let (a, b) = (server.get(path).await, server.get(path).await);
        assert_eq!(header(&a, "x-request-id").unwrap().len(), 36);
        assert_ne!(header(&a, "x-request-id"), header(&b, "x-request-id"));
    }
    server.set_headers("x-request-id: my-id.7\r\n");
    assert_eq!(header(&server.get("/collections").await, "x-request-id"), Some("my-id.7"));
    server.set_headers("x-request-id: a\tb{}\r\n");
    assert_eq!(header(&server.get("/collections").await, "x-request-id").unwrap().len(), 36);
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_has_a_line_for_each_request_and_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let keys = Keys::default().with_full("topsecret").with_read_only("alsosecret");
    // Of a single subscriber tracing remembers for all threads what it wants to hear on the thread that asks first. Of two it
    // asks both.
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    // This runtime runs on this thread alone.
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut server = Server::start_with(Config { keys, ..Config::default() }).await;
    server.set_headers("api-key: topsecret\r\nx-request-id: id-1\r\n");
    server.put("/collections/c", json!({"vectors": {"size": 2, "distance": "Dot"}})).await.result();
    let points = json!({"points": [{"id": 1, "vector": [1, 0], "payload": {"name": "privatepayload"}}]});
    server.put("/collections/c/points?wait=true&api_key=querysecret", points).await.result();
    server.set_headers("authorization: Bearer alsosecret\r\nx-request-id: id-2\r\n");
    server.delete("/collections/c").await.error(403);
    server.set_headers("api-key: wrongsecret\r\nx-request-id: id-3\r\n");
    server.get("/collections").await.error(401);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("answered")).collect();
    assert_eq!(lines.len(), 4, "{text}");
    for (line, words) in lines.iter().zip([
        ["id=\"id-1\"", "method=PUT", "path=\"/collections/c\"", "status=200"],
        ["id=\"id-1\"", "method=PUT", "path=\"/collections/c/points\"", "status=200"],
        ["id=\"id-2\"", "method=DELETE", "path=\"/collections/c\"", "status=403"],
        ["id=\"id-3\"", "method=GET", "path=\"/collections\"", "status=401"],
    ]) {
        for word in words.into_iter().chain(["milliseconds=", "peer=127.0.0.1:"]) {
            assert!(line.contains(word), "{word} in {line}");
        }
    }
    for secret in ["secret", "privatepayload"] {
        assert!(!text.contains(secret), "{text}");
    }
}
