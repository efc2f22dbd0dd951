//! Inserting and searching with 10,000 actions on the caller's chain.

use super::{
    load::{Searched, search},
    raw::{Act, Kind, commit},
};
use crate::{
    data::Data,
    dna::{collection, with_raw_zome},
    numbers::{Times, grouped},
    report::Section,
    site::Site,
    suite::Options,
};
use anyhow::{Context, Result};
use rose_forest_api::{Encoding, Holds, NodeStatus, WriteOutput};
use rose_forest_rules::{metadata::NodeMetadata, reference::HashRef};
use std::time::Instant;

const ACTIONS: u64 = 10_000;
/// Actions of one commit.
const AT_ONCE: u64 = 1_000;
const ROWS: usize = 20_000;
const INSERTS: usize = 20;

/// See [`super::Suite::Chain`]. The actions are entries that nothing links to: they only lengthen the chain.
pub async fn run(options: &Options) -> Result<Section> {
    let data = Data::synthetic(ROWS);
    let mut section = Section::new("A chain of 10,000 actions");
    let site = Site::alone(&with_raw_zome(&collection(Encoding::Sq8).await?).await?, 2).await?;
    let _: WriteOutput = site.call(0, "bulk_insert", data.input(0..ROWS - 3 * INSERTS)).await?;
    site.settle(0).await?;
    site.quiet().await?;
    let before = times(&site, 0, &data, 0, options).await?;
    for start in (0..ACTIONS).step_by(AT_ONCE as usize) {
        let entries = (start..start + AT_ONCE).map(|number| metadata(&site, number));
        commit(&site, entries.collect::<Result<_>>()?).await?;
    }
    site.quiet().await?;
    let after = times(&site, 0, &data, 1, options).await?;
    // Another agent of the same conductor stores the same and has a chain of its own.
    let beside = times(&site, 1, &data, 2, options).await?;
    for (who, (chain, inserts, searched)) in [
        ("its author, before", before),
        ("its author, after", after),
        ("another agent of the same conductor", beside),
    ] {
        section.tell(
            &format!("{who}, with {} actions: insert of one row; search", grouped(i64::from(chain))),
            format!("{}; {}", inserts.shown(), searched.times.shown()),
        );
    }
    site.stop().await?;
    Ok(section)
}

async fn times(
    site: &Site,
    agent: usize,
    data: &Data,
    turn: usize,
    options: &Options,
) -> Result<(u32, Times, Searched)> {
    let chain = site.info(agent).await?.chain_length;
    let few = Options { few: Some(options.at_most(100)), ..options.clone() };
    let searched = search(site, agent, data, None, &few).await?;
    let mut inserts = Times::default();
    for run in 0..INSERTS {
        let row = ROWS - (turn + 1) * INSERTS + run;
        let input = data.input(row..row + 1);
        let start = Instant::now();
        let _: WriteOutput = site.call(agent, "insert", input).await?;
        inserts.since(start);
    }
    site.settle(agent).await?;
    Ok((chain, inserts, searched))
}

fn metadata(site: &Site, number: u64) -> Result<Act> {
    let agent = site.cell(0)?.agent_pubkey();
    let node = NodeMetadata {
        agent: HashRef::from_slice(agent.get_raw_39()).context("an agent's key has 39 bytes")?,
        name: String::new(),
        software: "bench".to_owned(),
        capabilities: Vec::new(),
        holds: Holds::Everything,
        rows: number,
        status: NodeStatus::Ready,
    };
    Ok(Act::entry(Kind::NodeMetadata, rmp_serde::to_vec_named(&node)?))
}
