use super::*;
use std::collections::BTreeSet;

/// Every value under a name, wherever it stands.
fn all<'v>(value: &'v Value, name: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                if key == name {
                    found.push(value);
                }
                all(value, name, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| all(value, name, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn operations_of(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    operations.collect()
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document(true);
    let mut references = Vec::new();
    all(&document, "$ref", &mut references);
    assert!(references.len() > 100, "{}", references.len());
    for reference in references {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn every_operation_has_an_id_of_its_own_a_description_and_answers() {
    let document = document(false);
    let mut ids = BTreeSet::new();
    for (name, operation) in operations_of(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
        let answers = operation["responses"].as_object().unwrap();
        assert!(!answers.is_empty(), "{name}");
        let in_path: BTreeSet<_> =
            name.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
        let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let described = parameters.iter().filter(|parameter| parameter["in"] == "path");
        assert_eq!(
            in_path,
            described.map(|parameter| parameter["name"].as_str().unwrap()).collect(),
            "{name}"
        );
    }
    assert!(ids.contains("query_points"));
}

#[test]
fn what_needs_a_key_says_so_where_keys_are_asked_for() {
    assert!(document(false).get("security").is_none());
    let document = document(true);
    assert_eq!(document["security"].as_array().unwrap().len(), 2);
    for (name, operation) in operations_of(&document) {
        let is_open = operation.get("security").is_some();
        assert!(!is_open || !name.contains("/collections"), "{name}");
        assert_eq!(is_open, operation["responses"].get("401").is_none(), "{name}");
    }
}

#[test]
fn descriptions_have_no_marks_of_links() {
    let document = document(false);
    let mut texts = Vec::new();
    all(&document, "description", &mut texts);
    assert!(texts.len() > 100, "{}", texts.len());
    for text in texts {
        assert!(!text.as_str().unwrap().contains("[`"), "{text}");
    }
}
