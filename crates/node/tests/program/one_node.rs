//! One node on one machine, without a network.

use crate::run::{Program, THREE, ids};
use serde_json::json;

#[test]
fn what_is_inserted_is_found_deleted_exported_and_still_there_after_a_restart() {
    let node = Program::new();
    let created = node.one(&["collection", "create", "places", "--dimension", "2", "--encoding", "f32"]);
    assert_eq!(created["bootstrap"], json!(null));
    let file = node.file("three.jsonl", THREE);
    assert_eq!(node.one(&["insert", "places", &file])["inserted"], 3);

    // Every command is a process of its own: each of these is a restart.
    let found = node.one(&["search", "places", "--vector", "[1, 0]", "-k", "2"]);
    assert_eq!(ids(&found), [json!(1), json!(3)]);
    assert_eq!(found["complete"], true, "nobody else has anything");
    assert_eq!(found["hits"][0]["payload"], json!({ "word": "east" }));
    assert_eq!(found["hits"][0]["author"], created["agent"]);
    let near = node.one(&["search", "places", "--id", "1", "-k", "1"]);
    assert_eq!(ids(&near), [json!(3)], "a point is not near to itself");

    assert_eq!(node.one(&["delete", "places", "1"])["deleted"], 1);
    let found = node.one(&["search", "places", "--vector", "[1, 0]"]);
    assert_eq!(ids(&found), [json!(3), json!("north")]);

    let exported = node.run(&["export", "places", "--with-vectors"]).stdout;
    let text = String::from_utf8(exported).unwrap();
    assert_eq!(text.lines().count(), 2);
    node.one(&["collection", "create", "copy", "--dimension", "2", "--encoding", "f32"]);
    let copied = node.file("copy.jsonl", &text);
    assert_eq!(node.one(&["insert", "copy", &copied])["inserted"], 2);
    assert_eq!(ids(&node.one(&["search", "copy", "--id", "north", "-k", "1"])), [json!(3)]);
}

#[test]
fn a_data_directory_that_was_moved_has_its_keys() {
    let node = Program::new();
    node.one(&["collection", "create", "places", "--dimension", "2"]);
    let node = node.moved();
    let file = node.file("three.jsonl", THREE);
    assert_eq!(node.one(&["insert", "places", &file])["inserted"], 3);
    assert_eq!(ids(&node.one(&["search", "places", "--vector", "[1, 0]", "-k", "1"])), [json!(1)]);
}

#[test]
fn a_collection_that_was_left_is_joined_again_by_its_invite() {
    let node = Program::new();
    let serving = node.serve();
    node.one(&["collection", "create", "places", "--dimension", "2"]);
    let file = node.file("three.jsonl", THREE);
    node.one(&["insert", "places", &file]);
    let invite = node.one(&["collection", "invite", "places"])["invite"].as_str().unwrap().to_owned();
    assert_eq!(node.one(&["collection", "leave", "places"])["enabled"], false);
    assert!(node.refused(&["search", "places", "--id", "1"]).contains("has left places"));
    let joined = node.one(&["collection", "join", &invite]);
    assert_eq!((&joined["was_here"], &joined["enabled"]), (&json!(true), &json!(true)));
    assert_eq!(ids(&node.one(&["search", "places", "--vector", "[1, 0]", "-k", "1"])), [json!(1)]);
    serving.stop();
}

#[test]
fn bad_rows_are_refused_by_line_and_the_good_ones_are_written() {
    let node = Program::new();
    let serving = node.serve();
    node.one(&["collection", "create", "places", "--dimension", "2"]);
    let file = node.file(
        "rows.jsonl",
        "{\"id\": 1, \"vector\": [1, 0]}\n\
         {\"id\": 2, \"vector\": [1, 0, 0]}\n\
         {\"id\": 3, \"vector\": [0, 0]}\n\
         {\"id\": 4, \"vector\": [1e300, 0]}\n\
         {\"id\": 1, \"vector\": [0, 1]}\n\
         {\"id\": 6, \"vector\": [0, 1], \"payload\": 7}\n\
         {\"id\": 7, \"vector\": [0, 1]}\n",
    );
    let output = node.run(&["insert", "places", &file, "--json"]);
    assert_eq!(output.status.code(), Some(1), "something was refused");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["inserted"], &summary["refused"]), (&json!(2), &json!(5)));
    let said = String::from_utf8(output.stderr).unwrap();
    for line in 2..=6 {
        assert!(said.contains(&format!("line {line}: ")), "{said}");
    }
    let found = node.one(&["search", "places", "--vector", "[0, 1]"]);
    assert_eq!(ids(&found), [json!(7), json!(1)]);
    serving.stop();
}

#[test]
fn too_many_rows_for_a_block_go_to_cells_and_are_all_found() {
    let node = Program::new();
    let serving = node.serve();
    node.one(&["collection", "create", "circle", "--dimension", "2", "--encoding", "f32"]);
    let rows: String = (0..3_000)
        .map(|i| {
            let angle = f64::from(i) / 3_000.0 * std::f64::consts::TAU;
            format!("{{\"id\": {i}, \"vector\": [{}, {}]}}\n", angle.cos(), angle.sin())
        })
        .collect();
    let file = node.file("circle.jsonl", &rows);
    assert_eq!(node.one(&["insert", "circle", &file])["inserted"], 3_000);
    assert_eq!(ids(&node.one(&["search", "circle", "--vector", "[0, 1]", "-k", "1"])), [json!(750)]);
    let info = node.one(&["collection", "info", "circle"]);
    assert_eq!(info["settled_rows"], 3_000);
    assert_eq!(node.json(&["export", "circle"]).len(), 3_000);
    serving.stop();
}
