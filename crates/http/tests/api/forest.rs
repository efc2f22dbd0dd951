//! What there is beyond Qdrant: everybody's points, who wrote what, who takes part.

use crate::server::{OWN, Server, author};
use rose_forest_api::PointId;
use rose_forest_http::{
    Config, Keys,
    backend::{Mode, NewPoint, Selector, Write},
};
use serde_json::{Map, Value, json};

/// Points to write, by id and first component.
pub fn points(points: &[(u64, f32)]) -> Write {
    let point = |(id, x): &(u64, f32)| NewPoint {
        id: PointId::Int(*id),
        vector: vec![*x, 0.0],
        payload: Map::from_iter([("x".to_owned(), Value::from(*x))]),
    };
    Write::Upsert { points: points.iter().map(point).collect(), mode: Mode::Upsert, only: None }
}

/// Three authors: 1 has the points 1 and 2, 5 has 3, and 7 has 1, 3 and 4.
async fn server() -> Server {
    let server = Server::with_collection("Dot").await;
    for (by, of) in
        [(OWN, [(1, 1.0), (2, 2.0)].as_slice()), (7, &[(1, 100.0), (3, 3.0), (4, 4.0)]), (5, &[(3, 30.0)])]
    {
        server.backend.write_as(&author(by), "c", &points(of)).unwrap();
    }
    server
}

/// Whose points these are, and their ids.
fn who(points: &Value) -> Vec<(u64, String)> {
    let who = |point: &Value| {
        let author = point["provenance"]["author"].as_str().unwrap().to_owned();
        (point["id"].as_u64().unwrap(), author)
    };
    points.as_array().unwrap().iter().map(who).collect()
}

const C: &str = "/rose-forest/collections/c";

#[tokio::test]
async fn all_authors_points_of_an_id_are_shown_with_who_said_so() {
    let server = server().await;
    let found = server.get(&format!("{C}/points/3/all")).await.result();
    assert_eq!(who(&found["points"]), [(3, author(7).to_string()), (3, author(5).to_string())]);
    let first = &found["points"][0];
    assert_eq!((&first["payload"], &first["vector"]), (&json!({"x": 3.0}), &json!([3.0, 0.0])));
    assert_eq!(first["provenance"]["confirmed"], true);
    // The own one hides the other's in Qdrant's API alone.
    assert_eq!(who(&server.get(&format!("{C}/points/1/all")).await.result()["points"]).len(), 2);
    assert!(server.get(&format!("{C}/points/9/all")).await.error(404).contains("id 9"));
    assert!(server.get("/rose-forest/collections/x/points/1/all").await.error(404).contains("`x`"));
}

#[tokio::test]
async fn pages_of_everybodys_points_are_complete_whatever_their_size() {
    let server = server().await;
    let path = format!("{C}/points/scroll-all");
    let whole = server.post(&path, json!({})).await.result();
    assert_eq!(whole["next_page_offset"], Value::Null);
    let all = who(&whole["points"]);
    assert_eq!(all.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 1, 2, 3, 3, 4]);
    for limit in 1..=6 {
        let (mut paged, mut offset) = (Vec::new(), Value::Null);
        loop {
            let page = json!({"limit": limit, "offset": offset, "with_payload": false});
            let page = server.post(&path, page).await.result();
            assert_eq!(page["points"][0].get("payload"), None);
            paged.extend(who(&page["points"]));
            offset = page["next_page_offset"].clone();
            if offset.is_null() {
                break;
            }
            assert_eq!(page["points"].as_array().unwrap().len(), limit);
        }
        assert_eq!(paged, all, "{limit} at a time");
    }
    let of_seven = json!({"author": author(7).to_string(), "with_vector": true});
    let page = server.post(&path, of_seven).await.result();
    assert_eq!(who(&page["points"]), [1, 3, 4].map(|id| (id, author(7).to_string())));
    assert_eq!(page["points"][0]["vector"], json!([100.0, 0.0]));
    let large = json!({"filter": {"must": {"key": "x", "range": {"gte": 30}}}, "offset": 2});
    assert_eq!(who(&server.post(&path, large).await.result()["points"]), [(3, author(5).to_string())]);
    let nobody = json!({"author": author(9).to_string()});
    assert_eq!(server.post(&path, nobody).await.result()["points"], json!([]));
    for (wrong, why) in [
        (json!({"author": "x"}), "uhCAk"),
        (json!({"offset": {"id": 1}}), "author"),
        (json!({"limit": 0}), "at least 1"),
        (json!({"limit": 10001}), "at most 10000"),
        (json!({"filter": {"must": [{"near": 1}]}}), "near"),
    ] {
        let refused = server.post(&path, wrong).await.error(400);
        assert!(refused.contains(why), "{refused}");
    }
}

