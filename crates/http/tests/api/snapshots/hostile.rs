//! What is refused: names and addresses that lead elsewhere, files that are damaged or do not fit, uploads that are none.

use super::Node;
use crate::server::Server;
use rose_forest_http::{Config, Keys};
use serde_json::{Value, json};

async fn recover(node: &Node, collection: &str, body: Value, status: u16) -> String {
    node.server.put(&format!("/collections/{collection}/snapshots/recover"), body).await.error(status)
}

#[tokio::test]
async fn without_a_folder_every_call_says_so() {
    let server = Server::with_collection("Dot").await;
    for (method, path) in [
        ("GET", "snapshots"),
        ("POST", "snapshots"),
        ("GET", "snapshots/x.snapshot"),
        ("DELETE", "snapshots/x.snapshot"),
        ("POST", "snapshots/upload"),
    ] {
        let refused = server.send(method, &format!("/collections/c/{path}"), "").await.error(400);
        assert!(refused.contains("not enabled"), "{refused}");
    }
    let refused =
        server.put("/collections/c/snapshots/recover", json!({"location": "file:///x"})).await.error(400);
    assert!(refused.contains("not enabled"), "{refused}");
}

#[tokio::test]
async fn a_name_from_a_url_does_not_leave_the_folder() {
    let node = Node::with_points().await;
    node.create().await;
    let secret = node.dir.path().join("secret.snapshot");
    std::fs::write(&secret, "secret").unwrap();
    for name in [
        "..%2f..%2fsecret.snapshot",
        "%2e%2e%2f%2e%2e%2fsecret.snapshot",
        "..%5csecret.snapshot",
        "%2fetc%2fpasswd.snapshot",
        ".hidden.snapshot",
        "secret",
        "x.snapshot%00",
        "x.snapshot.sha256",
    ] {
        let path = format!("/collections/c/snapshots/{name}");
        for refused in [node.server.get(&path).await, node.server.delete(&path).await] {
            assert!(refused.error(400).contains("expected the name of a snapshot"), "{name}");
        }
    }
    // Nor does the name of a collection.
    for collection in ["..", "%2e%2e", "..%2f..", "%2f", "c%2f.."] {
        let path = format!("/collections/{collection}/snapshots/secret.snapshot");
        let status = node.server.get(&path).await.status;
        assert_eq!(status, 404, "{collection}");
    }
    assert!(secret.exists());
}

#[tokio::test]
async fn a_location_elsewhere_is_refused_and_nothing_is_fetched() {
    let node = Node::with_points().await;
    let made = node.create().await;
    let outside = node.dir.path().join("outside.snapshot");
    std::fs::write(&outside, "x").unwrap();
    for location in ["http://127.0.0.1:1/x.snapshot", "https://example.org/x.snapshot"] {
        let refused = recover(&node, "c", json!({"location": location}), 400).await;
        assert!(refused.contains("fetches nothing"), "{refused}");
    }
    let inside = node.location(made["name"].as_str().unwrap());
    for location in [
        format!("file://{}", outside.display()),
        format!("file://{}/snapshots/../outside.snapshot", node.dir.path().display()),
        "file:///etc/passwd".to_owned(),
        node.location("none.snapshot"),
        inside.replace("file://", ""),
    ] {
        let refused = recover(&node, "c", json!({"location": location}), 400).await;
        assert!(refused.contains("own snapshot folder"), "{refused}");
    }
    recover(&node, "c", json!({}), 400).await;
    let wrong = json!({"location": inside, "priority": "mine"});
    assert!(recover(&node, "c", wrong, 400).await.contains("mine"));
    let wrong = json!({"location": inside, "checksum": "abc"});
    assert!(recover(&node, "c", wrong, 400).await.contains("64 hexadecimal"));
    let other = "0".repeat(64);
    let refused = recover(&node, "c", json!({"location": inside, "checksum": other}), 400).await;
    assert!(refused.contains(made["checksum"].as_str().unwrap()) && refused.contains(&other), "{refused}");
    let wrong =
        node.server.put("/collections/c/snapshots/recover?wait=maybe", json!({"location": inside})).await;
    assert!(wrong.error(400).contains("maybe"));
}

