use super::*;
use holochain_keystore::{MetaLairClient, SignedActionHashedExt, test_keystore};
use holochain_serialized_bytes::{SerializedBytes, UnsafeBytes, encode};
use holochain_types::prelude::{
    Action, ActionData, ActionHeader, AppEntryBytes, AppEntryDef, CreateData, EntryHashed, EntryType,
    EntryVisibility, RecordEntry, SignedActionHashed, Timestamp,
};
use rose_forest_api::{Distance, Encoding};
use rose_forest_core::{Space, encode::encode_row};
use rose_forest_rules::{
    block::BlockBuilder,
    id::PointId,
    reference::{CellId, HASH_BYTES, HashRef},
};

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
    entry_of(None, &code, 1, b"")
}

/// A block of so many rows with one code and one payload.
fn entry_of(cell: Option<CellId>, code: &[u8], rows: u64, payload: &[u8]) -> Entry {
    let schema = schema();
    let mut builder = BlockBuilder::new(&schema, cell);
    let ids: Vec<_> = (1..=rows).map(PointId::Int).collect();
    for id in &ids {
        builder.push(id, 1_000, code, payload).unwrap();
    }
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
    let block = checked(&honest, &schema()).await.unwrap().block;
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
    let code = encode_row(Space::from(&schema()), &[1.0, 2.0, 3.0]).unwrap();
    let cell = CellId { founding: HashRef([9; HASH_BYTES]), index: 0 };
    let in_a_cell = record(&keystore, &author, &entry_of(Some(cell), &code, 1, b"")).await;
    let large = record(&keystore, &author, &entry_of(None, &code, 4_000, b"")).await;
    assert!(said(&large).record.unwrap().len() > MAX_INLINE_BLOCK_BYTES);
    let payload = format!("{{\"a\": \"{}\"}}", "a".repeat(MAX_PAYLOAD_BYTES));
    let unpacks = record(&keystore, &author, &entry_of(None, &code, 1, payload.as_bytes())).await;
    assert!(said(&unpacks).record.unwrap().len() < MAX_INLINE_BLOCK_BYTES);
    let lies = [
        ("a settled block", said(&in_a_cell)),
        ("more than fits into a signal", said(&large)),
        ("a payload that unpacks to more than it should", said(&unpacks)),
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

    // A peer that is asked may bring what is not announced, and nothing else that does not hold.
    for asked in [&record_of_good, &in_a_cell, &large, &unpacks] {
        let bytes = encode(asked).unwrap();
        let given = checked_record(bytes.clone(), &schema()).await.unwrap();
        assert_eq!(given.block.action, *asked.action_address());
        assert!(given.bytes >= bytes.len());
        assert!(checked_record(bytes, &wider).await.is_none());
    }
    for lie in [&exchanged, &hidden, &forged, &too_long] {
        assert!(checked_record(encode(lie).unwrap(), &schema()).await.is_none());
    }
    for bytes in [Vec::new(), b"nonsense".to_vec(), vec![0; MAX_RECORD_BYTES + 1]] {
        assert!(checked_record(bytes, &schema()).await.is_none());
    }
}

fn agent(number: u8) -> AgentPubKey {
    AgentPubKey::from_raw_32(vec![number; 32])
}

fn waiting(author: u8, from: u8, bytes: usize) -> Waiting {
    Waiting { author: agent(author), from: agent(from), bytes }
}

fn fill(announced: &mut Announced, for_it: impl Fn(usize) -> Waiting) -> usize {
    for number in 0.. {
        let next = for_it(number);
        if !announced.has_room(&next) {
            return number;
        }
        announced.add(ActionHash::from_raw_32(rand::random::<[u8; 32]>().to_vec()), next);
    }
    unreachable!("there is room for ever")
}

#[test]
fn one_author_cannot_fill_the_room_of_all_by_number_or_by_size() {
    let mut announced = Announced::default();
    assert_eq!(fill(&mut announced, |_| waiting(1, 1, MAX_ANNOUNCED_BYTES)), MAX_BLOCKS_OF_ONE);
    assert!(announced.has_room(&waiting(2, 2, 1)) && announced.overdue().is_empty());
    let first = announced.since.keys().next().cloned().unwrap();
    announced.delivered(&first);
    assert!(announced.has_room(&waiting(1, 1, 1)));
    let mut announced = Announced::default();
    assert_eq!(fill(&mut announced, |_| waiting(1, 1, 4 << 20)), MAX_BYTES_OF_ONE / (4 << 20));
}

#[test]
fn one_peer_cannot_fill_it_with_blocks_of_others() {
    let mut announced = Announced::default();
    assert_eq!(fill(&mut announced, |number| waiting((number / 50) as u8, 200, 1)), MAX_BLOCKS_FROM_ONE);
    assert!(announced.has_room(&waiting(0, 201, 1)));
}
