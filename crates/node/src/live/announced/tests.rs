use super::*;
use holochain_keystore::{MetaLairClient, SignedActionHashedExt, test_keystore};
use holochain_serialized_bytes::{SerializedBytes, UnsafeBytes, encode};
use holochain_types::prelude::{
    Action, ActionData, ActionHeader, AppEntryBytes, AppEntryDef, CreateData, EntryHashed, EntryType,
    EntryVisibility, RecordEntry, SignedActionHashed, Timestamp,
};
use rose_forest_api::{Distance, Encoding};
use rose_forest_core::{Space, encode::encode_row};
use rose_forest_rules::{block::BlockBuilder, id::PointId};

#[derive(Debug, serde::Serialize)]
struct VectorEntry {
    #[serde(with = "serde_bytes")]
    block: Vec<u8>,
}

fn schema() -> Schema {
    Schema::new("notes", 3, Distance::Cosine, Encoding::F32).unwrap()
}

pub(in crate::live) fn entry(vector: [f32; 3], scale: f32) -> Entry {
    let schema = schema();
    let mut code = encode_row(Space::from(&schema), &vector).unwrap();
    for x in code.as_chunks_mut::<4>().0 {
        *x = (f32::from_le_bytes(*x) * scale).to_le_bytes();
    }
    let id = PointId::Int(1);
    let mut builder = BlockBuilder::new(&schema, None);
    builder.push(&id, 1_000, &code, b"").unwrap();
    let bytes = encode(&VectorEntry { block: builder.finish().unwrap() }).unwrap();
    Entry::App(AppEntryBytes::try_from(SerializedBytes::from(UnsafeBytes::from(bytes))).unwrap())
}

pub(in crate::live) async fn record(
    keystore: &MetaLairClient,
    author: &AgentPubKey,
    entry: &Entry,
) -> Record {
    let entry_hash = EntryHashed::from_content_sync(entry.clone()).hash;
    let entry_type = EntryType::App(AppEntryDef::new(0.into(), 0.into(), EntryVisibility::Public));
    let header = ActionHeader {
        author: author.clone(),
        timestamp: Timestamp::from_micros(2_000),
        action_seq: 4,
        prev_action: Some(ActionHash::from_raw_32(vec![7; 32])),
    };
    let action = Action { header, data: ActionData::Create(CreateData { entry_type, entry_hash }) };
    let signed = SignedActionHashed::sign(keystore, ActionHashed::from_content_sync(action)).await.unwrap();
    Record::new(signed, RecordEntry::Present(entry.clone()))
}

pub(in crate::live) fn said(record: &Record) -> BlockWritten {
    BlockWritten {
        author: record.action().author().clone(),
        block: record.action_address().clone(),
        rows: 1,
        tombstones: 0,
        settled: false,
        record: Some(encode(record).unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_believed_only_if_all_that_is_said_of_it_holds() {
    let keystore = test_keystore();
    let author = keystore.new_sign_keypair_random().await.unwrap();
    let another = keystore.new_sign_keypair_random().await.unwrap();
    let (good, other) = (entry([1.0, 2.0, 3.0], 1.0), entry([3.0, 2.0, 1.0], 1.0));
    let record_of_good = record(&keystore, &author, &good).await;
    let honest = said(&record_of_good);
    let block = checked(&honest, &schema()).await.unwrap();
    assert_eq!((&block.author, &block.action, block.timestamp_micros), (&author, &honest.block, 2_000));

    let (signed, _) = record_of_good.clone().into_inner();
    let exchanged = Record::new(signed.clone(), RecordEntry::Present(other.clone()));
    let hidden = Record::new(signed.clone(), RecordEntry::Hidden);
    let by_another = record(&keystore, &another, &good).await;
    let (signed_by_another, _) = by_another.clone().into_inner();
    let forged =
        SignedActionHashed::with_presigned(signed.hashed.clone(), signed_by_another.signature().clone());
    let forged = Record::new(forged, RecordEntry::Present(good.clone()));
    let too_long = record(&keystore, &author, &entry([1.0, 2.0, 3.0], 1_000.0)).await;
    let lies = [
        ("no record", BlockWritten { record: None, ..honest.clone() }),
        ("nonsense", BlockWritten { record: Some(b"nonsense".to_vec()), ..honest.clone() }),
        ("another block than it names", BlockWritten { block: said(&by_another).block, ..honest.clone() }),
        ("another author than it names", BlockWritten { author: another.clone(), ..honest.clone() }),
        ("another entry than was signed", said(&exchanged)),
        ("no entry", said(&hidden)),
        ("another's signature", said(&forged)),
        ("a vector that is too long", said(&too_long)),
    ];
    for (name, lie) in lies {
        assert!(checked(&lie, &schema()).await.is_none(), "{name} is believed");
    }
    let wider = Schema::new("notes", 4, Distance::Cosine, Encoding::F32).unwrap();
    assert!(checked(&honest, &wider).await.is_none(), "a block of another collection is believed");
}

#[test]
fn one_author_cannot_fill_the_room_of_all() {
    let mut announced = Announced::default();
    let (liar, honest) = (AgentPubKey::from_raw_32(vec![1; 32]), AgentPubKey::from_raw_32(vec![2; 32]));
    for number in 0..MAX_BLOCKS_OF_ONE {
        assert!(announced.has_room(&liar));
        announced.add(ActionHash::from_raw_32(vec![number as u8; 32]), liar.clone());
    }
    assert!(!announced.has_room(&liar) && announced.has_room(&honest));
    announced.delivered(&ActionHash::from_raw_32(vec![0; 32]));
    assert!(announced.has_room(&liar) && announced.overdue().is_empty());
}
