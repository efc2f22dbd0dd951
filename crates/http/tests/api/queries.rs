use crate::server::Server;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

async fn server(distance: &str) -> Server {
    let server = Server::with_collection(distance).await;
    let points: Vec<_> = (1..=6)
        .map(|id| {
            let payload = json!({"n": id, "kind": if id % 2 == 0 { "even" } else { "odd" }});
            json!({"id": id, "vector": [id, 0], "payload": payload})
        })
        .collect();
    server.put("/collections/c/points", json!({"points": points})).await.result();
    server
}

fn numbers(ids: &[u64]) -> Vec<Value> {
    ids.iter().map(|id| Value::from(*id)).collect()
}

#[tokio::test]
async fn the_nearest_come_first_in_the_terms_of_each_distance() {
    for (distance, expected) in
        [("Dot", [(6, 6.0), (5, 5.0)]), ("Euclid", [(1, 0.0), (2, 1.0)]), ("Manhattan", [(1, 0.0), (2, 1.0)])]
    {
        let server = server(distance).await;
        let expected: Vec<_> = expected.map(|(id, score)| (json!(id), score)).to_vec();
        assert_eq!(server.query(json!({"query": [1, 0], "limit": 2})).await, expected, "{distance}");
        let threshold = expected[1].1;
        // What is only as good as the threshold is left out.
        let better = server.query(json!({"query": [1, 0], "score_threshold": threshold})).await;
        assert_eq!(better, expected[..1], "{distance}");
        let rest = server.query(json!({"query": [1, 0], "limit": 1, "offset": 1})).await;
        assert_eq!(rest, expected[1..], "{distance}");
    }
}

#[tokio::test]
async fn points_stand_for_their_vectors_and_are_left_out_themselves() {
    let server = server("Euclid").await;
    let near = server.ids(json!({"query": {"nearest": 3}})).await;
    assert!(near.len() == 5 && !near.contains(&json!(3)), "{near:?}");
    let all = json!({"query": {"recommend": {"positive": [5], "negative": [4]}}, "limit": 2});
    // 5 + 5 - 4 = 6.
    assert_eq!(server.query(all).await, [(json!(6), 0.0), (json!(3), 3.0)]);
    let best = json!({"query": {"recommend": {"positive": [[6, 0]], "negative": [[1, 0]], "strategy": "best_score"}}});
    assert_eq!(server.ids(best).await, numbers(&[6, 5, 4, 3, 2, 1]));
    let sum = json!({"query": {"recommend": {"negative": [[1, 0]], "strategy": "sum_scores"}}, "limit": 1});
    assert_eq!(server.query(sum).await, [(json!(6), 25.0)]);
    let error = server.post("/collections/c/points/query", json!({"query": 99})).await.error(404);
    assert!(error.contains("99"));
    let none = json!({"query": {"recommend": {"negative": [1]}}});
    assert!(server.post("/collections/c/points/query", none).await.error(400).contains("positive"));
}

#[tokio::test]
async fn points_that_are_far_from_each_other_are_chosen_of_the_nearest() {
    let server = server("Euclid").await;
    let mmr = |diversity: f64, limit: u64| json!({"query": {"nearest": [1, 0], "mmr": {"diversity": diversity, "candidates_limit": 4}}, "limit": limit});
    assert_eq!(server.ids(mmr(0.0, 3)).await, numbers(&[1, 2, 3]));
    // 1 first; then, by squares, 4 is 9 from the query and from 1: -0.25 * 9 + 0.75 * 9.
    assert_eq!(server.query(mmr(0.75, 2)).await, [(json!(1), 0.0), (json!(4), 3.0)]);
    assert_eq!(server.ids(mmr(1.0, 9)).await.len(), 4);
    server.post("/collections/c/points/query", mmr(1.5, 1)).await.error(400);
}

