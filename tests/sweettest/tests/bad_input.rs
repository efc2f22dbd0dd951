//! Bad input gets an error that says what was expected, and changes nothing.

use holochain::sweettest::{SweetConductor, SweetLocalRendezvous};
use rose_forest_api::*;
use rose_forest_rules::schema::{PayloadForm, SCHEMA_VERSION, Writers};
use rose_forest_sweettest::{
    APP, Network, Node, Row, collection, config, dna, row, rows, schema, topic, with_properties,
};
use serde::Serialize;
use std::fmt::Debug;

const D: usize = 8;

/// Has the zome refuse a call with these words, and write nothing.
async fn refused(node: &Node, function: &str, input: impl Serialize + Debug, words: &[&str]) {
    let before = node.info().await.chain_length;
    match node.try_call::<_, serde_json::Value>(function, input).await {
        Ok(output) => panic!("{function} accepted what it should refuse with {words:?}: {output}"),
        Err(message) => {
            for word in words {
                assert!(message.contains(word), "expected {word:?} in: {message}");
            }
        }
    }
    assert_eq!(node.info().await.chain_length, before, "a refused call wrote something");
}

fn with_vector(vector: Vec<f32>) -> InsertInput {
    Row::input(&[Row { id: PointId::Int(1), vector, payload: None }])
}

