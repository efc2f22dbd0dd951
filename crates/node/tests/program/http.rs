//! A node's HTTP API, as Qdrant's clients use it.

use crate::run::{Bootstrap, Program, Serving};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Many times what it takes.
const DEADLINE: Duration = Duration::from_secs(300);
pub const HTTP: [&str; 2] = ["--http", "127.0.0.1:0"];

/// A client of one node.
pub struct Client {
    url: String,
    pub key: Option<&'static str>,
    agent: ureq::Agent,
}

impl Client {
    pub fn of(serving: &Serving) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self { url: serving.url().to_owned(), key: None, agent: config.into() }
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let body = body.map(|body| serde_json::to_vec(body).unwrap()).unwrap_or_default();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        if let Some(key) = self.key {
            request = request.header("api-key", key);
        }
        let request = request.header("content-type", "application/json").body(body).unwrap();
        let mut response = self.agent.run(request).unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap())
    }

    /// The result of a call that has to succeed.
    pub fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(method, path, Some(&body));
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer["result"].clone()
    }

    pub fn get(&self, path: &str) -> Value {
        let (status, answer) = self.send("GET", path, None);
        assert_eq!(status, 200, "GET {path}: {answer}");
        answer["result"].clone()
    }

    /// The error of a call that has to fail so.
    pub fn refused(&self, expected: u16, method: &str, path: &str, body: Value) -> String {
        let (status, answer) = self.send(method, path, Some(&body));
        assert_eq!(status, expected, "{method} {path}: {answer}");
        answer["status"]["error"].as_str().unwrap().to_owned()
    }

    fn ids_near(&self, vector: Value) -> Vec<Value> {
        let found = self.ok("POST", "/collections/places/points/query", json!({ "query": vector }));
        found["points"].as_array().unwrap().iter().map(|point| point["id"].clone()).collect()
    }

    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < DEADLINE, "not {what}: {}", self.get("/collections/places"));
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Makes the collection of these tests.
pub fn create(client: &Client) {
    let new = json!({ "vectors": { "size": 2, "distance": "Dot" } });
    assert_eq!(client.ok("PUT", "/collections/places", new), json!(true));
}

pub fn point(id: impl Into<Value>, vector: [f32; 2], payload: Value) -> Value {
    json!({ "id": id.into(), "vector": vector, "payload": payload })
}

/// Where points are written, and waited for.
pub const WAIT: &str = "/collections/places/points?wait=true";

#[test]
fn what_is_written_through_the_api_is_on_the_chain_and_comes_back_after_a_restart() {
    let node = Program::new();
    let serving = node.serve_with(&HTTP);
    let client = Client::of(&serving);
    create(&client);
    assert!(
        client
            .refused(409, "PUT", "/collections/places", json!({"vectors": {"size": 2, "distance": "Dot"}}))
            .contains("already exists")
    );
    let points = [point(1, [1.0, 0.0], json!({"word": "east"})), point("north", [0.0, 2.0], json!({}))];
    let written = client.ok("PUT", WAIT, json!({ "points": points }));
    assert_eq!(written["status"], "completed");
    assert_eq!(client.ids_near(json!([0.0, 1.0])), [json!("north"), json!(1)]);
    // A change of a payload keeps the vector; what a filter means is deleted.
    client.ok(
        "POST",
        "/collections/places/points/payload?wait=true",
        json!({"payload": {"n": 7}, "points": [1]}),
    );
    let one = client.get("/collections/places/points/1");
    assert_eq!((&one["payload"], &one["vector"]), (&json!({"word": "east", "n": 7}), &json!([1.0, 0.0])));
    let north = json!({ "filter": { "must": [{ "has_id": ["north"] }] } });
    client.ok("POST", "/collections/places/points/delete?wait=true", north);
    assert_eq!(client.ids_near(json!([0.0, 1.0])), [json!(1)]);
    // What is wrong is told before anything is written.
    let short = json!({ "points": [point(5, [0.0, 0.0], json!({})), { "id": 6, "vector": [1.0] }] });
    assert!(client.refused(400, "PUT", WAIT, short).contains("expected"));
    assert_eq!(client.get("/collections/places")["points_count"], 1);
    // The command line speaks of the same collection.
    assert_eq!(node.one(&["search", "places", "--vector", "[1, 0]", "--zome"])["hits"][0]["id"], 1);
    serving.stop();

    // What was saved is answered at once; a write waits until the node has started.
    let serving = node.serve_until("answering", &HTTP);
    let client = Client::of(&serving);
    assert_eq!(client.ids_near(json!([0.0, 1.0])), [json!(1)]);
    assert_eq!(client.get("/collections/places/points/1")["payload"]["n"], 7);
    client.ok("PUT", WAIT, json!({ "points": [point(2, [0.0, 2.0], json!({}))] }));
    assert_eq!(client.ids_near(json!([0.0, 1.0])), [json!(2), json!(1)]);
    // Left, and made anew under the same name: nothing of the old one is seen.
    assert_eq!(client.ok("DELETE", "/collections/places", json!({})), json!(true));
    assert_eq!(client.get("/collections")["collections"], json!([]));
    create(&client);
    assert_eq!(client.ids_near(json!([0.0, 1.0])), [] as [Value; 0]);
    serving.stop();
}

