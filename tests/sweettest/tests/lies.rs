//! A peer that skips its own validation tries every kind of invalid entry, link, update and deletion. Honest
//! peers refuse each, show none of it in a search, and warrant and block its author.

mod blocks;
mod centroids;
mod links;
mod world;

use holochain::prelude::{ActionHash, BlockTargetId, ChainOpType, DnaFile, ValidationStatus};
use holochain::sweettest::SweetConductorConfig;
use rose_forest_api::PointId;
use rose_forest_rules::tag::{FreshTag, epoch_tag};
use rose_forest_sweettest::{
    Act, DEADLINE, LinkKind, Network, Node, adversary, anchor, collection, config, epoch, row, topic, until,
};
use std::time::Instant;
use world::{D, LIES_FROM, Lie, World};

/// A node that publishes whatever its zome signs.
fn shameless() -> SweetConductorConfig {
    config().tune_conductor(|tuning| tuning.disable_self_validation = true)
}

/// A node that judges and does not warrant, so that it goes on listening to a liar.
fn patient() -> SweetConductorConfig {
    config().tune_conductor(|tuning| tuning.disable_warrant_issuance = true)
}

async fn with_adversary(configs: Vec<SweetConductorConfig>) -> (Network, DnaFile) {
    let dna = adversary(&collection(D).await).await;
    (Network::with_configs(configs, &dna).await, dna)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_lie_is_refused_and_the_truth_beside_it_is_not() {
    let (network, _) = with_adversary(vec![shameless(), patient()]).await;
    let [liar, judge] = &network.nodes[..] else { unreachable!() };
    let world = World::build(&network, liar, judge).await;
    for (name, action, op) in &world.truths {
        let verdict = judge.verdict(action, *op).await;
        assert_eq!(verdict, Some(ValidationStatus::Valid), "{name} is true and was not accepted");
    }

    let lies: Vec<Lie> =
        [blocks::lies(&world), centroids::lies(&world), links::lies(&world)].into_iter().flatten().collect();
    let actions = liar.act(lies.iter().map(|lie| lie.act.clone()).collect()).await;
    // The liar hangs its blocks where searches look. Such a link claims nothing, so it is not a lie by itself.
    let blocks = lies.iter().zip(&actions).filter(|(lie, _)| lie.is_block());
    let shown: Vec<_> = blocks.map(|(_, action)| world.fresh_link(action)).collect();
    liar.act(shown).await;

    let wrong = judge_all(judge, &lies, &actions).await;
    assert!(wrong.is_empty(), "{} verdicts are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let hits = judge.search(&topic(D, 0, 0), 1_000).await.hits;
    let shown: Vec<_> = hits.iter().filter(|hit| hit.id >= PointId::Int(LIES_FROM)).collect();
    assert!(shown.is_empty(), "rows of refused blocks are in the search: {shown:?}");
    assert!(!hits.is_empty(), "the true rows are there");
}

/// Waits until a node has judged every op of these lies, and returns what is not rejected.
async fn judge_all(judge: &Node, lies: &[Lie], actions: &[ActionHash]) -> Vec<String> {
    let start = Instant::now();
    until("the judge has come to a verdict on every lie, or has had time enough", async || {
        let mut wrong = Vec::new();
        let mut open = 0;
        for (lie, action) in lies.iter().zip(actions) {
            for op in lie.ops() {
                match judge.verdict(action, op).await {
                    Some(ValidationStatus::Rejected) => {}
                    None if lie.is_held_back() => {}
                    other => {
                        open += usize::from(other.is_none());
                        wrong.push(format!("{}, {op:?}: {other:?}", lie.name));
                    }
                }
            }
        }
        (open == 0 || start.elapsed() > DEADLINE / 2).then_some(wrong)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_lies_is_warranted_and_blocked() {
    let (network, _) = with_adversary(vec![shameless(), config(), config()]).await;
    let [liar, bob, carol] = &network.nodes[..] else { unreachable!() };
    network.settled_down().await;
    let forged = world::one_forged_block(LIES_FROM);
    let [forged] = &liar.act(vec![forged]).await[..] else { unreachable!() };
    for node in [bob, carol] {
        until("an honest peer warrants the liar", async || {
            node.holds_warrant_against(&liar.agent()).await.then_some(())
        })
        .await;
        until("an honest peer blocks the liar", async || {
            let target = BlockTargetId::Cell(liar.cell_id());
            node.conductor.holochain_p2p().is_blocked(target).await.unwrap().then_some(())
        })
        .await;
        let verdict = node.verdict(forged, ChainOpType::CreateRecord).await;
        assert_ne!(verdict, Some(ValidationStatus::Valid));
    }
    // The liar changes its mind and says the truth; nobody listens. The honest go on.
    liar.act(vec![
        Act::link(
            LinkKind::FreshToEpoch,
            anchor(rose_forest_rules::anchor::Anchor::Fresh),
            epoch(&liar.agent(), 1),
            epoch_tag(1),
        ),
        Act::link(
            LinkKind::EpochToBlock,
            epoch(&liar.agent(), 1),
            forged.clone(),
            FreshTag { epoch: 1, rows: 1, tombstones: 0 }.to_bytes(),
        ),
    ])
    .await;
    carol.insert(&[row(D, 1, 0), row(D, 2, 3)]).await;
    bob.holds(2).await;
    for node in [bob, carol] {
        let found = node.search(&topic(D, 0, 0), 10).await;
        assert_eq!(found.hits.len(), 2, "{found:?}");
        assert!(found.hits.iter().all(|hit| hit.author == carol.agent()));
        assert!(found.complete, "what a blocked liar linked is no gap: {:?}", found.gaps);
    }
}
