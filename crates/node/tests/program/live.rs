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

const FILTER: &str = r#"{"must": [{"key": "word", "match": {"value": "east"}}]}"#;

#[test]
fn a_filter_is_applied_during_the_search_and_only_where_there_is_an_index() {
    let node = Program::new();
    let serving = serving_three(&node);
    let east = from_memory(&node, &[&NORTH[..], &["--filter", FILTER]].concat());
    assert_eq!((ids(&east), &east["hits"][0]["confirmed"]), (vec![json!(1)], &json!(true)));
    let problem = node.refused(&[&NORTH[..], &["--filter", "{\"must\": 7}"]].concat());
    assert!(problem.contains("the filter cannot be read"), "{problem}");
    serving.stop();
    let problem = node.refused(&[&NORTH[..], &["--filter", FILTER]].concat());
    assert!(problem.contains("rose-forest serve"), "{problem}");
}

/// So many that they are loaded in bulk, which puts them into cells.
const MANY: usize = 1_500;

#[test]
fn settled_rows_are_searched_on_disk_when_memory_is_short() {
    let node = Program::new();
    let serving = node.serve_with(&["--index-memory", "0"]);
    node.one(&["collection", "create", "line", "--dimension", "2", "--distance", "euclid"]);
    let rows: String =
        (0..MANY).map(|i| format!("{{\"id\": {i}, \"vector\": [{i}, {}]}}\n", i % 30)).collect();
    let file = node.file("line.jsonl", &rows);
    node.one(&["insert", "line", &file]);
    let index = || node.one(&["collection", "info", "line"])["index"].clone();
    let begun = Instant::now();
    while index()["in_lists"] != json!(MANY) {
        assert!(begun.elapsed() < DEADLINE, "rows stay in memory: {}", index());
        std::thread::sleep(Duration::from_millis(200));
    }
    let search = ["search", "line", "--vector", "[700, 10]", "-k", "5"];
    let disk = from_memory(&node, &search);
    let zome = node.one(&[&search[..], &["--zome", "--nprobe", "65536"]].concat());
    assert_eq!((ids(&disk).first(), &disk["hits"]), (Some(&json!(700)), &zome["hits"]));
    // Deleted rows are gone from there, too, and newer versions count.
    node.one(&["delete", "line", "700"]);
    let moved = node.file("moved.jsonl", "{\"id\": 701, \"vector\": [-5, -5]}\n");
    node.one(&["insert", "line", &moved]);
    let near = ids(&from_memory(&node, &search));
    assert!(!near.contains(&json!(700)) && !near.contains(&json!(701)), "{near:?}");
    let verified = node.one(&["index", "verify", "line"]);
    assert_eq!((&verified["same"], &verified["rows"]), (&json!(true), &json!(MANY - 1)));
    serving.stop();
    let serving = node.serve_with(&["--index-memory", "0"]);
    assert_eq!(ids(&from_memory(&node, &search)), near);
    assert_eq!(node.one(&["index", "verify", "line"])["same"], true);
    serving.stop();
}

#[test]
fn what_a_node_does_is_counted() {
    let node = Program::new();
    let serving = serving_three(&node);
    from_memory(&node, &NORTH);
    let text = node.one(&["node", "metrics"])["openmetrics"].as_str().unwrap().to_owned();
    let value = |metric: &str, label: &str| {
        let line = text.lines().find(|line| line.starts_with(metric) && line.contains(label));
        let line = line.unwrap_or_else(|| panic!("no {metric} {label} in {text}"));
        assert!(line.contains("collection=\"places ("), "{line}");
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert_eq!(value("rose_forest_inserts_total", ""), 3.0);
    assert!(value("rose_forest_searches_total", "memory") >= 1.0);
    assert!(value("rose_forest_search_seconds_count", "") >= 1.0);
    assert_eq!(value("rose_forest_queue_writes", ""), 0.0);
    serving.stop();
}
