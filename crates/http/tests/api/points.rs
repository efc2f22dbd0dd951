use crate::server::Server;
use serde_json::{Value, json};

const UUID: &str = "550e8400-e29b-41d4-a716-446655440000";

#[tokio::test]
async fn points_come_back_with_every_kind_of_id_in_the_order_of_the_ids() {
    let server = Server::with_collection("Euclid").await;
    let hex = UUID.replace('-', "").to_uppercase();
    let points = json!({"points": [
        {"id": "any text", "vector": [1, 0]}, {"id": hex, "vector": {"": [2, 0]}},
        {"id": 18446744073709551615u64, "vector": [3, 0]}, {"id": 7, "vector": [4, 0], "payload": {"a": [null, 1]}}]});
    let written = server.put("/collections/c/points?wait=true", points).await.result();
    assert_eq!(written["status"], "completed");
    let ids = [json!(7), json!(u64::MAX), json!(UUID), json!("any text")];
    let page = server.post("/collections/c/points/scroll", json!({"limit": 3})).await.result();
    let seen: Vec<_> = page["points"].as_array().unwrap().iter().map(|point| point["id"].clone()).collect();
    assert_eq!((seen.as_slice(), &page["next_page_offset"]), (&ids[..3], &ids[3]));
    let rest = server.post("/collections/c/points/scroll", json!({"offset": ids[3]})).await.result();
    assert_eq!(rest["points"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next_page_offset"], Value::Null);
    let wanted = json!({"ids": [7, hex, 9], "with_vector": true});
    let found = server.post("/collections/c/points", wanted).await.result();
    assert_eq!(
        found,
        json!([{"id": 7, "payload": {"a": [null, 1]}, "vector": [4.0, 0.0]}, {"id": UUID, "payload": {}, "vector": [2.0, 0.0]}])
    );
    assert_eq!(server.get("/collections/c/points/7").await.result()["vector"], json!([4.0, 0.0]));
    assert_eq!(server.get(&format!("/collections/c/points/{hex}")).await.result()["id"], UUID);
    assert_eq!(server.get("/collections/c/points/any%20text").await.result()["id"], "any text");
    assert!(server.get("/collections/c/points/8").await.error(404).contains('8'));
}

#[tokio::test]
async fn points_in_columns_overwriting_and_deleting() {
    let server = Server::with_collection("Dot").await;
    let batch = json!({"batch": {"ids": [1, 2, 3], "vectors": [[1, 0], [2, 0], [3, 0]],
        "payloads": [{"a": 1}, null, {"a": 3}]}});
    server.put("/collections/c/points", batch).await.result();
    // Of two with one id the last counts; what was there is replaced, its payload too.
    let twice = json!({"points": [{"id": 1, "vector": [8, 0]}, {"id": 1, "vector": [9, 0]}]});
    server.put("/collections/c/points", twice).await.result();
    assert_eq!(
        server.query(json!({"query": [1, 0]})).await,
        [(json!(1), 9.0), (json!(3), 3.0), (json!(2), 2.0)]
    );
    let payload =
        server.post("/collections/c/points", json!({"ids": [1]})).await.result()[0]["payload"].take();
    assert_eq!(payload, json!({}));
    server.post("/collections/c/points/delete", json!({"points": [1, 99]})).await.result();
    let by_filter = json!({"filter": {"must": {"key": "a", "match": {"value": 3}}}});
    let gone = server.post("/collections/c/points/delete", by_filter).await.result();
    assert_eq!(gone.get("skipped"), None);
    assert_eq!(server.ids(json!({"query": [1, 0]})).await, [json!(2)]);
    let wrong = json!({"batch": {"ids": [1, 2], "vectors": [[1, 0]]}});
    assert!(server.put("/collections/c/points", wrong).await.error(400).contains("expected 2 vectors"));
}

#[tokio::test]
async fn modes_and_filters_of_an_upsert() {
    let server = Server::with_collection("Dot").await;
    let point = |id: u64, x: u64| json!({"id": id, "vector": [x, 0], "payload": {"x": x}});
    server.put("/collections/c/points", json!({"points": [point(1, 1), point(2, 2)]})).await.result();
    let write = async |mode: &str, filter: Value, x: u64| {
        let points =
            json!({"points": [point(1, x), point(3, x)], "update_mode": mode, "update_filter": filter});
        server.put("/collections/c/points", points).await.result();
        let mut found = server.query(json!({"query": [1, 0]})).await;
        found.sort_by_key(|(id, _)| id.as_u64());
        found.into_iter().map(|(_, score)| score as u64).collect::<Vec<_>>()
    };
    assert_eq!(write("update_only", Value::Null, 5).await, [5, 2]);
    assert_eq!(write("insert_only", Value::Null, 6).await, [5, 2, 6]);
    let never = json!({"must": {"key": "x", "match": {"value": 0}}});
    assert_eq!(write("upsert", never, 7).await, [5, 2, 6]);
    let fives = json!({"must": {"key": "x", "match": {"value": 5}}});
    assert_eq!(write("upsert", fives, 8).await, [8, 2, 6]);
}

#[tokio::test]
async fn a_batch_of_operations_runs_in_its_order() {
    let server = Server::with_collection("Dot").await;
    let operations = json!({"operations": [
        {"upsert": {"points": [{"id": 1, "vector": [1, 0]}, {"id": 2, "vector": [2, 0]}]}},
        {"set_payload": {"payload": {"a": 1, "b": 2}, "points": [1, 2]}},
        {"delete_payload": {"keys": ["b"], "points": [1]}},
        {"overwrite_payload": {"payload": {"c": 3}, "points": [2]}},
        {"update_vectors": {"points": [{"id": 1, "vector": [5, 0]}]}},
        {"clear_payload": {"points": [2]}},
        {"delete": {"points": [2]}},
    ]});
    let written = server.post("/collections/c/points/batch", operations).await.result();
    assert_eq!(written.as_array().unwrap().len(), 7);
    let all = server.post("/collections/c/points/scroll", json!({"with_vector": true})).await.result();
    assert_eq!(all["points"], json!([{"id": 1, "payload": {"a": 1}, "vector": [5.0, 0.0]}]));
    // One that cannot be read, and nothing is done.
    let wrong = json!({"operations": [{"delete": {"points": [1]}}, {"delete_vectors": {"vector": [""], "points": [1]}}]});
    assert!(server.post("/collections/c/points/batch", wrong).await.error(400).contains("deleting vectors"));
    assert_eq!(server.post("/collections/c/points/count", json!({})).await.result()["count"], 1);
}
