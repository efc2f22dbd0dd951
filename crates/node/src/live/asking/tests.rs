//! What a peer is asked and what it may say, against a real conductor; the peer is this test.

use super::*;
use crate::live::announced::tests::{entry, record};
use crate::live::tests::{create, found, live, node, until};
use holochain_keystore::test_keystore;
use holochain_serialized_bytes::encode;
use holochain_types::prelude::{Record, SignedActionHashed};
use rose_forest_api::{ActionHash, InsertInput, PointId, floats_to_bytes};
use rose_forest_engine::reconcile::{Differing, Summary};
use rose_forest_engine::writer::Work;
use tokio::time::Instant;

/// Many times what anything takes here.
const LONG: Duration = Duration::from_secs(60);
/// Time in which a peer that tells the truth would have been heard.
const SHORT: Duration = Duration::from_secs(3);

/// The question that is waiting for an answer, once it is another than this.
async fn asked(live: &Live, before: Option<u64>) -> u64 {
    let number = || live.asking.pending.lock().keys().copied().find(|number| Some(*number) != before);
    until(|| number().is_some()).await;
    number().unwrap()
}

fn say(live: &Shared<Live>, from: &AgentPubKey, number: u64, answer: Answer, records: &[&Record]) {
    let records = records.iter().map(|record| ByteBuf::from(encode(record).unwrap())).collect();
    let message = rmp_serde::to_vec(&Message::Answers { number, answer, records }).unwrap();
    live.heard(from.clone(), &message);
}

fn nothing() -> Answer {
    Answer::Authors { differing: Vec::new(), through: None }
}

/// That there is one block of its author, which is this record's.
fn one_block(record: &Record) -> Answer {
    let (author, block) = (record.action().author().clone(), record.action_address().clone());
    let digest = block.get_raw_32().try_into().unwrap();
    let summary = Summary { author, count: 1, digest };
    Answer::Authors { differing: vec![Differing { summary, newest: vec![block] }], through: None }
}