#[tokio::test]
async fn orders_samples_and_no_query_at_all() {
    let server = server("Dot").await;
    let order =
        json!({"query": {"order_by": {"key": "n", "direction": "desc", "start_from": 4}}, "limit": 3});
    assert_eq!(server.ids(order).await, numbers(&[4, 3, 2]));
    let page = json!({"order_by": "n", "limit": 2, "with_payload": false});
    let page = server.post("/collections/c/points/scroll", page).await.result();
    assert_eq!(page["points"], json!([{"id": 1, "order_value": 1}, {"id": 2, "order_value": 2}]));
    let both = json!({"order_by": "n", "offset": 3});
    assert!(server.post("/collections/c/points/scroll", both).await.error(400).contains("start_from"));
    let sample = server.query(json!({"query": {"sample": "random"}, "limit": 4})).await;
    let different: BTreeSet<_> = sample.iter().map(|(id, _)| id.as_u64()).collect();
    assert_eq!((different.len(), sample[0].1), (4, 1.0));
    let ids = server.query(json!({"filter": {"must": {"key": "kind", "match": {"value": "odd"}}}})).await;
    assert_eq!(ids, [(json!(1), 0.0), (json!(3), 0.0), (json!(5), 0.0)]);
}

#[tokio::test]
async fn prefetches_are_fused_or_searched_again_and_filters_go_down_to_them() {
    let server = server("Dot").await;
    let near = |x: i64, limit: u64| json!({"query": [x, 0], "limit": limit});
    let fused = json!({"prefetch": [near(1, 2), near(-1, 2)], "query": {"fusion": "rrf"}});
    // 6 and 5, and 1 and 2: the first of each before the second of each.
    let found = server.query(fused).await;
    assert_eq!(found, [(json!(6), 0.5), (json!(1), 0.5), (json!(5), found[2].1), (json!(2), found[3].1)]);
    assert!((found[2].1 - 1.0 / 3.0).abs() < 1e-6);
    let again = json!({"prefetch": near(1, 3), "query": [-1, 0], "limit": 2});
    assert_eq!(server.ids(again).await, numbers(&[4, 5]));
    let odd = json!({"must": {"key": "kind", "match": {"value": "odd"}}});
    let filtered =
        json!({"prefetch": [near(1, 2)], "query": {"fusion": "dbsf"}, "filter": odd, "with_payload": ["n"]});
    let found = server.post("/collections/c/points/query", filtered).await.result();
    assert_eq!(found["points"][0]["payload"], json!({"n": 5}));
    assert_eq!(found["points"][1]["id"], 3);
    // Alternatives on two levels are alternatives of each other, as in Qdrant.
    let n = |n: u64| json!({"should": {"key": "n", "match": {"value": n}}});
    let prefetch = json!({"query": [1, 0], "filter": n(2)});
    let merged = json!({"prefetch": prefetch, "query": {"fusion": "rrf"}, "filter": n(3)});
    assert_eq!(server.ids(merged).await, numbers(&[3, 2]));
    let alone = json!({"query": {"fusion": "rrf"}});
    assert!(server.post("/collections/c/points/query", alone).await.error(400).contains("prefetches"));
}

#[tokio::test]
async fn groups_batches_and_older_searches() {
    let server = server("Dot").await;
    let groups = json!({"query": [1, 0], "group_by": "kind", "group_size": 2, "limit": 5});
    let found = server.post("/collections/c/points/query/groups", groups).await.result();
    let shape: Vec<_> = found["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let ids: Vec<_> =
                group["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_u64().unwrap()).collect();
            (group["id"].clone(), ids)
        })
        .collect();
    assert_eq!(shape, [(json!("even"), vec![6, 4]), (json!("odd"), vec![5, 3])]);
    let searches = json!({"searches": [{"query": [1, 0], "limit": 1}, {"query": [-1, 0], "limit": 1}]});
    let found = server.post("/collections/c/points/query/batch", searches).await.result();
    assert_eq!((&found[0]["points"][0]["id"], &found[1]["points"][0]["id"]), (&json!(6), &json!(1)));
    for vector in [json!([1, 0]), json!({"name": "", "vector": [1, 0]})] {
        let old = json!({"vector": vector, "limit": 1, "with_payload": true});
        let found = server.post("/collections/c/points/search", old).await.result();
        assert_eq!((&found[0]["id"], &found[0]["payload"]["n"]), (&json!(6), &json!(6)));
        assert!(found[0]["version"].as_u64().unwrap() > 0);
    }
}

