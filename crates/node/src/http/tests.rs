//! The API over a real conductor: what a client checks by itself, and what is answered before there is one.

use super::Api;
use super::forest::proof;
use crate::collections::Collection;
use crate::live::tests::{create, live, node, settings};
use crate::node::{Before, Node};
use crate::saved::Saved;
use holochain_keystore::AgentPubKeyExt;
use holochain_serialized_bytes::{decode, encode};
use holochain_types::prelude::{Action, ActionData, ActionHashed, Entry, EntryHashed, Signature};
use rose_forest_api::{InsertInput, PointId, floats_to_bytes};
use rose_forest_engine::local::Limits;
use rose_forest_engine::writer::Work;
use rose_forest_http::BackendError;
use rose_forest_http::backend::{
    Backend, Consistency, Effort, Ordering, ReadOptions, Search, Selector, What, With, Write, WriteOptions,
};
use rose_forest_rules::block::BlockView;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Many times what anything takes.
const DEADLINE: Duration = Duration::from_secs(60);
/// What waits for the node is not answered within this.
const A_MOMENT: Duration = Duration::from_millis(300);
const OWN: ReadOptions = ReadOptions { consistency: Consistency::Own, timeout: DEADLINE };

/// Rows of a collection of three dimensions, written and saved by a node that has stopped.
async fn written(folder: &Path, rows: u64) -> Collection {
    let node = node(folder).await;
    let collection = create(&node).await;
    let _ = live(&node, &collection).await;
    node.write_points(&collection, insert(0..rows)).await.unwrap();
    node.stop().await.unwrap();
    collection
}

