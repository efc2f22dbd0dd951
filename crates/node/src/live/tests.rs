//! What peers announce, against a real conductor whose DHT never delivers it.

use super::announced::MAX_BLOCKS_OF_ONE;
use super::announced::tests::{entry, record, said};
use super::*;
use crate::collections::{Collection, NewCollection};
use crate::data_dir::DataDir;
use crate::node::{Node, Settings};
use holochain_keystore::{MetaLairClient, test_keystore};
use rose_forest_engine::local::Limits;

/// Many times what anything takes.
const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) fn settings(folder: &std::path::Path) -> Settings {
    Settings {
        dir: DataDir::open(folder).unwrap(),
        passphrase: crate::passphrase::of("a passphrase for tests".to_owned()),
        gossip_ms: 1_000,
        self_validation: true,
        index_limits: Limits::default(),
    }
}

pub(crate) async fn node(folder: &std::path::Path) -> Node {
    let settings = settings(folder);
    let lock = settings.dir.lock().unwrap();
    Node::start(settings, lock).await.unwrap()
}

pub(crate) async fn create(node: &Node) -> Collection {
    let new = NewCollection {
        name: "notes".to_owned(),
        dimension: 3,
        distance: Distance::Cosine,
        encoding: Encoding::F32,
        network: None,
        vector_name: String::new(),
    };
    node.create(&new).await.unwrap()
}

/// What an index told.
pub(crate) type Told = Shared<Mutex<Vec<String>>>;

/// The index of a collection, once it answers; and what it tells.
pub(crate) async fn live(node: &Node, collection: &Collection) -> (Shared<Live>, Told) {
    let told = Told::default();
    let hears = told.clone();
    let live = node.go_live(collection, move |problem| hears.lock().push(problem)).await.unwrap();
    until(|| live.is_caught_up()).await;
    (live, told)
}

pub(in crate::live) async fn until(mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < DEADLINE, "it does not come to be");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether hits are only announced.
pub(in crate::live) async fn found(live: &Shared<Live>) -> Vec<bool> {
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
    let (index, told) = live(&first, &collection).await;
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
    assert_eq!(*told.lock(), [""; 0]);
    drop((index, first));

    let second = node(folder.path()).await;
    let (index, told) = live(&second, &collection).await;
    assert_eq!(found(&index).await, [true]);
    assert_eq!(index.announced.lock().len(), 1, "it is still waited for");
    index.announced.lock().make_overdue();
    index.news.notify_one();
    until(|| index.index.report().unwrap().points == 0).await;
    assert!(found(&index).await.is_empty());
    second.stop().await.unwrap();
    assert_eq!(*told.lock(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_announcements_is_held_to_its_limit_and_own_rows_are_found_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = test_keystore();
    let peer = keystore.new_sign_keypair_random().await.unwrap();
    let node = node(folder.path()).await;
    let collection = create(&node).await;
    let (index, told) = live(&node, &collection).await;
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
    assert_eq!(index.announced.lock().len(), MAX_BLOCKS_OF_ONE);
    node.stop().await.unwrap();
    assert_eq!(*told.lock(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_taken_in_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path()).await;
    let collection = create(&node).await;
    let (index, _) = live(&node, &collection).await;
    // As after a failure: rows are on the chain that the index knows nothing of, and it has read past them.
    node.lives.close_one(&collection.dna_hash).await;
    let input = InsertInput {
        ids: vec![PointId::Int(7)],
        vectors: floats_to_bytes(&[1.0, 0.0, 0.0]),
        payloads: Vec::new(),
    };
    let work = rose_forest_engine::writer::Work::Insert { bulk: false, input };
    node.write_points(&collection, work).await.unwrap();
    drop(index);
    let (index, _) = live(&node, &collection).await;
    assert_eq!(found(&index).await, [false]);
    index.behind.store(true, Ordering::Release);
    index.caught_up.send_replace(false);
    index.news.notify_one();
    until(|| index.is_caught_up()).await;
    assert_eq!(found(&index).await, [false], "once, however often it is read");
    // A store that has to be opened anew is: meanwhile the zome answers.
    index.broken.store(true, Ordering::Release);
    assert!(index.search(&SearchInput::default(), None).await.unwrap().is_none());
    node.stop().await.unwrap();
}
