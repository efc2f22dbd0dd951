//! Proofs of points, against a real conductor: what a client checks by itself.

use super::forest::proof;
use crate::live::tests::{create, live, node};
use holochain_keystore::AgentPubKeyExt;
use holochain_serialized_bytes::{decode, encode};
use holochain_types::prelude::{Action, ActionData, ActionHashed, Entry, EntryHashed, Signature};
use rose_forest_api::{InsertInput, PointId, floats_to_bytes};
use rose_forest_engine::writer::Work;
use rose_forest_http::BackendError;
use rose_forest_rules::block::BlockView;

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_holds_what_its_author_signed_and_the_block_that_it_speaks_of() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path()).await;
    let collection = create(&node).await;
    let (live, _) = live(&node, &collection).await;
    let ids: Vec<_> = (0..40).map(PointId::Int).collect();
    let input = InsertInput {
        ids: ids.clone(),
        vectors: (0..40).flat_map(|id| floats_to_bytes(&[id as f32 + 1.0, 1.0, 0.0])).collect(),
        payloads: vec![Some(r#"{"a":1}"#.to_owned()); 40],
    };
    node.write_points(&collection, Work::Insert { bulk: false, input }).await.unwrap();
    for id in &ids {
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
