use crate::server::Server;
use serde_json::json;

#[tokio::test]
async fn a_collection_is_made_described_and_left() {
    let server = Server::with_collection("Cosine").await;
    assert_eq!(server.get("/collections").await.result(), json!({"collections": [{"name": "c"}]}));
    assert_eq!(server.get("/collections/c/exists").await.result(), json!({"exists": true}));
    assert_eq!(server.get("/collections/d/exists").await.result(), json!({"exists": false}));
    let info = server.get("/collections/c").await.result();
    assert_eq!(info["config"]["params"]["vectors"]["size"], 2);
    assert_eq!(info["config"]["params"]["vectors"]["distance"], "Cosine");
    assert_eq!((&info["status"], &info["points_count"]), (&json!("green"), &json!(0)));
    let again = server.put("/collections/c", json!({"vectors": {"size": 3, "distance": "Dot"}})).await;
    assert!(again.error(409).contains("already exists"));
    assert_eq!(server.send("PATCH", "/collections/c", "{}").await.result(), true);
    assert!(server.send("PATCH", "/collections/d", "{}").await.error(404).contains("`d`"));
    assert_eq!(server.delete("/collections/c").await.result(), true);
    assert_eq!(server.delete("/collections/c").await.result(), false);
    assert!(server.get("/collections/c").await.error(404).contains("doesn't exist"));
}

#[tokio::test]
async fn one_vector_may_have_a_name_and_a_collection_that_is_made_again_is_empty() {
    let server = Server::start().await;
    let named = json!({"vectors": {"text": {"size": 2, "distance": "Dot"}}});
    for _ in 0..2 {
        server.put("/collections/c", named.clone()).await.result();
        assert_eq!(server.post("/collections/c/points/count", json!({})).await.result()["count"], 0);
        let points = json!({"points": [{"id": 1, "vector": {"text": [1, 2]}}]});
        server.put("/collections/c/points", points).await.result();
        let found = server
            .post(
                "/collections/c/points/query",
                json!({"query": [1, 0], "using": "text", "with_vector": true}),
            )
            .await
            .result();
        assert_eq!(found["points"][0]["vector"], json!({"text": [1.0, 2.0]}));
        let unnamed = server.post("/collections/c/points/query", json!({"query": [1, 0]})).await;
        assert!(unnamed.error(400).contains("vector name"));
        let has = |name: &str| json!({"filter": {"must": {"has_vector": name}}});
        assert_eq!(server.post("/collections/c/points/count", has("text")).await.result()["count"], 1);
        assert_eq!(server.post("/collections/c/points/count", has("")).await.result()["count"], 0);
        server.delete("/collections/c").await.result();
    }
}

#[tokio::test]
async fn fields_are_indexed_and_the_collection_says_so() {
    let server = Server::with_collection("Dot").await;
    let points = json!({"points": [
        {"id": 1, "vector": [1, 0], "payload": {"a": "x"}}, {"id": 2, "vector": [0, 1], "payload": {"a": "y"}},
        {"id": 3, "vector": [1, 1]}]});
    server.put("/collections/c/points?wait=true", points).await.result();
    let index = |kind: &str| json!({"field_name": "a", "field_schema": {"type": kind, "is_tenant": true}});
    assert_eq!(
        server.put("/collections/c/index?wait=true", index("keyword")).await.result()["status"],
        "completed"
    );
    let schema = server.get("/collections/c").await.result()["payload_schema"].take();
    assert_eq!(schema, json!({"a": {"data_type": "keyword", "points": 2}}));
    assert!(
        server.put("/collections/c/index", index("integer")).await.error(400).contains("delete that one")
    );
    assert!(server.put("/collections/c/index", index("colour")).await.error(400).contains("keyword"));
    let facet = server.post("/collections/c/facet", json!({"key": "a"})).await.result();
    assert_eq!(facet, json!({"hits": [{"value": "x", "count": 1}, {"value": "y", "count": 1}]}));
    server.delete("/collections/c/index/a").await.result();
    assert_eq!(server.get("/collections/c").await.result()["payload_schema"], json!({}));
}
