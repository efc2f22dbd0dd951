//! The collection's properties.

use crate::{
    dht::{Dht, Verdict, broken},
    make::{self, rose},
    ops,
};
use hdi::prelude::*;
use rose_forest_integrity::{genesis_self_check, schema};

fn self_check(properties: Vec<u8>) -> ValidateCallbackResult {
    let mut dht = Dht::new(&make::schema());
    dht.properties = properties;
    dht.install();
    genesis_self_check(GenesisSelfCheckData { membrane_proof: None, agent_key: rose() }).unwrap()
}

fn refusal(properties: Vec<u8>) -> String {
    match self_check(properties) {
        ValidateCallbackResult::Invalid(reason) => reason,
        other => panic!("expected a refusal, received {other:?}"),
    }
}

#[test]
fn a_schema_in_canonical_form_lets_one_join() {
    assert_eq!(self_check(make::schema().to_bytes().unwrap()), ValidateCallbackResult::Valid);
    assert_eq!(schema().unwrap(), make::schema());
}

#[test]
fn properties_that_are_no_schema_let_nobody_join() {
    assert!(refusal(vec![0xc0]).starts_with("SchemaUnreadable: the collection's properties cannot be read"));
}

#[test]
fn properties_in_another_form_let_nobody_join() {
    let mut properties = make::schema().to_bytes().unwrap();
    properties.push(0);
    assert!(refusal(properties).starts_with("SchemaNotCanonical: "));
}

#[test]
fn a_schema_with_a_value_that_is_not_allowed_lets_nobody_join() {
    let mut schema = make::schema();
    schema.dimension = 0;
    assert!(refusal(schema.to_bytes().unwrap()).starts_with("SchemaDimension: expected a dimension from 1"));
}

#[test]
fn nothing_can_be_written_under_properties_that_are_no_schema() {
    let mut dht = make::forest().dht;
    dht.properties = vec![0xc0];
    assert_eq!(dht.verdict(ops::create(&rose(), make::block(None))), broken("SchemaUnreadable"));
}

#[test]
fn the_system_may_still_write_then() {
    let mut dht = make::forest().dht;
    dht.properties = vec![0xc0];
    let done = ActionData::InitZomesComplete(InitZomesCompleteData {});
    assert_eq!(dht.verdict(ops::record_and_activity(&rose(), done)), Verdict::Valid);
}
