//! What is wrong is told, and changes nothing.

use crate::run::{Program, THREE};

#[test]
fn mistakes_are_told_with_what_was_expected() {
    let node = Program::new();
    let serving = node.serve();
    let refused = |args: &[&str], said: &str| {
        let problem = node.refused(args);
        assert!(problem.contains(said), "{args:?}: {problem}");
    };
    refused(&["search", "places", "--id", "1"], "this node has none");
    node.one(&["collection", "create", "places", "--dimension", "2"]);
    let file = node.file("three.jsonl", THREE);
    node.one(&["insert", "places", &file]);

    refused(&["collection", "create", "places", "--dimension", "2"], "already");
    refused(&["collection", "create", "big", "--dimension", "4097"], "1..=4096");
    refused(&["collection", "create", "", "--dimension", "2"], "name");
    refused(&["collection", "create", "a", "--dimension", "2", "--bootstrap", "nowhere"], "http://");
    refused(&["collection", "join", "rose-forest:AAAA"], "damaged");
    refused(&["collection", "join", "hello"], "begins with `rose-forest:`");
    refused(&["search", "nowhere", "--id", "1"], "there are places");
    refused(&["search", "places", "--vector", "[1, 2, 3]"], "expected a vector of 2 components, received 3");
    refused(&["search", "places", "--vector", "[0, 0]"], "zero");
    refused(&["search", "places", "--vector", "[1e300, 0]"], "finite");
    refused(&["search", "places", "--id", "nobody"], "no point with the id nobody");
    refused(&["search", "places", "--id", "1", "-k", "0"], "1..=1000");
    refused(&["search", "places", "--id", "1", "-k", "1001"], "1..=1000");
    refused(&["delete", "places", "1", "nobody"], "nobody");
    let empty = node.file("empty.jsonl", "");
    refused(&["insert", "places", &empty], "is empty");
    let text = node.file("rows.txt", "x");
    refused(&["insert", "places", &text], "expected a .jsonl");

    assert_eq!(node.json(&["export", "places"]).len(), 3, "nothing changed");
    assert_eq!(node.json(&["collection", "list"]).len(), 1);
    serving.stop();
}

#[test]
fn a_wrong_passphrase_is_called_that() {
    let node = Program::new();
    node.one(&["node", "info"]);
    let node = node.with_passphrase("another one");
    let problem = node.refused(&["node", "info"]);
    assert!(problem.contains("the passphrase is wrong"), "{problem}");
}
