//! From a peer's call until this node finds its rows from memory, before and after the DHT has delivered them.

use super::Running;
use super::running::{COLLECTION, DEADLINE};
use crate::{
    data::Data,
    numbers::Times,
    report::{Section, Target},
    suite::Options,
};
use anyhow::{Context, Result, ensure};
use rose_forest::{
    bootstrap::Bootstrap,
    network::Network,
    requests::{JoinedView, NodeReport, Request},
};
use rose_forest_api::{Arc, PointId};
use std::time::{Duration, Instant};

const RUNS: usize = 50;
const ROWS: usize = 100;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);
/// Between two runs, so that they do not meet.
const REST: Duration = Duration::from_millis(500);

/// See [`crate::suite::Suite::Announced`].
pub async fn run(options: &Options) -> Result<Section> {
    let mut section = Section::new("From a peer's call until another node's memory finds its 100 rows");
    let data = Data::synthetic(RUNS * ROWS);
    let bootstrap = Bootstrap::start(([127, 0, 0, 1], 0).into()).await?;
    let url = bootstrap.url().context("the bootstrap server listens nowhere")?;
    let folders = (tempfile::tempdir()?, tempfile::tempdir()?);
    let writer = Running::start(folders.0.path()).await?;
    let reader = Running::start(folders.1.path()).await?;
    writer.create_in(Some(Network::new(&url, None)?)).await?;
    let invite: String = writer.ask(Request::Invite(COLLECTION.to_owned())).await?;
    let _: JoinedView = reader.ask(Request::Join(invite)).await?;
    for node in [&writer, &reader] {
        ready(node).await?;
    }
    let (mut calls, mut seen, mut delivered, mut first) =
        (Times::default(), Times::default(), Times::default(), 0);
    for run in 0..options.at_most(RUNS) {
        let rows = run * ROWS..(run + 1) * ROWS;
        let wanted = PointId::Int(rows.start as u64);
        let vector = rose_forest_api::floats_to_bytes(&data.rows.row(rows.start).to_vec());
        let begun = Instant::now();
        let writing = tokio::spawn({
            let (writer, input) = (writer.clone(), data.input(rows));
            async move {
                let collection = COLLECTION.to_owned();
                let written: rose_forest_api::WriteOutput =
                    writer.ask(Request::Insert { collection, bulk: false, input }).await?;
                anyhow::Ok((written, begun.elapsed()))
            }
        });
        let mut unconfirmed_first = None;
        loop {
            let found = reader.search(&vector).await?;
            let at = found.answer.hits.iter().position(|hit| hit.id == wanted);
            if let Some(at) = at {
                ensure!(found.from_memory, "the zome answered");
                let unconfirmed = found.unconfirmed.get(at).copied().unwrap_or_default();
                if unconfirmed_first.is_none() {
                    unconfirmed_first = Some(unconfirmed);
                    seen.since(begun);
                }
                if !unconfirmed {
                    break;
                }
            }
            ensure!(begun.elapsed() < DEADLINE, "a peer has not found a row");
            tokio::time::sleep(PAUSE).await;
        }
        delivered.since(begun);
        first += usize::from(unconfirmed_first == Some(true));
        calls.push(writing.await??.1);
        tokio::time::sleep(REST).await;
    }
    section.aim(
        "seen by the peer, median from the beginning of the call",
        Target::Most(200.0),
        seen.median(),
        "ms",
    );
    section.tell("seen by the peer", seen.shown());
    section.tell("delivered by the DHT, and in the peer's index", delivered.shown());
    section.tell("the call itself", calls.shown());
    section
        .note(format!("In {first} of {} runs the announcement came before the DHT's delivery.", seen.len()));
    writer.stop().await?;
    reader.stop().await?;
    tokio::task::spawn_blocking(move || drop(bootstrap)).await?;
    Ok(section)
}

/// Waits until a node stores everything, sees the other one, and answers from memory.
async fn ready(node: &Running) -> Result<()> {
    let begun = Instant::now();
    loop {
        let report: NodeReport = node.ask(Request::Node).await?;
        let sight = report.collections.first().and_then(|(_, sight)| *sight);
        let overview: rose_forest::requests::Overview =
            node.ask(Request::Info(COLLECTION.to_owned())).await?;
        // Signals go to those who have announced themselves.
        let announced = overview.nodes.len() == 2;
        if announced
            && overview.index.is_some()
            && sight.is_some_and(|s| s.arc == Arc::Full && s.reachable_peers == 1)
        {
            return Ok(());
        }
        ensure!(begun.elapsed() < DEADLINE, "the nodes do not find each other: {sight:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
