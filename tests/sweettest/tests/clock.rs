//! A clock that was ahead and is set back. A test cannot turn the clock of its machine, but what a clock showed
//! is seen by an author's chain alone: so a chain is given an insert of an hour from now, signed by its author.

use holochain::prelude::*;
use rose_forest_api::PointId;
use rose_forest_rules::{
    anchor::Anchor,
    tag::{FreshTag, epoch_tag},
};
use rose_forest_sweettest::{
    EntryKind, LinkKind, Network, Node, RawBlock, VectorEntry, all_of_it, anchor, by_id, collection,
    entry_bytes, epoch, row, schema, topic,
};

const D: usize = 8;
/// How far the clock was ahead.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_between_two_upserts_loses_neither() {
    let network = Network::of(2, &collection(D).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    let ahead =
        insert_ahead_of_time(alice, &[(1, topic(D, 0, 1)), (2, topic(D, 1, 2)), (3, topic(D, 2, 3))]).await;
    assert_eq!(alice.nearest(&topic(D, 0, 1), 1).await, [1]);

    // The clock is right again. Overwriting and deleting must still win, and twice in the right order.
    let first = alice.insert(&[row(D, 1, 4), row(D, 4, 3)]).await;
    assert!(first.written_at_micros > ahead, "{} is not after {ahead}", first.written_at_micros);
    let second = alice.insert(&[row(D, 1, 5)]).await;
    assert!(second.written_at_micros > first.written_at_micros);
    alice.delete([2]).await;
    network.settled_down().await;
    let answer = by_id(alice.scroll(10).await);
    let ids: Vec<_> = answer.iter().map(|point| point.id.clone()).collect();
    assert_eq!(ids, [1, 3, 4].map(PointId::Int));
    assert_eq!(by_id(bob.scroll(10).await), answer);
    for node in [alice, bob] {
        assert_eq!(node.nearest(&topic(D, 5, 1), 1).await, [1]);
        let stale = node.search(&topic(D, 0, 1), 10).await.hits;
        assert!(stale.iter().all(|hit| hit.score < 0.9), "an old version came back: {stale:?}");
    }

    // And through settling, which rewrites rows with the times they have.
    alice.settle(&all_of_it(1)).await;
    network.settled_down().await;
    let times = |points: Vec<rose_forest_api::Point>| -> Vec<_> {
        by_id(points).into_iter().map(|point| (point.id, point.written_at_micros)).collect()
    };
    for node in [alice, bob] {
        assert_eq!(times(node.scroll(10).await), times(answer.clone()));
    }
}

/// What `insert` would have signed an hour from now. Returns the time of its rows.
async fn insert_ahead_of_time(node: &Node, rows: &[(u64, Vec<f32>)]) -> i64 {
    // The first call runs `init`, which signs something, too.
    node.info().await;
    let chain = node.conductor.get_agent_source_chain(node.cell.agent_pubkey(), node.cell.dna_hash()).await;
    let time = (Timestamp::now() + AHEAD).unwrap();
    let number = chain.chain_head_nonempty().unwrap().seq + 1;
    let base = epoch(node.cell.agent_pubkey(), number);
    let link = |kind: LinkKind, base: AnyLinkableHash, target: AnyLinkableHash, tag: Vec<u8>| {
        ActionData::CreateLink(CreateLinkData {
            base_address: base,
            target_address: target,
            zome_index: ZomeIndex(0),
            link_type: LinkType(kind as u8),
            tag: LinkTag(tag),
        })
    };
    let block = RawBlock::of(&schema(D), None, time.as_micros(), rows).bytes();
    let bytes = entry_bytes(&VectorEntry { block: block.into() });
    let entry = Entry::App(AppEntryBytes(SerializedBytes::from(UnsafeBytes::from(bytes))));
    let create = ActionData::Create(CreateData {
        entry_type: EntryType::App(AppEntryDef::new(
            EntryDefIndex(EntryKind::Vector as u8),
            ZomeIndex(0),
            EntryVisibility::Public,
        )),
        entry_hash: EntryHash::with_data_sync(&entry),
    });
    let put = async |data: ActionData, entry: Option<Entry>| {
        let head = chain.chain_head_nonempty().unwrap();
        let header = ActionHeader {
            author: node.agent(),
            timestamp: (time + std::time::Duration::from_micros(u64::from(head.seq))).unwrap(),
            action_seq: head.seq + 1,
            prev_action: Some(head.action),
        };
        chain.put_with_action(Action { header, data }, entry, ChainTopOrdering::Strict).await.unwrap()
    };
    let opened = epoch_tag(number);
    put(link(LinkKind::FreshToEpoch, anchor(Anchor::Fresh).into(), base.clone().into(), opened), None).await;
    let block = put(create, Some(entry)).await;
    let tag = FreshTag { epoch: number, rows: rows.len() as u32, tombstones: 0 }.to_bytes();
    put(link(LinkKind::EpochToBlock, base.into(), block.into(), tag), None).await;
    chain.flush(vec![]).await.unwrap();
    time.as_micros()
}
