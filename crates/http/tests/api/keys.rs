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
