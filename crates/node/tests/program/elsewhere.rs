//! Commands that work against a node over HTTP, from a data directory without one.

use crate::run::{Program, THREE, ids};
use serde_json::{Value, json};

/// What a command of `client` prints that asks the node at `url`.
struct Elsewhere<'a> {
    client: &'a Program,
    options: Vec<String>,
}

impl<'a> Elsewhere<'a> {
    fn new(client: &'a Program, url: &str, key: &str) -> Self {
        Self { client, options: ["--url", url, "--api-key-file", key].map(str::to_owned).to_vec() }
    }

    fn args<'b>(&'b self, args: &[&'b str]) -> Vec<&'b str> {
        self.options.iter().map(String::as_str).chain(args.iter().copied()).collect()
    }

    fn json(&self, args: &[&str]) -> Vec<Value> {
        self.client.json(&self.args(args))
    }

    fn one(&self, args: &[&str]) -> Value {
        self.client.one(&self.args(args))
    }

    fn refused(&self, args: &[&str]) -> String {
        self.client.refused(&self.args(args))
    }
}

pub(super) fn secret(program: &Program, name: &str, key: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let file = program.file(name, key);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    file
}

#[test]
fn commands_work_against_a_node_over_http() {
    let (node, client) = (Program::new(), Program::new());
    let key = secret(&node, "key", "the key\n");
    let serving = node.serve_with(&["--http", "127.0.0.1:0", "--api-key-file", &key]);
    let url = serving.url().to_owned();
    let there = Elsewhere::new(&client, &url, &key);

    let created = there.one(&["collection", "create", "places", "--dimension", "2", "--encoding", "f16"]);
    assert_eq!(
        (&created["dimension"], &created["encoding"], &created["enabled"]),
        (&json!(2), &json!("f16"), &json!(true))
    );
    // The same words of the same collection, whichever way they come.
    assert_eq!(created, node.one(&["collection", "list"]));
    assert_eq!(created, there.one(&["collection", "list"]));
    let file = client.file("three.jsonl", THREE);
    let loaded = there.one(&["insert", "places", &file]);
    assert_eq!((&loaded["inserted"], &loaded["refused"]), (&json!(3), &json!(0)));

    let query = ["search", "places", "--vector", "[0, 1]", "-k", "2", "--with-vectors"];
    let (found, same) = (there.one(&query), node.one(&query));
    assert_eq!(ids(&found), [json!("north"), json!(3)]);
    assert_eq!(found["hits"], same["hits"]);
    assert_eq!((&found["from_memory"], &found["complete"]), (&json!(true), &json!(true)));
    assert_eq!(ids(&there.one(&["search", "places", "--id", "1", "-k", "1"])), [json!(3)]);
    let filter = r#"{"must": [{"key": "word", "match": {"value": "north"}}]}"#;
    let found = there.one(&["search", "places", "--vector", "[1, 0]", "--filter", filter]);
    assert_eq!(ids(&found), [json!("north")]);
    let by_file = there.json(&["search", "places", "--file", &file, "-k", "1"]);
    assert_eq!(
        by_file.iter().map(|answer| ids(answer)[0].clone()).collect::<Vec<_>>(),
        [json!(1), json!("north"), json!(3)]
    );

    let sorted = |mut lines: Vec<Value>| {
        lines.sort_by_key(Value::to_string);
        lines
    };
    let exported = sorted(there.json(&["export", "places", "--with-vectors"]));
    assert_eq!(exported, sorted(node.json(&["export", "places", "--with-vectors"])));
    assert_eq!(there.json(&["export", "places", "--mine"]).len(), 3);

    let info = there.one(&["collection", "info", "places"]);
    assert_eq!((&info["index"]["points"], &info["collection"]), (&json!(3), &created));
    assert_eq!(info["chain_length"], node.one(&["collection", "info", "places"])["chain_length"]);
    let about = there.one(&["node", "info"]);
    assert_eq!((&about["serving"], &about["agent"]), (&json!(true), &created["agent"]));
    assert_eq!(about["collections"], node.one(&["node", "info"])["collections"]);

    assert!(there.refused(&["delete", "places", "1", "nobody"]).contains("nobody"));
    assert_eq!(there.one(&["delete", "places", "1", "north"])["deleted"], 2);
    assert_eq!(there.json(&["export", "places"]).len(), 1);

    for (args, said) in [
        (&["collection", "create", "places", "--dimension", "2"][..], "already exists"),
        (&["search", "nowhere", "--id", "1"], "nowhere"),
        (&["search", "places", "--vector", "[1, 2, 3]"], "expected a vector of 2 components"),
        (&["search", "places", "--vector", "[1, 2]", "--zome"], "the node's own machine"),
        (&["index", "verify", "places"], "the node's own machine"),
        (&["top", "--once"], "this machine alone"),
        (&["serve"], "this machine alone"),
    ] {
        let problem = there.refused(args);
        assert!(problem.contains(said), "{args:?}: {problem}");
    }
    assert_eq!(there.one(&["collection", "leave", "places"])["enabled"], false);
    assert_eq!(there.one(&["collection", "list"])["enabled"], false);

    let wrong = Elsewhere::new(&client, &url, &secret(&client, "wrong", "another key"));
    assert!(wrong.refused(&["collection", "list"]).contains("--api-key-file"));
    let problem = client.refused(&["collection", "list", "--url", &url]);
    assert!(problem.contains("Must provide an API key"), "{problem}");
    serving.stop();
    let problem = there.refused(&["collection", "list"]);
    assert!(problem.contains("cannot reach a node") && problem.contains(&url), "{problem}");
}
