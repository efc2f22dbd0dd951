//! A node that serves answers from memory.

use crate::run::{Program, Serving, THREE, ids};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Many times what it takes.
const DEADLINE: Duration = Duration::from_secs(120);

/// Searches until the index answers.
pub fn from_memory(node: &Program, args: &[&str]) -> Value {
    let begun = Instant::now();
    loop {
        let answer = node.one(args);
        if answer["from_memory"] == true {
            return answer;
        }
        assert!(
            begun.elapsed() < DEADLINE,
            "the index does not answer: {}",
            node.one(&["collection", "info", args[1]])
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

const NORTH: [&str; 6] = ["search", "places", "--vector", "[0, 1]", "-k", "1"];

fn serving_three(node: &Program) -> Serving {
    let serving = node.serve();
    node.one(&["collection", "create", "places", "--dimension", "2"]);
    let file = node.file("three.jsonl", THREE);
    node.one(&["insert", "places", &file]);
    serving
}

#[test]
fn a_serving_node_answers_from_memory_what_the_zome_answers() {
    let node = Program::new();
    let serving = serving_three(&node);
    let memory = from_memory(&node, &NORTH);
    let zome = node.one(&[&NORTH[..], &["--zome"]].concat());
    assert_eq!(zome["from_memory"], false);
    assert_eq!((ids(&memory), &memory["hits"]), (vec![json!("north")], &zome["hits"]));
    assert_eq!(memory["complete"], true);
    // What is written is seen by the next search, and so is what is deleted.
    let more = node.file("more.jsonl", "{\"id\": \"norther\", \"vector\": [0.001, 1]}\n");
    node.one(&["delete", "places", "north"]);
    assert_eq!(ids(&from_memory(&node, &NORTH)).len(), 1);
    assert_ne!(ids(&from_memory(&node, &NORTH)), [json!("north")]);
    node.one(&["insert", "places", &more]);
    assert_eq!(ids(&from_memory(&node, &NORTH)), [json!("norther")]);
    let index = &node.one(&["collection", "info", "places"])["index"];
    assert_eq!((&index["points"], &index["in_graph"], &index["missing"]), (&json!(3), &json!(3), &json!(0)));
    serving.stop();
}

#[test]
fn an_index_that_is_damaged_or_gone_is_built_anew_from_what_the_conductor_holds() {
    let node = Program::new();
    serving_three(&node).stop();
    let indexes = node.data_dir().join("indexes");
    let of_collection = || std::fs::read_dir(&indexes).unwrap().next().unwrap().unwrap().path();
    let graph = of_collection().join("graph.index");
    let whole = std::fs::read(&graph).unwrap();
    let damages: [&dyn Fn(); 3] = [
        &|| std::fs::write(&graph, &whole[..whole.len() / 2]).unwrap(),
        &|| std::fs::write(of_collection().join("rows.redb"), b"this is no database").unwrap(),
        &|| std::fs::remove_dir_all(&indexes).unwrap(),
    ];
    for damage in damages {
        damage();
        let serving = node.serve();
        assert_eq!(ids(&from_memory(&node, &NORTH)), [json!("north")]);
        assert_eq!(node.one(&["collection", "info", "places"])["index"]["in_graph"], 3);
        serving.stop();
    }
}