fn with_payload(payload: &str) -> InsertInput {
    Row::input(&[Row { payload: Some(payload.to_owned()), ..row(D, 1, 0) }])
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_that_cannot_be_stored_are_refused() {
    let network = Network::of(1, &collection(D).await).await;
    let node = &network.nodes[0];
    for function in ["insert", "bulk_insert"] {
        refused(node, function, with_vector(topic(D + 1, 0, 0)), &["expected", "36 bytes"]).await;
        refused(node, function, with_vector(vec![0.0; D]), &["id 1", "zero"]).await;
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut vector = topic(D, 0, 0);
            vector[5] = bad;
            refused(node, function, with_vector(vector), &["id 1", "component 5"]).await;
        }
        let mut truncated = Row::input(&rows(D, 0..2));
        truncated.vectors.pop();
        refused(node, function, truncated, &["64 bytes", "63 bytes"]).await;
    }
    assert_eq!(node.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zero_vector_is_welcome_where_it_has_a_meaning() {
    let schema = Schema::new("test", D, Distance::Euclid, Encoding::Sq8).unwrap();
    let network = Network::of(1, &dna(&schema, "euclid").await).await;
    let node = &network.nodes[0];
    let _: WriteOutput = node.call("insert", with_vector(vec![0.0; D])).await;
    let hit = node.search(&[0.0; D], 1).await.hits.remove(0);
    assert_eq!((hit.id, hit.score), (PointId::Int(1), 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_are_empty_or_name_an_id_twice_are_refused() {
    let network = Network::of(1, &collection(D).await).await;
    let node = &network.nodes[0];
    for function in ["insert", "bulk_insert"] {
        refused(node, function, Row::input(&[]), &["expected 1 to", "received 0"]).await;
        let twice = Row::input(&[row(D, 7, 0), row(D, 8, 1), row(D, 7, 2)]);
        refused(node, function, twice, &["id 7", "twice"]).await;
        let mut unequal = Row::input(&rows(D, 0..3));
        unequal.payloads.pop();
        refused(node, function, unequal, &["payload", "3", "received 2"]).await;
    }
    // One point in two spellings.
    let uuid = |text: &str| Row { id: PointId::text(text).unwrap(), ..row(D, 0, 0) };
    let spellings =
        [uuid("550e8400-e29b-41d4-a716-446655440000"), uuid("550E8400-E29B-41D4-A716-446655440000")];
    refused(node, "insert", Row::input(&spellings), &["twice"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_that_are_no_object_or_too_large_are_refused() {
    let network = Network::of(1, &collection(D).await).await;
    let node = &network.nodes[0];
    for function in ["insert", "bulk_insert"] {
        for payload in ["[1]", "7", "\"text\"", "null", "{", "{}{}", "{\"a\":}"] {
            refused(node, function, with_payload(payload), &["id 1", "object"]).await;
        }
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
        refused(node, function, with_payload(&large), &["id 1", "1048576", "received 1048584"]).await;
    }
    let _: WriteOutput = node.call("insert", with_payload("{\"a\":{\"b\":[]}}")).await;
    assert_eq!(node.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_too_large_for_one_block_is_split() {
    // 1,200 rows of 4,000 bytes are 4.8 MB.
    const LARGE: usize = 4_000;
    let network = Network::of(1, &collection(LARGE).await).await;
    let node = &network.nodes[0];
    let written = node.insert(&rows(LARGE, 0..1_200)).await;
    assert_eq!(written.rows, 1_200);
    assert_eq!(written.blocks.len(), 2);
    assert_eq!(node.count().await, 1_200);
    for id in [0, 599, 1_199] {
        assert_eq!(node.nearest(&topic(LARGE, id as usize, id), 1).await, [id]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_ids_are_named_or_passed_over() {
    let network = Network::of(1, &collection(D).await).await;
    let node = &network.nodes[0];
    node.insert(&rows(D, 0..3)).await;
    let delete = |ids: &[u64], ignore_unknown| DeleteInput {
        ids: ids.iter().copied().map(PointId::Int).collect(),
        ignore_unknown,
    };
    refused(node, "delete", delete(&[1, 77], false), &["unknown", "77"]).await;
    refused(node, "delete", delete(&[], false), &["expected 1 to", "received 0"]).await;
    refused(node, "delete", delete(&[1, 1], false), &["id 1", "twice"]).await;
    assert_eq!(node.count().await, 3);
    let written: WriteOutput = node.call("delete", delete(&[1, 77], true)).await;
    assert_eq!(written.rows, 1);
    let before = node.info().await.chain_length;
    let written: WriteOutput = node.call("delete", delete(&[1, 77], true)).await;
    assert_eq!(written.rows, 0);
    assert_eq!(node.info().await.chain_length, before);

    let ids = [1, 2, 77].map(PointId::Int).to_vec();
    let input =
        GetInput { ids, author: None, with_vector: false, scope: Scope::Local, view: View::default() };
    let got: GetOutput = node.call("get", input).await;
    assert_eq!(got.points.iter().map(|point| point.id.clone()).collect::<Vec<_>>(), [PointId::Int(2)]);
    assert_eq!(got.unknown, [1, 77].map(PointId::Int));
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_and_pages_beyond_their_limits_are_refused() {
    let network = Network::of(1, &collection(D).await).await;
    let node = &network.nodes[0];
    node.insert(&rows(D, 0..3)).await;
    let search =
        |vector: Vec<f32>, k| SearchInput { vector: floats_to_bytes(&vector), k, ..SearchInput::default() };
    for k in [0, MAX_K + 1, u32::MAX] {
        refused(node, "search", search(topic(D, 0, 0), k), &["k", "1 to 1000", &format!("received {k}")])
            .await;
    }
    refused(node, "search", search(topic(D - 1, 0, 0), 3), &["expected", "28"]).await;
    refused(node, "search", search(vec![0.0; D], 3), &["zero"]).await;
    refused(node, "search", search(vec![f32::NAN; D], 3), &["component 0"]).await;
    let mut truncated = search(topic(D, 0, 0), 3);
    truncated.vector.pop();
    refused(node, "search", truncated, &["31 bytes"]).await;
    for nprobe in [0, MAX_NPROBE + 1] {
        let input = SearchInput { nprobe: Some(nprobe), ..search(topic(D, 0, 0), 3) };
        refused(node, "search", input, &["nprobe", &format!("received {nprobe}")]).await;
    }
    let all = SearchInput { nprobe: Some(MAX_NPROBE), ..search(topic(D, 0, 0), MAX_K) };
    assert_eq!(node.call::<_, SearchOutput>("search", all).await.hits.len(), 3);
    for limit in [0, 10_001] {
        let input = ScrollInput { limit: Some(limit), ..ScrollInput::default() };
        refused(node, "scroll", input, &["1 to 10000", &format!("received {limit}")]).await;
    }
    let input = ScrollInput { cursor: Some("no cursor".to_owned()), ..ScrollInput::default() };
    refused(node, "scroll", input, &["cursor"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_properties_are_refused_at_genesis() {
    #[derive(Serialize)]
    struct OtherOrder {
        name: &'static str,
        version: u8,
        dimension: u16,
        distance: Distance,
        encoding: Encoding,
        payload: PayloadForm,
        writers: Writers,
    }
    let other_order = OtherOrder {
        name: "test",
        version: SCHEMA_VERSION,
        dimension: 8,
        distance: Distance::Cosine,
        encoding: Encoding::Sq8,
        payload: PayloadForm::Plain,
        writers: Writers::Anyone,
    };
    let good = schema(D);
    let properties = [
        ("canonical", rmp_serde::to_vec_named(&other_order).unwrap()),
        ("canonical", [good.to_bytes().unwrap(), vec![0]].concat()),
        ("4097", Schema { dimension: 4_097, ..good.clone() }.to_bytes().unwrap()),
        ("dimension", Schema { dimension: 0, ..good.clone() }.to_bytes().unwrap()),
        ("encoding: reserved", Schema { encoding: Encoding::Pq, ..good.clone() }.to_bytes().unwrap()),
        ("encoding: reserved", Schema { encoding: Encoding::Bit1, ..good.clone() }.to_bytes().unwrap()),
        ("encrypted", Schema { payload: PayloadForm::Encrypted, ..good.clone() }.to_bytes().unwrap()),
        ("writers", Schema { writers: Writers::Named, ..good.clone() }.to_bytes().unwrap()),
        ("version", Schema { version: 2, ..good.clone() }.to_bytes().unwrap()),
        ("name", Schema { name: "new\nline".to_owned(), ..good.clone() }.to_bytes().unwrap()),
        ("cannot be read", b"nonsense".to_vec()),
        ("cannot be read", Vec::new()),
    ];
    let mut conductor =
        SweetConductor::from_config_rendezvous(config(), SweetLocalRendezvous::new().await).await;
    for (number, (word, properties)) in properties.into_iter().enumerate() {
        let dna = with_properties(properties, "malformed").await;
        let installed = conductor.setup_app(&format!("{APP}-{number}"), &[dna]).await;
        let message = format!("{:?}", installed.err().unwrap_or_else(|| panic!("accepted: {word}")));
        assert!(message.contains(word), "expected {word:?} in: {message}");
    }
}
