//! Snapshots, from their making to their restoring on another node.

mod fuzzing;
mod harness;
mod hostile;

use crate::server::{OWN, Server, author};
use rose_forest_api::{Distance, Encoding, PointId, Schema};
use rose_forest_http::{
    Config,
    backend::{Mode, NewPoint, Write},
    snapshots::file::{Header, Row, SnapshotReader, SnapshotWriter},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A server with a folder for snapshots.
pub struct Node {
    pub server: Server,
    pub dir: TempDir,
}

impl Node {
    pub async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    pub async fn start_with(config: Config) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { snapshots: Some(dir.path().join("snapshots")), ..config };
        Self { server: Server::start_with(config).await, dir }
    }

    /// With a collection `c`, an index, own points and one of another author.
    pub async fn with_points() -> Self {
        let node = Self::start().await;
        let server = &node.server;
        let vectors = json!({"vectors": {"text": {"size": 3, "distance": "Euclid"}}});
        server.put("/collections/c", vectors).await.result();
        let index = json!({"field_name": "n", "field_schema": "integer"});
        server.put("/collections/c/index", index).await.result();
        let uuid = "936da01f-9abd-4d9d-80c7-02af85c822a8";
        let ids = (0..100).map(Value::from).chain([json!(uuid), json!("some text"), json!("0")]);
        let point = |(n, id): (usize, Value)| {
            let payload = if n % 3 == 0 { Value::Null } else { json!({"n": n, "b": {"z": [1], "a": "é"}}) };
            json!({"id": id, "vector": {"text": [n, 0.1, -1e-3]}, "payload": payload})
        };
        let points: Vec<_> = ids.enumerate().map(point).collect();
        server.put("/collections/c/points?wait=true", json!({"points": points})).await.result();
        let payload = Map::from_iter([("by".to_owned(), Value::from("other"))]);
        let point = NewPoint { id: PointId::Int(1000), vector: vec![1.0, 2.0, 3.0], payload };
        let others = Write::Upsert { points: vec![point], mode: Mode::Upsert, only: None };
        server.backend.write_as(&author(7), "c", &others).unwrap();
        node
    }

    pub async fn create(&self) -> Value {
        self.server.post("/collections/c/snapshots", json!({})).await.result()
    }

    /// The address of a file in the folder of collection `c`.
    pub fn location(&self, name: &str) -> String {
        format!("file://{}/snapshots/c/{name}", self.dir.path().display())
    }

    /// The bytes of a snapshot of collection `c`.
    pub async fn download(&self, name: &str) -> (String, Vec<u8>) {
        let request = format!(
            "GET /collections/c/snapshots/{name} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        );
        let answer = self.server.bytes(request.as_bytes()).await;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        (String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase(), answer[end + 4..].to_vec())
    }

    /// Uploads bytes as a snapshot of a collection. The status and the body of the answer.
    pub async fn upload(&self, to: &str, bytes: &[u8]) -> (u16, Value) {
        let head = "--XyZ\r\nContent-Disposition: form-data; name=\"snapshot\"; filename=\"../../x\"\r\n\r\n";
        let form = [head.as_bytes(), bytes, b"\r\n--XyZ--\r\n"].concat();
        self.send_form(to, "multipart/form-data; boundary=XyZ", &form).await
    }

    pub async fn send_form(&self, to: &str, content_type: &str, form: &[u8]) -> (u16, Value) {
        let length = form.len();
        let head = format!(
            "POST /collections/{to} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n"
        );
        let answer = self.server.bytes(&[head.as_bytes(), form].concat()).await;
        let text = String::from_utf8(answer).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    /// All points of a collection, whole.
    pub async fn points(&self, collection: &str) -> Value {
        let all = json!({"limit": 1000, "with_vector": true, "with_payload": true});
        self.server.post(&format!("/collections/{collection}/points/scroll"), all).await.result()["points"]
            .take()
    }
}

#[tokio::test]
async fn a_snapshot_is_made_listed_downloaded_and_removed() {
    let node = Node::with_points().await;
    assert_eq!(node.server.get("/collections/c/snapshots").await.result(), json!([]));
    let made = node.create().await;
    let name = made["name"].as_str().unwrap();
    assert!(name.starts_with("c-20") && name.ends_with(".snapshot"), "{name}");
    assert_eq!(made["creation_time"].as_str().unwrap().len(), "2026-11-21T22:30:00".len());
    let listed = node.server.get("/collections/c/snapshots").await.result();
    assert_eq!(listed[0]["name"], made["name"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let (head, bytes) = node.download(name).await;
    assert!(head.contains("200 ok") && head.contains("application/octet-stream"), "{head}");
    assert!(head.contains(&format!("content-length: {}", bytes.len())), "{head}");
    assert!(head.contains(&format!("filename=\"{name}\"")), "{head}");
    let checksum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    for described in [&made, &listed[0]] {
        assert_eq!(described["checksum"], checksum);
        assert_eq!(described["size"], bytes.len());
    }
    let mut reader = SnapshotReader::new(bytes.as_slice()).unwrap();
    assert_eq!(reader.header().vector_name, "text");
    assert_eq!(reader.header().fields.len(), 1);
    let rows = reader.next_rows().unwrap().unwrap();
    assert_eq!(rows.len(), 104);
    assert_eq!(rows.iter().filter(|row| row.author == author(7)).count(), 1);
    assert_eq!(rows.iter().filter(|row| row.author == author(OWN)).count(), 103);
    assert!(reader.next_rows().unwrap().is_none());
    let path = format!("/collections/c/snapshots/{name}");
    assert_eq!(node.server.delete(&path).await.result(), true);
    assert!(node.server.delete(&path).await.error(404).contains(name));
    assert!(node.server.get(&path).await.error(404).contains(name));
    assert_eq!(node.server.get("/collections/c/snapshots").await.result(), json!([]));
}

#[tokio::test]
async fn the_same_rows_give_the_same_bytes() {
    let node = Node::with_points().await;
    let (one, two) = (node.create().await, node.create().await);
    assert_ne!(one["name"], two["name"]);
    assert_eq!(one["checksum"], two["checksum"]);
    let point = json!({"points": [{"id": 5, "vector": {"text": [9, 9, 9]}}]});
    node.server.put("/collections/c/points", point).await.result();
    assert_ne!(node.create().await["checksum"], one["checksum"]);
}

#[tokio::test]
async fn a_collection_that_is_not_there_is_made_anew_on_another_node() {
    let (from, to) = (Node::with_points().await, Node::start().await);
    let made = from.create().await;
    let (_, bytes) = from.download(made["name"].as_str().unwrap()).await;
    let checksum = made["checksum"].as_str().unwrap();
    let path = format!("new/snapshots/upload?wait=true&checksum={}", checksum.to_uppercase());
    let (status, answer) = to.upload(&path, &bytes).await;
    assert_eq!((status, &answer["result"], &answer["status"]), (200, &json!(true), &json!("ok")), "{answer}");
    assert_eq!(to.points("new").await, from.points("c").await);
    let (old, new) = (from.server.get("/collections/c").await, to.server.get("/collections/new").await);
    let (old, new) = (old.result(), new.result());
    assert_eq!(new["config"], old["config"]);
    assert_eq!(new["payload_schema"], old["payload_schema"]);
    // All rows are the restoring node's own now.
    let ids = json!({"ids": [1, 1000]});
    let told = to.server.post("/collections/new/points?provenance=true", ids).await.result();
    for point in told.as_array().unwrap() {
        assert_eq!(point["provenance"]["author"], author(OWN).to_string());
    }
    // The upload is not kept; what it says of ids, vectors and payloads is.
    assert_eq!(to.server.get("/collections/new/snapshots").await.result(), json!([]));
    assert_eq!(std::fs::read_dir(to.dir.path().join("snapshots")).unwrap().count(), 0);
    to.server.post("/collections/new/snapshots", json!({})).await.result();
    let made = to.server.get("/collections/new/snapshots").await.result();
    let file = to.dir.path().join("snapshots/new").join(made[0]["name"].as_str().unwrap());
    assert_eq!(content(&std::fs::read(file).unwrap()), content(&bytes));
}

fn content(bytes: &[u8]) -> [u8; 32] {
    let mut reader = SnapshotReader::new(bytes).unwrap();
    while reader.next_rows().unwrap().is_some() {}
    reader.summary().unwrap().content
}

#[tokio::test]
async fn what_was_changed_since_is_as_the_snapshot_has_it_and_new_points_stay() {
    let node = Node::with_points().await;
    let made = node.create().await;
    let location = node.location(made["name"].as_str().unwrap());
    let before = node.points("c").await;
    let points = json!({"points": [
        {"id": 5, "vector": {"text": [9, 9, 9]}}, {"id": 2000, "vector": {"text": [1, 1, 1]}}]});
    node.server.put("/collections/c/points", points).await.result();
    node.server.post("/collections/c/points/delete", json!({"points": [6, 7]})).await.result();
    node.server.delete("/collections/c/index/n").await.result();
    let body = json!({"location": location, "priority": "replica", "checksum": made["checksum"]});
    assert_eq!(node.server.put("/collections/c/snapshots/recover", body).await.result(), true);
    let five = node.server.get("/collections/c/points/5").await.result();
    assert_eq!(five["vector"], json!({"text": [9.0, 9.0, 9.0]}), "replica: what the node has holds");
    let body = json!({"location": location, "api_key": "a key for elsewhere"});
    assert_eq!(node.server.put("/collections/c/snapshots/recover?wait=true", body).await.result(), true);
    let mut after = node.points("c").await;
    let new = after.as_array_mut().unwrap();
    let kept = new.iter().position(|point| point["id"] == 2000).unwrap();
    new.remove(kept);
    assert_eq!(after, before);
    let info = node.server.get("/collections/c").await.result();
    assert_eq!(info["payload_schema"]["n"]["data_type"], "integer");
}

#[tokio::test]
async fn a_snapshot_stays_when_the_collection_is_left_and_brings_it_back() {
    let node = Node::with_points().await;
    let before = node.points("c").await;
    let name = node.create().await["name"].clone();
    node.server.delete("/collections/c").await.result();
    assert_eq!(node.server.get("/collections/c/snapshots").await.result()[0]["name"], name);
    let body = json!({"location": node.location(name.as_str().unwrap())});
    node.server.put("/collections/c/snapshots/recover", body.clone()).await.result();
    assert_eq!(node.points("c").await, before);
    // Into a collection of another name, and by an alias.
    node.server.put("/collections/d/snapshots/recover", body).await.result();
    assert_eq!(node.points("d").await, before);
    let alias = json!({"actions": [{"create_alias": {"collection_name": "c", "alias_name": "x"}}]});
    node.server.post("/collections/aliases", alias).await.result();
    assert_eq!(node.server.get("/collections/x/snapshots").await.result()[0]["name"], name);
    node.server.post("/collections/x/snapshots", json!({})).await.result();
    assert_eq!(node.server.get("/collections/c/snapshots").await.result().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn who_does_not_wait_is_told_that_it_was_accepted() {
    let node = Node::with_points().await;
    let accepted = node.server.post("/collections/c/snapshots?wait=false", json!({})).await;
    assert_eq!((accepted.status, &accepted.body["status"]), (202, &json!("accepted")));
    while node.server.get("/collections/c/snapshots").await.result() == json!([]) {
        tokio::task::yield_now().await;
    }
    let name = node.server.get("/collections/c/snapshots").await.result()[0]["name"].clone();
    let (_, bytes) = node.download(name.as_str().unwrap()).await;
    let (status, answer) = node.upload("new/snapshots/upload?wait=false", &bytes).await;
    assert_eq!((status, &answer["status"]), (202, &json!("accepted")));
    let count = async || {
        let count = node.server.post("/collections/new/points/count", json!({})).await;
        count.body["result"]["count"].as_u64()
    };
    while count().await != Some(104) {
        tokio::task::yield_now().await;
    }
    let missing = node.server.post("/collections/none/snapshots?wait=false", json!({})).await;
    assert!(missing.error(404).contains("none"));
}

/// The file of a collection under cosine with these rows.
fn file_of(rows: &[Row]) -> Vec<u8> {
    let schema = Schema::new("forged", 2, Distance::Cosine, Encoding::F32).unwrap();
    let header = Header::new(schema, String::new(), [], None);
    let mut writer = SnapshotWriter::new(Vec::new(), &header).unwrap();
    rows.iter().for_each(|row| writer.row(row).unwrap());
    writer.finish().unwrap().0
}

fn row(id: u64, payload_bytes: usize) -> Row {
    let payload = Map::from_iter([("text".to_owned(), Value::from("x".repeat(payload_bytes)))]);
    let (id, author) = (PointId::Int(id), author(9));
    Row { id, vector: vec![0.6, -0.8], payload, author, written_at_micros: 0 }
}

#[tokio::test]
async fn a_restore_that_failed_half_way_can_be_made_up_for() {
    let node = Node::start().await;
    let mut rows: Vec<_> = (0..700).map(|id| row(id, 2_000)).collect();
    // More than a payload may have by the rules of the network, behind a frame of rows that are right.
    rows[699] = row(699, 1_100_000);
    let (status, answer) = node.upload("c/snapshots/upload", &file_of(&rows)).await;
    assert_eq!(status, 400, "{answer}");
    let count = async || {
        let count = node.server.post("/collections/c/points/count", json!({})).await.result();
        count["count"].as_u64().unwrap()
    };
    let half = count().await;
    assert!(half > 0 && half < 700, "{half}");
    rows[699] = row(699, 10);
    let (status, answer) = node.upload("c/snapshots/upload", &file_of(&rows)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(count().await, 700);
}

#[tokio::test]
async fn vectors_that_the_collection_cannot_take_are_found_before_anything_is_written() {
    let node = Node::start().await;
    let mut rows: Vec<_> = (0..700).map(|id| row(id, 2_000)).collect();
    rows[699].vector = vec![0.0, 0.0];
    let (status, answer) = node.upload("c/snapshots/upload", &file_of(&rows)).await;
    assert!(status == 400 && answer.to_string().contains("zero vector"), "{answer}");
    assert_eq!(node.server.get("/collections/c/exists").await.result(), json!({"exists": false}));
}

#[tokio::test]
async fn many_pages_and_frames_come_back_whole() {
    let node = Node::start().await;
    let vectors = json!({"vectors": {"size": 2, "distance": "Cosine"}, "quantization_config": {"scalar": {"type": "int8"}}});
    node.server.put("/collections/c", vectors).await.result();
    for start in [0u64, 1000] {
        let point = |id: u64| {
            let text = "x".repeat(900) + &id.to_string();
            json!({"id": id, "vector": [id as f64 + 1.0, 7.0], "payload": {"text": text}})
        };
        let points: Vec<_> = (start..start + 1000).map(point).collect();
        node.server.put("/collections/c/points?wait=true", json!({"points": points})).await.result();
    }
    let name = node.create().await["name"].clone();
    let (_, bytes) = node.download(name.as_str().unwrap()).await;
    let mut reader = SnapshotReader::new(bytes.as_slice()).unwrap();
    let mut frames = Vec::new();
    while let Some(rows) = reader.next_rows().unwrap() {
        frames.push(rows.len());
    }
    assert!(frames.len() > 1 && frames.iter().sum::<usize>() == 2000, "{frames:?}");
    assert_eq!(node.upload("d/snapshots/upload", &bytes).await.0, 200);
    let all = json!({"limit": 10000, "with_vector": true});
    let scroll = async |of: &str| {
        node.server.post(&format!("/collections/{of}/points/scroll"), all.clone()).await.result()
    };
    assert_eq!(scroll("d").await, scroll("c").await);
}
