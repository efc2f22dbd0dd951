//! How soon a peer finds through the DHT what another one inserts.

use crate::{
    busy,
    data::Data,
    dna::collection,
    numbers::Times,
    report::{Section, Target},
    site::Site,
    suite::Options,
};
use anyhow::{Result, ensure};
use holochain::sweettest::await_consistency_s;
use rose_forest_api::{Encoding, PointId, SearchOutput, WriteOutput};
use std::time::{Duration, Instant};

const RUNS: usize = 50;
const ROWS: usize = 100;
/// How long a peer waits between two searches.
const PAUSE: Duration = Duration::from_millis(5);
const DEADLINE: Duration = Duration::from_secs(60);
/// A workflow that meets a locked database sleeps one second; a run that took so much longer than the median lost it.
const LOST_MS: f64 = 800.0;

/// See [`super::Suite::Peers`].
pub async fn run(options: &Options) -> Result<Section> {
    let mut section = Section::new("From a peer's call until another peer's search finds it: 100 fresh rows");
    let data = Data::synthetic(RUNS * ROWS);
    for peers in [2, 5] {
        measure(peers, &data, options, &mut section).await?;
    }
    Ok(section)
}

async fn measure(peers: usize, data: &Data, options: &Options, section: &mut Section) -> Result<()> {
    let sites = Site::several(&collection(Encoding::Sq8).await?, peers).await?;
    let cells = sites.iter().flat_map(|site| &site.cells);
    await_consistency_s(60, cells).await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let (Some(writer), Some(reader)) = (sites.first(), sites.last()) else { return Ok(()) };
    let (mut times, mut calls) = (Times::default(), Times::default());
    let locked = busy::count();
    for run in 0..options.at_most(RUNS) {
        let rows = run * ROWS..(run + 1) * ROWS;
        let wanted = PointId::Int(rows.start as u64);
        let vector = rose_forest_api::floats_to_bytes(&data.rows.row(rows.start).to_vec());
        let input = data.input(rows);
        let start = Instant::now();
        let _: WriteOutput = writer.call(0, "insert", input).await?;
        calls.since(start);
        loop {
            let answer: SearchOutput = reader.search(0, vector.clone(), None).await?;
            if answer.hits.iter().any(|hit| hit.id == wanted) {
                break;
            }
            ensure!(start.elapsed() < DEADLINE, "a peer has not found a row after {DEADLINE:?}");
            tokio::time::sleep(PAUSE).await;
        }
        times.since(start);
        let cells = sites.iter().flat_map(|site| &site.cells);
        await_consistency_s(60, cells).await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    }
    let locked = busy::count() - locked;
    section.aim(&format!("{peers} conductors, median"), Target::Most(1_300.0), times.median(), "ms");
    section.tell(
        &format!("{peers} conductors, time until found; time of the call"),
        format!("{}; {}", times.shown(), calls.shown()),
    );
    let lost = times.over(times.median() + LOST_MS);
    section.tell(
        &format!("{peers} conductors, runs lost to a busy database; times that a workflow met one"),
        format!("{lost} of {}; {locked}", times.len()),
    );
    for site in sites {
        site.stop().await?;
    }
    Ok(())
}