#[tokio::test]
async fn a_snapshot_of_another_kind_is_refused_and_changes_nothing() {
    let node = Node::with_points().await;
    let location = node.location(node.create().await["name"].as_str().unwrap());
    let mut vectors = json!({"size": 4, "distance": "Euclid"});
    let make = async |name: &str, vectors: &Value| {
        let path = format!("/collections/{name}");
        node.server.put(&path, json!({"vectors": vectors})).await.result();
    };
    make("dimension", &vectors).await;
    vectors["size"] = json!(3);
    vectors["distance"] = json!("Dot");
    make("distance", &vectors).await;
    vectors["distance"] = json!("Euclid");
    vectors["datatype"] = json!("float16");
    make("encoding", &vectors).await;
    for (name, expected, received) in
        [("dimension", "4", "3"), ("distance", "Dot", "Euclid"), ("encoding", "F16", "F32")]
    {
        let refused = recover(&node, name, json!({"location": location}), 400).await;
        let said = format!("expected the {name} {expected}, which the collection has, received {received}");
        assert!(refused.contains(&said), "{refused}");
        assert_eq!(node.points(name).await, json!([]));
        let info = node.server.get(&format!("/collections/{name}")).await.result();
        assert_eq!(info["payload_schema"], json!({}));
    }
    // An index of another kind is in the way before any row is written.
    make("index", &json!({"size": 3, "distance": "Euclid"})).await;
    let index = json!({"field_name": "n", "field_schema": "keyword"});
    node.server.put("/collections/index/index", index).await.result();
    assert!(recover(&node, "index", json!({"location": location}), 400).await.contains("the field n"));
    assert_eq!(node.points("index").await, json!([]));
}

#[tokio::test]
async fn a_damaged_snapshot_is_refused_before_anything_is_made() {
    let node = Node::with_points().await;
    let name = node.create().await["name"].as_str().unwrap().to_owned();
    let (_, bytes) = node.download(&name).await;
    let mut flipped = bytes.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    for (damaged, reason) in [
        (&bytes[..last], "cut off"),
        (&flipped, "SHA-256"),
        (&[bytes.as_slice(), b"x"].concat(), "received more"),
        (b"something else", "expected the file of a snapshot"),
    ] {
        let (status, answer) = node.upload("new/snapshots/upload", damaged).await;
        let error = answer["status"]["error"].as_str().unwrap();
        assert!(status == 400 && error.contains(reason), "{status}: {error}");
        assert_eq!(node.server.get("/collections/new/exists").await.result(), json!({"exists": false}));
    }
    // Nothing is left of the uploads.
    let left = std::fs::read_dir(node.dir.path().join("snapshots")).unwrap().count();
    assert_eq!(left, 1, "the folder of c");
}

#[tokio::test]
async fn uploads_that_are_none_or_too_long_are_refused() {
    let node = Node::start_with(Config { max_snapshot_bytes: 100, ..Config::default() }).await;
    let (status, answer) = node.upload("c/snapshots/upload", &[0; 101]).await;
    assert_eq!(status, 413, "{answer}");
    assert_eq!(node.upload("c/snapshots/upload", &[0; 100]).await.0, 400);
    let form = b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--";
    for (content_type, form, reason) in [
        ("application/octet-stream", form.as_slice(), "multipart/form-data"),
        ("multipart/form-data", form, "boundary"),
        ("multipart/form-data; boundary=b", form, "one field \"snapshot\""),
        ("multipart/form-data; boundary=c", form, "last boundary"),
        ("multipart/form-data; boundary=b", b"", "last boundary"),
    ] {
        let (status, answer) = node.send_form("c/snapshots/upload", content_type, form).await;
        let error = answer["status"]["error"].as_str().unwrap();
        assert!(status == 400 && error.contains(reason), "{status}: {error}");
    }
    let (status, answer) = node.upload("c/snapshots/upload?checksum=12", &[0]).await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test]
async fn a_reading_key_sees_snapshots_and_makes_none() {
    let keys = Keys::default().with_full("all").with_read_only("see");
    let mut node = Node::start_with(Config { keys, ..Config::default() }).await;
    node.server.get("/aliases").await.error(401);
    node.server.get("/collections/c/snapshots").await.error(401);
    node.server.set_headers("api-key: see\r\n");
    node.server.get("/aliases").await.result();
    node.server.get("/collections/c/snapshots/x.snapshot").await.error(404);
    for (method, path) in [
        ("POST", "/collections/c/snapshots"),
        ("PUT", "/collections/c/snapshots/recover"),
        ("POST", "/collections/c/snapshots/upload"),
        ("DELETE", "/collections/c/snapshots/x.snapshot"),
        ("POST", "/collections/aliases"),
    ] {
        node.server.send(method, path, "{}").await.error(403);
    }
    node.server.set_headers("api-key: all\r\n");
    node.server.post("/collections/c/snapshots", json!({})).await.error(404);
}