/// Vectors by a rule that has no pattern to speak of, of 24 components.
fn scattered(number: u64) -> Vec<f32> {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..24).map(|_| next()).collect()
}

#[tokio::test]
async fn searches_look_as_hard_as_they_are_told_to() {
    const ROWS: u64 = 4_000;
    let server = Server::start().await;
    server.put("/collections/c", json!({"vectors": {"size": 24, "distance": "Dot"}})).await.result();
    for ids in (0..ROWS).collect::<Vec<_>>().chunks(1_000) {
        let point = |id: &u64| json!({"id": id, "vector": scattered(*id), "payload": {"odd": id % 2 == 1}});
        let points: Vec<_> = ids.iter().map(point).collect();
        server.put("/collections/c/points", json!({"points": points})).await.result();
    }
    // Rows that have no place in the graph yet are all looked at, however little effort is asked for.
    let indexed = async {
        while server.get("/collections/c").await.result()["indexed_vectors_count"] != ROWS {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), indexed).await.unwrap();
    let queries: Vec<_> = (ROWS..ROWS + 20).map(scattered).collect();
    for odd in [false, true] {
        let mut all = Vec::new();
        for query in &queries {
            let dot = |id: u64| scattered(id).iter().zip(query).map(|(a, b)| a * b).sum::<f32>();
            let mut rows: Vec<_> =
                (0..ROWS).filter(|id| !odd || id % 2 == 1).map(|id| (dot(id), id)).collect();
            rows.sort_by(|a, b| b.0.total_cmp(&a.0));
            all.push(rows.into_iter().take(10).map(|(_, id)| json!(id)).collect::<Vec<_>>());
        }
        let filter = odd.then(|| json!({"must": {"key": "odd", "match": {"value": true}}}));
        let mut by_effort = Vec::new();
        let efforts = [
            json!({"hnsw_ef": 0}),
            json!({"hnsw_ef": 40}),
            json!(null),
            json!({"hnsw_ef": 2_000_000_000_000_u64}),
            json!({"exact": true, "hnsw_ef": 1}),
        ];
        for params in efforts {
            let mut found = 0;
            for (number, (query, exact)) in queries.iter().zip(&all).enumerate() {
                let asked = json!({"query": query, "filter": filter, "params": params});
                let ids = server.ids(asked).await;
                found += exact.iter().filter(|id| ids.contains(id)).count();
                if number > 0 {
                    continue;
                }
                // As a prefetch, and of older clients.
                let prefetch = json!({"query": query, "filter": filter, "params": params});
                assert_eq!(server.ids(json!({"prefetch": prefetch, "query": query})).await, ids);
                let older = json!({"vector": query, "filter": filter, "params": params});
                let older = server.post("/collections/c/points/search", older).await.result();
                let older: Vec<_> =
                    older.as_array().unwrap().iter().map(|point| point["id"].clone()).collect();
                assert_eq!(older, ids);
            }
            by_effort.push(found);
        }
        assert!(by_effort.is_sorted() && by_effort[0] < by_effort[2], "{by_effort:?}");
        assert_eq!(by_effort[3..], [200, 200], "{by_effort:?}");
    }
    let wrong = json!({"query": queries[0], "params": {"hnsw_ef": -1}});
    assert!(server.post("/collections/c/points/query", wrong).await.error(400).contains("-1"));
}