#[tokio::test]
async fn it_is_told_who_wrote_how_much_and_when_last() {
    let server = server().await;
    let authors = async || {
        let authors = server.get(&format!("{C}/authors")).await.result()["authors"].take();
        let one = |author: &Value| {
            let key = author["author"].as_str().unwrap().to_owned();
            (key, author["points"].as_u64().unwrap(), author["newest_write_micros"].as_i64().unwrap())
        };
        authors.as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    let before = authors().await;
    let counts: Vec<_> = before.iter().map(|(author, points, _)| (author.clone(), *points)).collect();
    assert_eq!(counts, [(OWN, 2), (5, 1), (7, 3)].map(|(by, points)| (author(by).to_string(), points)));
    let delete = Write::Delete(Selector::Ids(vec![PointId::Int(3)]));
    server.backend.write_as(&author(7), "c", &delete).unwrap();
    let after = authors().await;
    assert_eq!((&after[..2], after[2].1), (&before[..2], 2));
    assert!(after[2].2 > before[2].2);
}

#[tokio::test]
async fn a_node_says_what_it_is_and_how_far_it_is() {
    let server = server().await;
    let node = server.get("/rose-forest/node").await.result();
    assert!(node["software"].as_str().unwrap().starts_with("rose-forest"));
    assert_eq!(node["agent"], author(OWN).to_string());
    let expected = json!({
        "name": "c", "hash": null, "dimension": 2, "distance": "dot", "encoding": "f32", "vector_name": null, "agent": author(OWN).to_string(),
        "bootstrap": null, "relay": null, "takes_part": true, "caught_up": true, "stores": "full", "reachable_peers": 0,
        "unreachable_peers": 0,
    });
    assert_eq!(node["collections"], json!([expected]));
    assert_eq!(server.get(C).await.result(), expected);
    let expected = json!({
        "caught_up": true, "lag_seconds": 0.0, "rows": 6, "rows_in_memory": 6, "rows_on_disk": 0, "rows_missing": 0,
        "unconfirmed_blocks": 0, "queue": {"writes": 0, "bytes": 0, "trouble": null}, "chain_length": null, "stores": "full",
    });
    let mut sync = server.get(&format!("{C}/sync")).await.result();
    let index = sync.as_object_mut().unwrap().remove("index").unwrap();
    assert_eq!(sync, expected);
    assert_eq!((&index["points"], &index["in_graph"], &index["in_lists"]), (&json!(6), &json!(6), &json!(0)));
    assert!(index["graph_bytes"].as_u64().unwrap() > 0 && index["limit_age_seconds"].is_null(), "{index}");
    assert_eq!(server.get(&format!("{C}/peers")).await.result(), json!({"peers": []}));
    for path in ["peers", "authors", "sync", "invite", "events"] {
        assert!(server.get(&format!("/rose-forest/collections/x/{path}")).await.error(404).contains("`x`"));
    }
    assert!(server.get("/rose-forest/collections/x").await.error(404).contains("`x`"));
    assert_eq!(server.post(&format!("{C}/leave"), json!({})).await.result(), true);
    assert_eq!(server.post(&format!("{C}/leave"), json!({})).await.result(), false);
    assert_eq!(server.get("/rose-forest/node").await.result()["collections"], json!([]));
}

#[tokio::test]
async fn what_takes_a_network_is_refused_where_there_is_none() {
    let server = server().await;
    assert!(server.get(&format!("{C}/invite")).await.error(400).contains("network"));
    assert!(server.post(&format!("{C}/page"), json!({})).await.error(400).contains("network"));
    let unknown = server.post("/rose-forest/collections/x/page", json!({})).await.error(404);
    assert!(unknown.contains("`x`"), "{unknown}");
    assert!(
        server
            .post("/rose-forest/join", json!({"invite": "rose-forest:x"}))
            .await
            .error(400)
            .contains("network")
    );
    let long = "x".repeat(9_000);
    let refused = server.post("/rose-forest/join", json!({"invite": long})).await.error(400);
    assert!(refused.contains("received 9000") && !refused.contains("xx"), "{refused}");
    assert!(server.post("/rose-forest/join", json!({})).await.error(400).contains("invite"));
    assert!(server.get("/collections/c/points/1/proof").await.error(404).contains("signs nothing"));
    assert!(server.get("/collections/c/points/9/proof").await.error(404).contains("No point with id 9"));
}

#[tokio::test]
async fn an_invite_is_for_who_may_write_and_the_rest_for_who_may_read() {
    let keys = Keys::default().with_full("all").with_read_only("see");
    let mut server = Server::start_with(Config { keys, ..Config::default() }).await;
    let reads =
        ["/rose-forest/node", "/rose-forest/collections/c/sync", "/rose-forest/collections/c/events/ws"];
    for path in reads.iter().chain(&["/rose-forest/collections/c/invite"]) {
        server.get(path).await.error(401);
    }
    server.set_headers("api-key: see\r\n");
    for path in reads {
        assert_ne!(server.get(path).await.status, 403, "{path}");
    }
    server.get("/rose-forest/collections/c/invite").await.error(403);
    server.post("/rose-forest/collections/c/leave", json!({})).await.error(403);
    server.post("/rose-forest/collections/c/page", json!({})).await.error(403);
    server.post("/rose-forest/join", json!({"invite": "x"})).await.error(403);
    server.set_headers("api-key: all\r\n");
    server.get("/rose-forest/collections/c/invite").await.error(404);
    server.post("/rose-forest/collections/c/page", json!({})).await.error(404);
}