#[test]
fn a_change_sees_every_write_that_was_acknowledged_before_it() {
    let node = Program::new();
    let serving = node.serve_with(&HTTP);
    let client = Client::of(&serving);
    create(&client);
    for round in 0..20 {
        let points = [point(1, [round as f32, 1.0], json!({ "round": round }))];
        let path = "/collections/places/points?wait=false";
        assert_eq!(client.ok("PUT", path, json!({ "points": points }))["status"], "acknowledged");
        let change = json!({ "payload": { "seen": round }, "points": [1] });
        client.ok("POST", "/collections/places/points/payload?wait=false", change);
    }
    // This waits for what was acknowledged before, too.
    client.ok(
        "POST",
        "/collections/places/points/payload?wait=true",
        json!({"payload": {"last": true}, "points": [1]}),
    );
    let one = client.get("/collections/places/points/1");
    assert_eq!(one["payload"], json!({ "round": 19, "seen": 19, "last": true }));
    assert_eq!(one["vector"], json!([19.0, 1.0]));
    serving.stop();
}

#[test]
fn two_nodes_share_a_collection_and_each_changes_its_own_points_alone() {
    let (here, there) = (Program::new(), Program::new());
    let meeting = Bootstrap::start(&here);
    let serving = here.serve_with(&[&HTTP[..], &["--bootstrap", &meeting.url]].concat());
    let mine = Client::of(&serving);
    create(&mine);
    let invite = here.one(&["collection", "invite", "places"])["invite"].as_str().unwrap().to_owned();
    let serving_there = there.serve_with(&HTTP);
    let theirs = Client::of(&serving_there);
    there.one(&["collection", "join", &invite]);
    let has_peer = |program: &Program| {
        program.one(&["collection", "info", "places"])["reachable_peers"].as_u64().unwrap_or_default() >= 1
    };
    mine.until("seeing the other", |_| has_peer(&here) && has_peer(&there));

    // All peers say that they hold it: from when this node has heard that the other stores everything, for what was published
    // before comes to it without being asked for a receipt.
    let path = "/collections/places/points?wait=true&ordering=strong&timeout=5";
    let points = json!({ "points": [point(1, [1.0, 0.0], json!({ "by": "me" }))] });
    mine.until("acknowledged by the other", |mine| {
        let (status, answer) = mine.send("PUT", path, Some(&points));
        assert!(status == 200 || answer.to_string().contains("0 of 1"), "{answer}");
        status == 200
    });
    theirs.until("finding the point", |theirs| theirs.ids_near(json!([1.0, 0.0])) == [json!(1)]);
    let shown = theirs.get("/collections/places/points/1?provenance=true");
    let author = shown["provenance"]["author"].as_str().unwrap().to_owned();
    assert_eq!(shown["payload"]["by"], "me");

    // Another's point cannot be deleted or changed; a filter passes it over and says so.
    let delete = "/collections/places/points/delete?wait=true";
    let problem = theirs.refused(403, "POST", delete, json!({ "points": [1] }));
    assert!(problem.contains(&author), "{problem}");
    let passed = theirs.ok("POST", delete, json!({ "filter": {} }));
    assert_eq!(passed["skipped"], 1, "{passed}");
    // Under the same id, each has a point of its own, and sees that.
    theirs.ok("PUT", WAIT, json!({ "points": [point(1, [5.0, 0.0], json!({ "by": "them" }))] }));
    assert_eq!(theirs.get("/collections/places/points/1")["payload"]["by"], "them");
    mine.until("having both rows", |_| here.one(&["collection", "info", "places"])["index"]["points"] == 2);
    assert_eq!(mine.get("/collections/places/points/1")["payload"]["by"], "me");
    assert_eq!(mine.get("/collections/places")["points_count"], 1);

    // What one has acknowledged the other knows of when it asks, whether or not the network has brought it.
    for round in 0..10 {
        let points = json!({ "points": [point(100 + round, [1.0, 0.0], json!({ "round": round }))] });
        mine.ok("PUT", WAIT, points);
        let only = json!({ "filter": { "must": [{ "key": "round", "match": { "value": round } }] } });
        for consistency in ["all", "majority", "quorum", "2", "9"] {
            let path = format!("/collections/places/points/count?consistency={consistency}&timeout=60");
            assert_eq!(theirs.ok("POST", &path, only.clone())["count"], 1, "{consistency}");
        }
        let path = format!("/collections/places/points/{}?consistency=all", 100 + round);
        assert_eq!(theirs.get(&path)["payload"]["round"], round);
    }
    mine.ok("POST", delete, json!({ "points": (100..110).collect::<Vec<_>>() }));
    let left = theirs.ok("POST", "/collections/places/points/count?consistency=all", json!({}));
    assert_eq!(left["count"], 1);

    // Nobody is there to acknowledge: an error says so, and the write stands. Dropping a node kills it; one that is stopped takes
    // leave, and is not waited for.
    drop(serving_there);
    let path = "/collections/places/points?wait=true&ordering=strong&timeout=10";
    let problem = mine.refused(408, "PUT", path, json!({ "points": [point(2, [2.0, 0.0], json!({}))] }));
    assert!(problem.contains("0 of 1"), "{problem}");
    assert_eq!(mine.ids_near(json!([1.0, 0.0])), [json!(2), json!(1)]);
    // Nor to ask; this node alone answers all the same.
    let count = "/collections/places/points/count";
    for consistency in ["all", "majority", "2"] {
        let path = format!("{count}?consistency={consistency}&timeout=5");
        let problem = mine.refused(408, "POST", &path, json!({}));
        assert!(problem.contains("0 of 1"), "{problem}");
    }
    assert_eq!(mine.ok("POST", &format!("{count}?consistency=1&timeout=2"), json!({}))["count"], 2);
    serving.stop();
}

#[test]
fn a_key_is_asked_for_where_one_is_set_and_a_public_address_needs_one() {
    let node = Program::new();
    let problem = node.refused(&["serve", "--http", "0.0.0.0:0"]);
    assert!(problem.contains("--api-key-file"), "{problem}");
    let (full, read) = (node.file("full", "full-key\n"), node.file("read", "read-key"));
    let problem = node.refused(&["serve", "--http", "127.0.0.1:0", "--api-key-file", &full]);
    assert!(problem.contains("chmod 600"), "{problem}");
    for file in [&full, &read] {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let keys = ["--api-key-file", &full, "--read-only-key-file", &read];
    let serving = node.serve_with(&[&HTTP[..], &keys[..]].concat());
    let mut client = Client::of(&serving);
    assert_eq!(client.send("GET", "/collections", None).0, 401);
    client.key = Some("full-key");
    create(&client);
    client.key = Some("read-key");
    assert_eq!(client.get("/collections")["collections"], json!([{ "name": "places" }]));
    client.refused(403, "DELETE", "/collections/places", json!({}));
    serving.stop();
}
