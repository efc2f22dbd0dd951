//! While one process serves, others use its node.

use crate::run::{Program, THREE, ids};
use serde_json::json;

#[test]
fn commands_go_through_the_node_that_serves_and_a_second_one_is_refused() {
    let node = Program::new();
    let serving = node.serve();
    node.one(&["collection", "create", "places", "--dimension", "2"]);
    let file = node.file("three.jsonl", THREE);
    node.one(&["insert", "places", &file]);
    assert_eq!(ids(&node.one(&["search", "places", "--vector", "[0, 1]", "-k", "1"])), [json!("north")]);
    assert_eq!(node.one(&["node", "info"])["serving"], true);
    let problem = node.refused(&["serve"]);
    assert!(problem.contains(&node.data_dir().canonicalize().unwrap().display().to_string()), "{problem}");
    serving.stop();
    assert_eq!(node.one(&["node", "info"])["serving"], false);
    assert_eq!(node.json(&["export", "places"]).len(), 3);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_use_the_control_socket() {
    use std::os::unix::fs::PermissionsExt;
    let node = Program::new();
    let serving = node.serve();
    let socket = node.data_dir().join("control.sock");
    assert_eq!(std::fs::metadata(socket).unwrap().permissions().mode() & 0o777, 0o600);
    serving.stop();
}
