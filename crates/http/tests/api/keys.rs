use crate::server::Server;
use rose_forest_http::{Config, Keys};
use serde_json::json;

#[tokio::test]
async fn a_key_is_needed_where_there_are_any_and_a_reading_key_does_not_write() {
    let keys = Keys::default().with_full("all").with_read_only("see");
    let mut server = Server::start_with(Config { keys, ..Config::default() }).await;
    let new = json!({"vectors": {"size": 2, "distance": "Dot"}});
    server.get("/collections").await.error(401);
    server.put("/collections/c", new.clone()).await.error(401);
    assert_eq!(server.get("/").await.status, 200);
    server.set_headers("api-key: wrong\r\n");
    server.get("/collections").await.error(401);
    server.set_headers("api-key: see\r\n");
    server.get("/collections").await.result();
    server.put("/collections/c", new.clone()).await.error(403);
    server.set_headers("authorization: Bearer all\r\n");
    server.put("/collections/c", new).await.result();
    server.set_headers("authorization: Bearer see\r\n");
    server.post("/collections/c/points/count", json!({})).await.result();
    for (method, path) in [
        ("DELETE", "/collections/c"),
        ("PATCH", "/collections/c"),
        ("PUT", "/collections/c/points"),
        ("POST", "/collections/c/points/delete"),
        ("POST", "/collections/c/points/batch"),
        ("POST", "/collections/c/points/payload"),
        ("PUT", "/collections/c/points/payload"),
        ("POST", "/collections/c/points/payload/delete"),
        ("POST", "/collections/c/points/payload/clear"),
        ("PUT", "/collections/c/points/vectors"),
        ("POST", "/collections/c/points/vectors/delete"),
        ("PUT", "/collections/c/index"),
        ("DELETE", "/collections/c/index/a"),
    ] {
        server.send(method, path, "{}").await.error(403);
    }
}

#[tokio::test]
async fn a_node_without_a_key_answers_no_other_name_and_no_other_page() {
    let server = Server::with_collection("Dot").await;
    let send = async |method: &str, path: &str, lines: &str| {
        let body = "{}";
        let head =
            format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: 2\r\n{lines}\r\n");
        server.raw(&format!("{head}{body}")).await
    };
    for (method, path) in
        [("GET", "/"), ("GET", "/collections"), ("DELETE", "/collections/c"), ("GET", "/no/such/path")]
    {
        let foreign = send(method, path, "host: evil.example:6333\r\n").await;
        assert!(foreign.error(403).contains("evil.example:6333"));
        let page = send(method, path, "host: localhost\r\norigin: https://evil.example\r\n").await;
        assert!(page.error(403).contains("https://evil.example"));
    }
    for lines in ["host: 127.0.0.1:1\r\n", "host: [::1]\r\norigin: http://[::1]\r\n"] {
        send("GET", "/collections/c", lines).await.result();
    }
    let keys = Keys::default().with_full("all");
    let mut server = Server::start_with(Config { keys, ..Config::default() }).await;
    // Its name is its own affair: nobody gets in without the key.
    server.set_headers("api-key: all\r\norigin: https://app.example\r\n");
    let answer = server.get("/collections").await;
    assert!(!answer.head.contains("access-control"), "{}", answer.head);
    answer.result();
}

#[tokio::test]
async fn browsers_are_told_that_no_other_origin_may_ask() {
    let keys = Keys::default().with_full("all");
    let mut server = Server::start_with(Config { keys, ..Config::default() }).await;
    server.set_headers(
        "origin: https://app.example\r\naccess-control-request-method: PUT\r\n\
         access-control-request-headers: api-key\r\n",
    );
    for path in ["/collections", "/collections/c", "/", "/metrics"] {
        let answer = server.send("OPTIONS", path, "").await;
        for header in [
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(answer.head.contains(header), "{}", answer.head);
        }
        assert!(!answer.head.contains("access-control"), "{}", answer.head);
        answer.error(405);
    }
}
