//! What peers announce, against a real conductor whose DHT never delivers it.

use super::announced::MAX_BLOCKS_OF_ONE;
use super::announced::tests::{entry, record, said};
use super::*;
use crate::collections::NewCollection;
use crate::data_dir::DataDir;
use crate::node::Settings;
use holochain_keystore::{MetaLairClient, test_keystore};
use rose_forest_engine::local::Limits;

/// Many times what anything takes.
const DEADLINE: Duration = Duration::from_secs(60);

async fn node(folder: &std::path::Path) -> Node {
    let dir = DataDir::open(folder).unwrap();
    let settings = Settings {
        dir: dir.clone(),
        passphrase: crate::passphrase::of("a passphrase for tests".to_owned()),
        gossip_ms: 1_000,
        self_validation: true,
        index_limits: Limits::default(),
    };
    Node::start(settings, dir.lock().unwrap()).await.unwrap()
}

async fn create(node: &Node) -> Collection {
    let new = NewCollection {
        name: "notes".to_owned(),
        dimension: 3,
        distance: Distance::Cosine,
        encoding: Encoding::F32,
        network: None,
    };
    node.create(&new).await.unwrap()
}

/// The index of a collection, once it answers.
async fn live(node: &Node, collection: &Collection) -> Shared<Live> {
    let live = node.go_live(collection, |problem| panic!("{problem}")).await.unwrap();
    until(|| live.caught_up.load(Ordering::Acquire)).await;
    live
}

async fn until(mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < DEADLINE, "it does not come to be");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether hits are only announced.
async fn found(live: &Shared<Live>) -> Vec<bool> {
    let vector = floats_to_bytes(&[1.0, 0.0, 0.0]);
    let input = SearchInput { vector, k: 10, ..SearchInput::default() };
    live.search(&input, None).await.unwrap().unwrap().1
}

async fn announcement(keystore: &MetaLairClient, author: &AgentPubKey, vector: [f32; 3]) -> BlockWritten {
    said(&record(keystore, author, &entry(vector, 1.0)).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_row_is_unconfirmed_also_after_a_restart_and_is_taken_back_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = test_keystore();
    let peer = keystore.new_sign_keypair_random().await.unwrap();
    let first = node(folder.path()).await;
    let collection = create(&first).await;
    let index = live(&first, &collection).await;
    let word = announcement(&keystore, &peer, [1.0, 0.5, 0.0]).await;

    let another = keystore.new_sign_keypair_random().await.unwrap();
    index.announced(&another, vec![word.clone()]).await.unwrap();
    assert!(found(&index).await.is_empty(), "only the author's own word counts");
    let named = BlockWritten { record: None, ..word.clone() };
    index.announced(&peer, vec![named]).await.unwrap();
    assert!(found(&index).await.is_empty(), "a name is no block");

    index.announced(&peer, vec![word.clone(), word]).await.unwrap();
    assert_eq!(found(&index).await, [true]);
    first.stop().await.unwrap();
    drop((index, first));

    let second = node(folder.path()).await;
    let index = live(&second, &collection).await;
    assert_eq!(found(&index).await, [true]);
    assert_eq!(index.announced.lock().unwrap().len(), 1, "it is still waited for");
    index.announced.lock().unwrap().make_overdue();
    index.news.notify_one();
    until(|| index.index.report().unwrap().points == 0).await;
    assert!(found(&index).await.is_empty());
    second.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_announcements_is_held_to_its_limit_and_own_rows_are_found_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = test_keystore();
    let peer = keystore.new_sign_keypair_random().await.unwrap();
    let node = node(folder.path()).await;
    let collection = create(&node).await;
    let index = live(&node, &collection).await;
    let mut flood = Vec::new();
    for number in 0..MAX_BLOCKS_OF_ONE + 50 {
        flood.push(announcement(&keystore, &peer, [-1.0, number as f32, 0.0]).await);
    }
    // Blocks that do not exist at all: names without a record.
    for _ in 0..1_000 {
        let block = ActionHash::from_raw_32(rand::random::<[u8; 32]>().to_vec());
        let (author, rows) = (peer.clone(), 1_000_000);
        flood.push(BlockWritten { author, block, rows, tombstones: 0, settled: false, record: None });
    }
    let flooding = tokio::spawn({
        let (index, peer) = (index.clone(), peer.clone());
        async move { index.announced(&peer, flood).await }
    });
    let input = InsertInput {
        ids: vec![PointId::Int(7)],
        vectors: floats_to_bytes(&[1.0, 0.0, 0.0]),
        payloads: Vec::new(),
    };
    let work = rose_forest_engine::writer::Work::Insert { bulk: false, input };
    node.write_points(&collection, work).await.unwrap();
    assert_eq!(found(&index).await.first(), Some(&false), "the own row is nearest, and confirmed");
    flooding.await.unwrap().unwrap();
    assert_eq!(index.announced.lock().unwrap().len(), MAX_BLOCKS_OF_ONE);
    node.stop().await.unwrap();
}
