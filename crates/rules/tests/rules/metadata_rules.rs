//! One test for every rule about what a node says of itself.

use crate::make::hash;
use rose_forest_rules::{
    Violation,
    metadata::{Holds, NodeMetadata, NodeStatus},
};

pub fn valid() -> NodeMetadata {
    NodeMetadata {
        agent: hash(5),
        name: "Anna's laptop 🌹".into(),
        software: "rose-forest 0.1.0".into(),
        capabilities: vec!["search".into(), "store".into()],
        holds: Holds::Everything,
        rows: 12,
        status: NodeStatus::Ready,
    }
}

#[test]
fn what_an_agent_says_of_its_own_node_is_accepted() {
    assert_eq!(valid().check(hash(5)), Ok(()));
}

#[test]
fn an_agent_speaks_for_its_own_node_only() {
    let expected = Violation::MetadataOfAnother { expected: hash(6), received: hash(5) };
    assert_eq!(valid().check(hash(6)), Err(expected));
}

#[test]
fn no_text_is_longer_than_128_bytes() {
    let break_it: [fn(&mut NodeMetadata, String); 3] =
        [|m, text| m.name = text, |m, text| m.software = text, |m, text| m.capabilities.push(text)];
    for set in break_it {
        let mut metadata = valid();
        set(&mut metadata, "ü".repeat(64));
        assert_eq!(metadata.check(hash(5)), Ok(()));
        set(&mut metadata, "a".repeat(129));
        let expected = Violation::MetadataText { max: 128, received: 129 };
        assert_eq!(metadata.check(hash(5)), Err(expected));
    }
}

#[test]
fn no_text_moves_the_cursor_of_a_terminal() {
    let refused = Err(Violation::MetadataControlCharacter);
    assert_eq!(NodeMetadata { name: "\u{1b}[2J".into(), ..valid() }.check(hash(5)), refused);
    assert_eq!(NodeMetadata { software: "a\nb".into(), ..valid() }.check(hash(5)), refused);
    assert_eq!(NodeMetadata { capabilities: vec!["\u{9b}".into()], ..valid() }.check(hash(5)), refused);
}

#[test]
fn a_node_names_at_most_32_capabilities() {
    let count =
        |received| NodeMetadata { capabilities: vec![String::new(); received], ..valid() }.check(hash(5));
    assert_eq!(count(32), Ok(()));
    assert_eq!(count(33), Err(Violation::TooManyCapabilities { max: 32, received: 33 }));
}