fn insert(ids: std::ops::Range<u64>) -> Work {
    let ids: Vec<_> = ids.collect();
    let input = InsertInput {
        vectors: ids.iter().flat_map(|id| floats_to_bytes(&[*id as f32 + 1.0, 1.0, 0.0])).collect(),
        payloads: vec![Some(r#"{"a":1}"#.to_owned()); ids.len()],
        ids: ids.into_iter().map(PointId::Int).collect(),
    };
    Work::Insert { bulk: false, input }
}

/// The API before its node has started, and what starts that.
fn early(folder: &Path) -> (Arc<Api>, impl AsyncFnOnce() -> Arc<Node>) {
    let settings = settings(folder);
    let lock = settings.dir.lock().unwrap();
    let before = Before::of(&settings.dir, Saved::find(&settings.dir, Limits::default()).unwrap()).unwrap();
    let api = Api::new(before.clone(), None, std::collections::HashSet::new()).unwrap();
    (Arc::new(api), async || Arc::new(Node::start_from(before, settings, lock).await.unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_answered_by_what_was_saved_until_the_node_has_started() {
    let folder = tempfile::tempdir().unwrap();
    let collection = written(folder.path(), 40).await;
    let (api, start) = early(folder.path());
    let search = Search {
        what: What::Nearest(vec![3.0, 1.0, 0.0]),
        filter: None,
        limit: 3,
        effort: Effort::Usual,
        threshold: None,
        with: With { payload: true, vector: false },
    };
    let found = api.search("notes", search.clone(), OWN).await.unwrap();
    assert_eq!(found[0].id, PointId::Int(2));
    assert_eq!((&found[0].author, found.len()), (&collection.agent, 3));
    assert_eq!(api.count("notes", None, OWN).await.unwrap(), 40);
    let hash = collection.dna_hash.to_string();
    assert_eq!(api.count(&hash, None, OWN).await.unwrap(), 40, "a hash is a name, too");
    let ids = vec![PointId::Int(7), PointId::Int(70)];
    assert_eq!(api.get("notes", ids, With::default(), OWN).await.unwrap().len(), 1);
    assert_eq!(api.shape("notes").await.unwrap().schema, collection.schema);
    let state = api.state("notes").await.unwrap();
    assert_eq!((state.points, state.is_complete), (40, false), "the DHT may have more");
    assert!(!api.is_ready().await);
    assert!(api.metrics().contains("rose_forest_search_seconds"), "{}", api.metrics());

    // Everything else waits, and what asks others does: nobody is there to ask.
    let others = ReadOptions { consistency: Consistency::All, ..OWN };
    let write = Write::Delete(Selector::Ids(vec![PointId::Int(1)]));
    let options = WriteOptions { wait: true, ordering: Ordering::Weak, timeout: DEADLINE };
    let [one, two, three, four] = std::array::from_fn(|_| api.clone());
    let asked = tokio::spawn(async move { one.count("notes", None, others).await });
    let listed = tokio::spawn(async move { two.collections().await });
    let unknown = tokio::spawn(async move { three.count("other", None, OWN).await });
    let deleted = tokio::spawn(async move { four.write("notes", write, options).await });
    tokio::time::sleep(A_MOMENT).await;
    assert!(
        !asked.is_finished() && !listed.is_finished() && !unknown.is_finished() && !deleted.is_finished()
    );
    let node = start().await;
    api.started(node.clone());
    assert!((39..=40).contains(&asked.await.unwrap().unwrap()));
    assert_eq!(listed.await.unwrap().unwrap(), ["notes"]);
    assert!(matches!(unknown.await.unwrap(), Err(BackendError::NoCollection { .. })));
    deleted.await.unwrap().unwrap();
    assert!(node.saved.all().is_empty(), "it is kept in step now");
    node.write_points(&collection, insert(40..42)).await.unwrap();
    assert_eq!(api.count("notes", None, OWN).await.unwrap(), 41);
    assert_eq!(api.search("notes", search, OWN).await.unwrap().len(), 3);

    // What was left is answered no more.
    assert!(api.leave("notes").await.unwrap());
    node.stop().await.unwrap();
    drop((api, node));
    let dir = settings(folder.path()).dir;
    assert!(Saved::find(&dir, Limits::default()).unwrap().all().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_lacks_rows_answers_when_the_node_has_started_and_early_again_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let collection = written(folder.path(), 40).await;
    let index = settings(folder.path()).dir.indexes().join(collection.dna_hash.to_string());
    let graph = index.join("graph.index");
    let damages: [&dyn Fn(); 2] = [
        &|| {
            let mut bytes = std::fs::read(&graph).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(&graph, bytes).unwrap();
        },
        &|| std::fs::remove_file(&graph).unwrap(),
    ];
    for damage in damages {
        {
            let (api, _) = early(folder.path());
            assert_eq!(api.count("notes", None, OWN).await.unwrap(), 40);
        }
        damage();
        let (api, start) = early(folder.path());
        let waits = tokio::time::timeout(A_MOMENT, api.count("notes", None, OWN)).await;
        assert!(waits.is_err(), "{waits:?}");
        let node = start().await;
        api.started(node.clone());
        let (live, _) = live(&node, &collection).await;
        assert_eq!(api.count("notes", None, OWN).await.unwrap(), 40);
        assert_eq!(live.index().missing_rows(), 0);
        node.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_holds_what_its_author_signed_and_the_block_that_it_speaks_of() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path()).await;
    let collection = create(&node).await;
    let (live, _) = live(&node, &collection).await;
    node.write_points(&collection, insert(0..40)).await.unwrap();
    for id in &(0..40).map(PointId::Int).collect::<Vec<_>>() {
        let proof = proof(live.clone(), id.clone()).await.unwrap();
        assert_eq!((&proof.id, &proof.author, proof.confirmed), (id, &collection.agent, true));
        // The action has the hash that it is called by, and these are its bytes.
        let action: Action = decode(&proof.signed_action).unwrap();
        assert_eq!(encode(&action).unwrap(), proof.signed_action);
        assert_eq!(ActionHashed::from_content_sync(action.clone()).hash, proof.action);
        // Its author signed them, and not others.
        let signature = Signature(proof.signature.clone().try_into().unwrap());
        let verified =
            async |bytes: Vec<u8>| proof.author.verify_signature_raw(&signature, bytes.into()).await.unwrap();
        assert!(verified(proof.signed_action.clone()).await);
        let mut other = proof.signed_action.clone();
        other[40] ^= 1;
        assert!(!verified(other).await);
        // The entry that it names is made of this block.
        let entry: Entry = decode(&proof.entry_bytes()).unwrap();
        assert_eq!(encode(&entry).unwrap(), proof.entry_bytes());
        let ActionData::Create(create) = &action.data else { panic!("no entry was made") };
        assert_eq!(EntryHashed::from_content_sync(entry).hash, create.entry_hash);
        // And the row is the point's.
        let meta = BlockView::parse(&proof.block).unwrap().meta().unwrap();
        assert_eq!(meta.rows()[proof.row as usize].id, *id);
    }
    let none = proof(live, PointId::Int(40)).await.unwrap_err();
    assert!(matches!(none, BackendError::NoPoint { .. }), "{none}");
    node.stop().await.unwrap();
}
