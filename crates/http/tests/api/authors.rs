//! Several authors: what one may do with the points of another.

use crate::server::{OWN, Server, author};
use rose_forest_api::PointId;
use rose_forest_http::backend::{NewPoint, Write};
use serde_json::{Map, Value, json};

/// Points that another author wrote.
fn others(points: &[(u64, f32)]) -> Write {
    let point = |(id, x): &(u64, f32)| NewPoint {
        id: PointId::Int(*id),
        vector: vec![*x, 0.0],
        payload: Map::from_iter([("by".to_owned(), Value::from("other"))]),
    };
    let mode = rose_forest_http::backend::Mode::Upsert;
    Write::Upsert { points: points.iter().map(point).collect(), mode, only: None }
}

async fn server() -> Server {
    let server = Server::with_collection("Dot").await;
    let own = json!({"points": [{"id": 1, "vector": [1, 0], "payload": {"by": "own"}}, {"id": 2, "vector": [2, 0]}]});
    server.put("/collections/c/points", own).await.result();
    server.backend.write_as(&author(7), "c", &others(&[(1, 100.0), (3, 3.0), (4, 4.0)])).unwrap();
    server.backend.write_as(&author(5), "c", &others(&[(3, 30.0)])).unwrap();
    server
}

#[tokio::test]
async fn an_id_means_the_own_point_else_the_newest_everywhere() {
    let server = server().await;
    let expected = [(json!(3), 30.0), (json!(4), 4.0), (json!(2), 2.0), (json!(1), 1.0)];
    assert_eq!(server.query(json!({"query": [1, 0]})).await, expected);
    assert_eq!(server.post("/collections/c/points/count", json!({})).await.result()["count"], 4);
    assert_eq!(server.get("/collections/c").await.result()["points_count"], 4);
    let page = server.post("/collections/c/points/scroll", json!({"with_vector": true})).await.result();
    let first: Vec<_> =
        page["points"].as_array().unwrap().iter().map(|point| point["vector"][0].clone()).collect();
    assert_eq!(first, [1.0, 2.0, 30.0, 4.0]);
    // A filter sees what the id means: not the other's point 1.
    let by_other = json!({"filter": {"must": {"key": "by", "match": {"value": "other"}}}});
    assert_eq!(server.post("/collections/c/points/count", by_other).await.result()["count"], 2);
    let facet = server.post("/collections/c/facet", json!({"key": "by"})).await.result();
    assert_eq!(facet["hits"], json!([{"value": "other", "count": 2}, {"value": "own", "count": 1}]));
    // Once the own point is deleted, the id means the other's.
    server.post("/collections/c/points/delete", json!({"points": [1]})).await.result();
    assert_eq!(server.query(json!({"query": [1, 0], "limit": 1})).await, [(json!(1), 100.0)]);
}

#[tokio::test]
async fn who_wrote_a_point_is_told_on_request() {
    let server = server().await;
    let found = server.post("/collections/c/points?provenance=true", json!({"ids": [3, 1]})).await.result();
    assert_eq!(found[0]["provenance"]["author"], author(5).to_string());
    assert_eq!(found[1]["provenance"]["author"], author(OWN).to_string());
    assert_eq!(found[1]["provenance"]["confirmed"], true);
    let plain = server.post("/collections/c/points", json!({"ids": [3]})).await.result();
    assert_eq!(plain[0].get("provenance"), None);
}

#[tokio::test]
async fn points_of_others_cannot_be_changed_and_filters_skip_them() {
    let server = server().await;
    for (path, body) in [
        ("points/delete", json!({"points": [2, 4]})),
        ("points/payload", json!({"payload": {"x": 1}, "points": [2, 4]})),
        ("points/payload/clear", json!({"points": [4]})),
    ] {
        let refused = server.post(&format!("/collections/c/{path}"), body).await.error(403);
        assert!(refused.contains(&author(7).to_string()) && refused.contains("point 4"), "{refused}");
    }
    let vectors = json!({"points": [{"id": 4, "vector": [0, 0]}]});
    server.put("/collections/c/points/vectors", vectors).await.error(403);
    let all = json!({"payload": {"seen": true}, "filter": {}});
    let set = server.post("/collections/c/points/payload", all).await.result();
    assert_eq!(set["skipped"], 2);
    let seen = json!({"filter": {"must": {"key": "seen", "match": {"value": true}}}});
    assert_eq!(server.post("/collections/c/points/count", seen).await.result()["count"], 2);
    assert_eq!(
        server.post("/collections/c/points/delete", json!({"filter": {}})).await.result()["skipped"],
        2
    );
    // Deleted were the own two; 1 means the other's now.
    assert_eq!(server.ids(json!({"query": [1, 0]})).await, [json!(1), json!(3), json!(4)]);
    // Writing an id that another has makes an own point of it.
    server.put("/collections/c/points", json!({"points": [{"id": 4, "vector": [44, 0]}]})).await.result();
    assert_eq!(
        server.query(json!({"query": [1, 0], "limit": 2})).await,
        [(json!(1), 100.0), (json!(4), 44.0)]
    );
}
