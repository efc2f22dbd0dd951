//! What is refused, and with which words.

use crate::server::Server;
use rose_forest_http::Config;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn what_is_not_supported_or_wrong_is_refused_with_a_reason() {
    let server = Server::with_collection("Cosine").await;
    let point = |vector: Value| json!({"points": [{"id": 1, "vector": vector}]});
    for (body, reason) in [
        (point(json!({"indices": [1], "values": [1.0]})), "sparse"),
        (point(json!([[1, 2], [3, 4]])), "multivectors"),
        (point(json!({"a": [1, 2], "b": [3, 4]})), "several named"),
        (point(json!([1, 2, 3])), "expected a vector of 2 components, received 3"),
        (point(json!([0, 0])), "zero vector"),
        (point(json!([1e39, 0])), "finite"),
        (json!({"points": [{"id": -1, "vector": [1, 2]}]}), "unsigned integer"),
        (json!({"points": [{"id": "", "vector": [1, 2]}]}), "id"),
        (json!({"points": []}), "Empty"),
        (json!({}), "points or batch"),
    ] {
        let refused = server.put("/collections/c/points", body.clone()).await.error(400);
        assert!(refused.contains(reason), "{body}: {refused}");
    }
    for (body, reason) in [
        (json!({"query": [1, 2], "limit": 0}), "at least 1"),
        (json!({"query": [1, 2], "limit": 10001}), "at most 10000 points"),
        (json!({"query": [1, 2], "offset": 10000}), "at most 10000 points"),
        (json!({"query": [1, 2], "filter": {"must": [{"near": 1}]}}), "near"),
        (
            json!({"query": [1, 2], "filter": {"must_not": {"min_should": {"min_count": 0, "conditions": []}}}}),
            "min_count",
        ),
        (json!({"query": [1, 2], "using": "other"}), "vector name"),
        (json!({"query": {"discover": {}}}), "discover"),
        (json!({"query": [1]}), "expected a vector of 2"),
        (
            json!({"query": [1, 2], "filter": {"must": vec![json!({"has_id": [1]}); 1025]}}),
            "at most 1024 conditions",
        ),
        (
            json!({"prefetch": vec![json!({"query": [1, 2]}); 65], "query": {"fusion": "rrf"}}),
            "at most 64 prefetches",
        ),
    ] {
        let refused = server.post("/collections/c/points/query", body.clone()).await.error(400);
        assert!(refused.contains(reason), "{body}: {refused}");
    }
    for (body, reason) in [
        (json!({"points": [-1]}), "unsigned integer"),
        (json!([1.5]), "unsigned integer"),
        (json!({"filter": {"must": [{"near": 1}]}}), "near"),
        (json!({}), "points or a filter"),
        (json!({"points": vec![1; 10_001]}), "at most 10000 ids"),
    ] {
        let refused = server.post("/collections/c/points/delete", body.clone()).await.error(400);
        assert!(refused.contains(reason), "{refused}");
    }
    for (query, reason) in [
        ("consistency=0", "consistency"),
        ("consistency=most", "majority"),
        ("timeout=0", "timeout"),
        ("timeout=1&timeout=2", "once"),
    ] {
        let path = format!("/collections/c/points/count?{query}");
        let refused = server.post(&path, json!({})).await.error(400);
        assert!(refused.contains(reason), "{query}: {refused}");
    }
    for query in ["wait=maybe", "ordering=total"] {
        let path = format!("/collections/c/points?{query}");
        server.put(&path, point(json!([1, 2]))).await.error(400);
    }
    for query in ["wait=true&ordering=strong&timeout=5", "wait=false&ordering=weak"] {
        server.put(&format!("/collections/c/points?{query}"), point(json!([1, 2]))).await.result();
    }
    for consistency in ["1", "3", "majority", "quorum", "all"] {
        let path = format!("/collections/c/points/count?consistency={consistency}");
        assert_eq!(server.post(&path, json!({})).await.result()["count"], 1);
    }
}

#[tokio::test]
async fn what_is_no_request_has_the_envelope_of_errors_too() {
    let server = Server::with_collection("Dot").await;
    assert!(
        server
            .send("POST", "/collections/c/points/query", "{\"query\": [1,")
            .await
            .error(400)
            .contains("JSON")
    );
    assert!(server.send("POST", "/collections/c/points/query", "[]").await.error(400).contains("JSON"));
    let deep = format!("{{\"filter\": {}1{}}}", "{\"must\": [".repeat(200), "]}".repeat(200));
    server.send("POST", "/collections/c/points/query", &deep).await.error(400);
    assert!(server.get("/nowhere").await.error(404).contains("/nowhere"));
    for path in ["/collections/%ff", "/collections/c/points/%ff"] {
        assert!(server.get(path).await.error(400).contains("UTF-8"));
    }
    assert!(server.send("DELETE", "/collections", "").await.error(405).contains("method"));
    for path in ["points/query", "points/scroll", "points/count", "facet"] {
        let body = json!({"key": "a"});
        assert!(server.post(&format!("/collections/x/{path}"), body).await.error(404).contains("`x`"));
    }
    assert_eq!(server.get("/").await.body["version"], "1.20.0");
    for path in ["/healthz", "/livez", "/readyz"] {
        assert_eq!(server.get(path).await.status, 200);
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_whether_it_says_its_length_or_not() {
    let server = Server::start_with(Config { max_body_bytes: 1000, ..Config::default() }).await;
    server.put("/collections/c", json!({"vectors": {"size": 2, "distance": "Dot"}})).await.result();
    let text = "x".repeat(2000);
    assert!(
        server
            .post("/collections/c/points/count", json!({"a": text}))
            .await
            .error(413)
            .contains("1000 bytes")
    );
    let head = "POST /collections/c/points/count HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n7d0\r\n{text}\r\n0\r\n\r\n");
    server.raw(&chunked).await.error(413);
}

#[tokio::test]
async fn more_requests_at_once_than_there_is_room_for_are_told_to_come_again() {
    let server = Server::start_with(Config {
        max_in_flight: 0,
        max_wait: Duration::from_millis(1),
        ..Config::default()
    })
    .await;
    let refused = server.get("/collections").await;
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    refused.error(429);
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn json_that_nests_too_deep_is_refused_and_not_followed() {
    let server = Server::with_collection("Dot").await;
    for depth in [130, 100_000] {
        let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let filter = format!("{{\"filter\":{}}}", nested("{\"must\":", "}"));
        for (path, body) in [
            ("query", nested("{\"prefetch\":", "}")),
            ("scroll", filter.clone()),
            ("delete", filter.clone()),
            ("batch", format!("{{\"operations\":[{{\"delete\":{filter}}}]}}")),
        ] {
            let refused = server.send("POST", &format!("/collections/c/points/{path}"), &body).await;
            let refused = refused.error(400);
            assert!(refused.contains("recursion limit"), "{path}: {refused}");
        }
        // A list within a vector ends the reading.
        let query = format!("{{\"query\":{}}}", nested("[", "]"));
        let refused = server.send("POST", "/collections/c/points/query", &query).await.error(400);
        assert!(refused.contains("multivectors"), "{refused}");
    }
}