fn begin(live: &Shared<Live>, peer: &AgentPubKey, within: Duration) -> tokio::task::JoinHandle<usize> {
    let (live, peers) = (live.clone(), vec![peer.clone()]);
    tokio::spawn(async move { live.ask_peers(peers, 1, Instant::now() + within).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_has_is_taken_in_whoever_wrote_it_and_shows_as_unconfirmed() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = test_keystore();
    let peer = keystore.new_sign_keypair_random().await.unwrap();
    let author = keystore.new_sign_keypair_random().await.unwrap();
    let stranger = keystore.new_sign_keypair_random().await.unwrap();
    let node = node(folder.path()).await;
    let collection = create(&node).await;
    let (live, told) = live(&node, &collection).await;

    let block = record(&keystore, &author, &entry([1.0, 0.5, 0.0], 1.0)).await;
    let asking = begin(&live, &peer, LONG);
    let number = asked(&live, None).await;
    // Not the one who was asked; not what was asked; and what is no message at all.
    say(&live, &stranger, number, nothing(), &[]);
    say(&live, &peer, number.wrapping_add(1), nothing(), &[]);
    live.heard(peer.clone(), b"nonsense");
    live.heard(peer.clone(), &vec![0; MAX_MESSAGE_BYTES + 1]);
    assert!(!asking.is_finished() && found(&live).await.is_empty());
    say(&live, &peer, number, one_block(&block), &[&block]);
    assert_eq!(asking.await.unwrap(), 1);
    assert_eq!(found(&live).await, [true]);
    // An answer that comes once more is nobody's.
    say(&live, &peer, number, one_block(&block), &[&block]);
    assert!(live.asking.pending.lock().is_empty());

    // A block that only comes when it is asked for by name.
    let second = record(&keystore, &stranger, &entry([1.0, 0.0, 0.5], 1.0)).await;
    let asking = begin(&live, &peer, LONG);
    let number = asked(&live, None).await;
    say(&live, &peer, number, one_block(&second), &[]);
    let number = asked(&live, Some(number)).await;
    say(&live, &peer, number, Answer::Blocks, &[&second]);
    assert_eq!(asking.await.unwrap(), 1);
    assert_eq!(found(&live).await, [true, true]);
    node.stop().await.unwrap();
    assert_eq!(*told.lock(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_hold_is_not_taken_in_and_who_gives_it_has_not_answered() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = test_keystore();
    let peer = keystore.new_sign_keypair_random().await.unwrap();
    let author = keystore.new_sign_keypair_random().await.unwrap();
    let node = node(folder.path()).await;
    let collection = create(&node).await;
    let (live, _) = live(&node, &collection).await;
    let good = entry([1.0, 0.5, 0.0], 1.0);
    let honest = record(&keystore, &author, &good).await;
    let (by_peer, _) = record(&keystore, &peer, &good).await.into_inner();
    let (signed, present) = honest.clone().into_inner();
    let forged = SignedActionHashed::with_presigned(signed.hashed, by_peer.signature().clone());
    let forged = Record::new(forged, present);
    let unnamed = record(&keystore, &author, &entry([0.0, 0.5, 1.0], 1.0)).await;

    let asking = begin(&live, &peer, SHORT);
    let mut last = None;
    while !asking.is_finished() {
        let number = live.asking.pending.lock().keys().copied().find(|number| Some(*number) != last);
        if let Some(number) = number {
            last = Some(number);
            // Whichever of the two is asked for, the other answer ends it.
            say(&live, &peer, number, one_block(&honest), &[&forged, &unnamed]);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(asking.await.unwrap(), 0);
    assert!(last.is_some() && found(&live).await.is_empty());
    // Nobody waits any more, and nothing is kept of it.
    until(|| live.asking.pending.lock().is_empty()).await;
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_come_while_a_peer_is_asked_share_the_next_question() {
    let folder = tempfile::tempdir().unwrap();
    let peer = test_keystore().new_sign_keypair_random().await.unwrap();
    let node = node(folder.path()).await;
    let collection = create(&node).await;
    let (live, _) = live(&node, &collection).await;
    let first = begin(&live, &peer, LONG);
    let number = asked(&live, None).await;
    let (until, peers) = (Instant::now() + LONG, vec![peer.clone()]);
    let later = async || live.ask_peers(peers.clone(), 1, until).await;
    let answering = async {
        // Both others have come, because they are polled first.
        say(&live, &peer, number, nothing(), &[]);
        assert_eq!(first.await.unwrap(), 1);
        let next = asked(&live, Some(number)).await;
        say(&live, &peer, next, nothing(), &[]);
    };
    let (second, third, ()) = tokio::join!(biased; later(), later(), answering);
    assert_eq!((second, third), (1, 1));
    assert!(live.asking.pending.lock().is_empty());
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_asks_hears_of_what_was_delivered_and_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = test_keystore();
    let author = keystore.new_sign_keypair_random().await.unwrap();
    let node = node(folder.path()).await;
    let collection = create(&node).await;
    let (live, _) = live(&node, &collection).await;
    let input = InsertInput {
        ids: vec![PointId::Int(7)],
        vectors: floats_to_bytes(&[1.0, 0.0, 0.0]),
        payloads: Vec::new(),
    };
    let written = node.write_points(&collection, Work::Insert { bulk: false, input }).await.unwrap();
    // What is only announced here is not passed on.
    let announced = record(&keystore, &author, &entry([1.0, 0.5, 0.0], 1.0)).await;
    live.announced(&author, vec![crate::live::announced::tests::said(&announced)]).await.unwrap();
    assert_eq!(found(&live).await, [false, true]);

    let everything = Question::Authors { after: None, through: None, known: Vec::new() };
    let (answer, records) = live.answer_of(everything).await.unwrap().unwrap();
    let Answer::Authors { differing, through: None } = answer else { panic!("received {answer:?}") };
    let [differing] = &differing[..] else { panic!("received {differing:?}") };
    assert_eq!((&differing.summary.author, &differing.newest), (&collection.agent, &written.blocks));
    let of_block = async |records: Vec<ByteBuf>| {
        let [record] = <[ByteBuf; 1]>::try_from(records).unwrap();
        announced::checked_record(record.into_vec(), live.index.schema()).await.unwrap().block.action
    };
    assert_eq!(of_block(records).await, written.blocks[0]);
    // Nothing new to one who knows that.
    let same = Question::Authors { after: None, through: None, known: vec![differing.summary.clone()] };
    assert_eq!(live.answer_of(same).await.unwrap().unwrap(), (nothing(), Vec::new()));
    // By name: what there is of it, and nothing but delivered blocks.
    let unknown = ActionHash::from_raw_32(vec![9; 32]);
    let names = vec![unknown, announced.action_address().clone(), written.blocks[0].clone()];
    let (answer, records) = live.answer_of(Question::Blocks(names)).await.unwrap().unwrap();
    assert_eq!((answer, of_block(records).await), (Answer::Blocks, written.blocks[0].clone()));
    node.stop().await.unwrap();
}
