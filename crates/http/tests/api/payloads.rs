use crate::server::Server;
use serde_json::{Value, json};

async fn payload(server: &Server, id: u64) -> Value {
    server.post("/collections/c/points", json!({"ids": [id]})).await.result()[0]["payload"].take()
}

#[tokio::test]
async fn payloads_are_changed_by_path_id_and_filter() {
    let server = Server::with_collection("Dot").await;
    let points = json!({"points": [
        {"id": 1, "vector": [1, 0], "payload": {"a": {"b": 1}, "n": 1}},
        {"id": 2, "vector": [2, 0], "payload": {"n": 2}}]});
    server.put("/collections/c/points", points).await.result();
    let set = json!({"payload": {"x": 1, "n": null}, "points": [1]});
    server.post("/collections/c/points/payload?wait=true", set).await.result();
    assert_eq!(payload(&server, 1).await, json!({"a": {"b": 1}, "x": 1}));
    let deep =
        json!({"payload": {"c": 2}, "key": "a.d", "filter": {"must": {"key": "x", "match": {"value": 1}}}});
    server.post("/collections/c/points/payload", deep).await.result();
    assert_eq!(payload(&server, 1).await, json!({"a": {"b": 1, "d": {"c": 2}}, "x": 1}));
    let keys = json!({"keys": ["a.b", "x"], "points": [1]});
    server.post("/collections/c/points/payload/delete", keys).await.result();
    assert_eq!(payload(&server, 1).await, json!({"a": {"d": {"c": 2}}}));
    server.put("/collections/c/points/payload", json!({"payload": {"y": 1}, "points": [1]})).await.result();
    assert_eq!(payload(&server, 1).await, json!({"y": 1}));
    server.post("/collections/c/points/payload/clear", json!({"points": [1]})).await.result();
    assert_eq!((payload(&server, 1).await, payload(&server, 2).await), (json!({}), json!({"n": 2})));
    // The vector is as it was.
    assert_eq!(server.query(json!({"query": [1, 0]})).await, [(json!(2), 2.0), (json!(1), 1.0)]);
    // One that is not there is told of, once the others have been changed.
    let absent = json!({"payload": {"z": 1}, "points": [9, 2]});
    assert!(server.post("/collections/c/points/payload", absent).await.error(404).contains('9'));
    assert_eq!(payload(&server, 2).await, json!({"n": 2, "z": 1}));
    for nobody in [json!({"payload": {}}), json!({"payload": {}, "points": []})] {
        server.post("/collections/c/points/payload", nobody).await.error(400);
    }
}

#[tokio::test]
async fn parts_of_payloads_are_shown() {
    let server = Server::with_collection("Dot").await;
    let points = json!({"points": [{"id": 1, "vector": [1, 0], "payload": {"a": {"b": 1, "c": 2}, "d": 3}}]});
    server.put("/collections/c/points", points).await.result();
    for (with, expected) in [
        (json!(true), json!({"a": {"b": 1, "c": 2}, "d": 3})),
        (json!(["a.b"]), json!({"a": {"b": 1}})),
        (json!({"include": ["d"]}), json!({"d": 3})),
        (json!({"exclude": ["a.b", "d"]}), json!({"a": {"c": 2}})),
        (json!([]), json!({})),
        (json!(false), Value::Null),
    ] {
        let request = json!({"query": [1, 0], "with_payload": with});
        let found = server.post("/collections/c/points/query", request).await.result();
        assert_eq!(found["points"][0]["payload"], expected, "{with}");
    }
    let wrong = json!({"query": [1, 0], "with_payload": "a"});
    assert!(server.post("/collections/c/points/query", wrong).await.error(400).contains("with_payload"));
}
