//! While one process serves, others use its node.

use crate::run::{Program, THREE, ids};
use serde_json::json;
use std::collections::BTreeSet;

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

/// Rows in three batches of a bulk load.
const MANY: u64 = 110_000;

#[test]
fn a_node_killed_in_the_middle_of_an_insert_comes_back_whole_and_the_insert_goes_on() {
    let node = Program::new();
    let serving = node.serve();
    node.one(&["collection", "create", "line", "--dimension", "2", "--distance", "euclid"]);
    let rows: String =
        (0..MANY).map(|i| format!("{{\"id\": {i}, \"vector\": [{i}, {}]}}\n", i % 300)).collect();
    let file = node.file("line.jsonl", &rows);

    let mut insert = node.start(&["insert", "line", &file]);
    let before = node.written_when_a_batch_is_done(&mut insert);
    // Dropping it kills it.
    drop(serving);
    assert!(!insert.wait().unwrap().success(), "the insert says that its node is gone");
    assert!(before < MANY, "nothing was left to be interrupted");

    let serving = node.serve();
    let loaded = node.one(&["insert", "line", &file]);
    let (resumed, inserted) = (loaded["resumed"].as_u64().unwrap(), loaded["inserted"].as_u64().unwrap());
    assert!(resumed >= before && inserted > 0, "{loaded}, {before} before");
    assert_eq!(resumed + inserted, MANY, "{loaded}");
    let found: BTreeSet<u64> =
        node.json(&["export", "line"]).iter().map(|point| point["id"].as_u64().unwrap()).collect();
    assert_eq!((found.len() as u64, found.last()), (MANY, Some(&(MANY - 1))));
    let near =
        crate::program::live::from_memory(&node, &["search", "line", "--vector", "[54321, 21]", "-k", "1"]);
    assert_eq!((ids(&near), &near["complete"]), (vec![json!(54_321)], &json!(true)));
    serving.stop();
}

/// Rows in one write, several times what a node commits while it is being killed.
const LOGGED: u64 = 40_000;

#[test]
fn what_was_acknowledged_before_the_node_was_killed_is_on_the_chain_when_it_runs_again() {
    let node = Program::new();
    let serving = node.serve();
    node.one(&["collection", "create", "line", "--dimension", "2", "--distance", "euclid"]);
    let rows: String =
        (0..LOGGED).map(|i| format!("{{\"id\": {i}, \"vector\": [{i}, {}]}}\n", i % 300)).collect();
    let file = node.file("line.jsonl", &rows);
    let loaded = node.one(&["insert", "line", &file, "--no-wait"]);
    assert_eq!(loaded["inserted"], LOGGED);
    let waiting = node.one(&["collection", "info", "line"])["waiting"]["writes"].clone();
    // Dropping it kills it.
    drop(serving);
    assert_eq!(waiting, 1, "it was on the chain already, and nothing was tried");

    let serving = node.serve();
    let begun = std::time::Instant::now();
    loop {
        let info = node.one(&["collection", "info", "line"]);
        if info["waiting"]["writes"] == 0 && info["index"]["points"] == LOGGED {
            break;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(120), "{info}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let near =
        crate::program::live::from_memory(&node, &["search", "line", "--vector", "[34567, 67]", "-k", "1"]);
    assert_eq!(ids(&near), [json!(34_567)]);
    assert_eq!(node.one(&["collection", "info", "line"])["waiting"]["writes"], 0);
    serving.stop();
}
