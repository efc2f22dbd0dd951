//! Aliases, as clients of Qdrant use them.

use crate::server::Server;
use serde_json::{Value, json};

async fn server() -> Server {
    let server = Server::with_collection("Dot").await;
    let points = json!({"points": [{"id": 1, "vector": [1, 0]}]});
    server.put("/collections/c/points", points).await.result();
    let vectors = json!({"vectors": {"size": 2, "distance": "Dot"}});
    server.put("/collections/d", vectors).await.result();
    server
}

fn create(alias: &str, collection: &str) -> Value {
    json!({"create_alias": {"collection_name": collection, "alias_name": alias}})
}

fn delete(alias: &str) -> Value {
    json!({"delete_alias": {"alias_name": alias}})
}

async fn change(server: &Server, actions: &[Value]) {
    let changed = server.post("/collections/aliases", json!({"actions": actions})).await;
    assert_eq!(changed.result(), true);
}

async fn refused(server: &Server, actions: &[Value], status: u16) -> String {
    server.post("/collections/aliases", json!({"actions": actions})).await.error(status)
}

#[tokio::test]
async fn an_alias_is_taken_wherever_a_collection_is_named() {
    let server = server().await;
    change(&server, &[create("x", "c")]).await;
    assert_eq!(server.get("/collections/x").await.result()["points_count"], 1);
    assert_eq!(server.get("/collections/x/exists").await.result(), json!({"exists": true}));
    let points = json!({"points": [{"id": 2, "vector": [2, 0]}]});
    server.put("/collections/x/points?wait=true", points).await.result();
    assert_eq!(server.post("/collections/c/points/count", json!({})).await.result()["count"], 2);
    let found = server.post("/collections/x/points/query", json!({"query": [1, 0]})).await.result();
    assert_eq!(found["points"][0]["id"], 2);
    assert_eq!(server.get("/collections/x/points/1").await.result()["id"], 1);
    let index = json!({"field_name": "a", "field_schema": "keyword"});
    server.put("/collections/x/index", index).await.result();
    assert_eq!(server.send("PATCH", "/collections/x", "{}").await.result(), true);
    server.post("/collections/x/points/delete", json!({"points": [1]})).await.result();
    // A list of collections has no aliases.
    let names = server.get("/collections").await.result();
    assert_eq!(names, json!({"collections": [{"name": "c"}, {"name": "d"}]}));
    assert_eq!(server.ids(json!({"query": [1, 0]})).await, [json!(2)]);
}

#[tokio::test]
async fn aliases_are_listed_moved_and_renamed() {
    let server = server().await;
    change(&server, &[create("x", "c"), create("y", "d"), create("a", "c")]).await;
    let entry = |alias: &str, collection: &str| json!({"alias_name": alias, "collection_name": collection});
    let all = server.get("/aliases").await.result();
    assert_eq!(all, json!({"aliases": [entry("a", "c"), entry("x", "c"), entry("y", "d")]}));
    let of_c = json!({"aliases": [entry("a", "c"), entry("x", "c")]});
    assert_eq!(server.get("/collections/c/aliases").await.result(), of_c);
    assert_eq!(server.get("/collections/x/aliases").await.result(), of_c);
    assert!(server.get("/collections/none/aliases").await.error(404).contains("`none`"));
    let rename = json!({"rename_alias": {"old_alias_name": "y", "new_alias_name": "z"}});
    change(&server, &[delete("x"), create("x", "d"), rename, delete("none")]).await;
    let all = server.get("/aliases").await.result();
    assert_eq!(all, json!({"aliases": [entry("a", "c"), entry("x", "d"), entry("z", "d")]}));
}

#[tokio::test]
async fn changes_are_made_all_or_not_at_all_and_say_what_is_wrong() {
    let server = server().await;
    change(&server, &[create("x", "c")]).await;
    assert!(refused(&server, &[delete("x"), create("y", "none")], 404).await.contains("`none`"));
    assert!(refused(&server, &[delete("x"), create("d", "c")], 409).await.contains("`d`"));
    let rename = json!({"rename_alias": {"old_alias_name": "none", "new_alias_name": "z"}});
    assert!(refused(&server, &[delete("x"), rename], 404).await.contains("Alias `none`"));
    assert!(refused(&server, &[delete("x"), create("", "c")], 400).await.contains("1 to 128"));
    assert!(refused(&server, &vec![delete("x"); 257], 400).await.contains("at most 256 actions"));
    assert!(refused(&server, &[json!({"drop_alias": {}})], 400).await.contains("drop_alias"));
    let all = server.get("/aliases").await.result();
    assert_eq!(all, json!({"aliases": [{"alias_name": "x", "collection_name": "c"}]}));
    let taken = json!({"vectors": {"size": 2, "distance": "Dot"}});
    let taken = server.put("/collections/x", taken).await.error(409);
    assert!(taken.contains("alias of `c`"), "{taken}");
}

#[tokio::test]
async fn a_collection_is_left_by_its_own_name_and_its_aliases_go_with_it() {
    let server = server().await;
    change(&server, &[create("x", "c"), create("y", "d")]).await;
    assert_eq!(server.delete("/collections/x").await.result(), false);
    assert_eq!(server.get("/collections/x").await.result()["points_count"], 1);
    assert_eq!(server.delete("/collections/c").await.result(), true);
    assert!(server.get("/collections/x").await.error(404).contains("`x`"));
    let all = server.get("/aliases").await.result();
    assert_eq!(all, json!({"aliases": [{"alias_name": "y", "collection_name": "d"}]}));
    let again = json!({"vectors": {"size": 2, "distance": "Dot"}});
    assert_eq!(server.put("/collections/x", again).await.result(), true);
}
