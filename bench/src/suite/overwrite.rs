//! Bytes written for each live byte when a tenth of the rows is overwritten again and again.

use super::raw::{app_entry, chain};
use crate::{
    data::{Data, K},
    dna::collection,
    numbers::{grouped, ms, short},
    report::Section,
    site::Site,
    suite::Options,
};
use anyhow::Result;
use rose_forest_api::{Encoding, InsertInput, PointId, UpkeepInput, UpkeepOutput, WriteOutput};
use std::time::Instant;

const ROWS: usize = 5_000;
const ROUNDS: usize = 20;
/// Calls of `upkeep` in one round, at most.
const UPKEEP_CALLS: usize = 20;

/// See [`super::Suite::Overwrite`]. A row gets the vector of another row, so that it moves to another cell.
pub async fn run(options: &Options) -> Result<Section> {
    let data = Data::synthetic(ROWS);
    let mut section = Section::new("Overwriting a tenth of 5,000 rows, twenty times, with upkeep");
    let site = Site::alone(&collection(Encoding::Sq8).await?, 1).await?;
    let _: WriteOutput = site.call(0, "bulk_insert", data.input(0..ROWS)).await?;
    site.settle(0).await?;
    let live = written(&site).await?;
    let loaded = site.info(0).await?;
    let (mut rewritten, mut fresh) = (0, 0);
    let start = Instant::now();
    let rounds = options.at_most(ROUNDS);
    for round in 0..rounds {
        let input = overwriting(&data, round);
        let before = written(&site).await?;
        let _: WriteOutput = site.call(0, "insert", input).await?;
        fresh += written(&site).await? - before;
        site.settle_if_due(0).await?;
        for _ in 0..UPKEEP_CALLS {
            let done: UpkeepOutput = site.call(0, "upkeep", UpkeepInput::default()).await?;
            rewritten += done.bytes_written;
            site.settle_if_due(0).await?;
            if !done.more {
                break;
            }
        }
    }
    let time = start.elapsed();
    site.quiet().await?;
    let all = written(&site).await?;
    let info = site.info(0).await?;
    let answer = site.search(0, data.query(0), None).await?;
    section.tell("bytes of entries written for each live byte", short(all as f64 / live as f64));
    section.tell(
        "live; written in all; of that fresh blocks; gathered by upkeep",
        format!("{} kB; {} kB; {} kB; {} kB", kb(live), kb(all), kb(fresh), kb(rewritten as usize)),
    );
    section.tell(
        "blocks before and after; rows that they hold",
        format!("{}, {}; {}", loaded.settled_blocks, info.settled_blocks, grouped(info.settled_rows as i64)),
    );
    section.tell(
        "actions before and after",
        format!("{}, {}", loaded.chain_length, grouped(i64::from(info.chain_length))),
    );
    section.tell("time of a round", format!("{} ms", short(ms(time) / rounds.max(1) as f64)));
    section.note("After every round what a node does by itself: settling if enough is fresh, and upkeep.");
    if answer.hits.len() < K {
        section.note(format!("A search found {} of {K} hits.", answer.hits.len()));
    }
    site.stop().await?;
    Ok(section)
}

/// A tenth of the ids, each with the vector of a row far off.
fn overwriting(data: &Data, round: usize) -> InsertInput {
    let tenth = ROWS / 10;
    let from = (round * tenth) % ROWS;
    let mut input = data.input(from..from + tenth);
    let shift = tenth * (1 + round / 10);
    let id = |n: usize| PointId::Int(((from + n + shift) % ROWS) as u64);
    input.ids = (0..tenth).map(id).collect();
    input
}

/// Bytes of all entries on the agent's chain.
async fn written(site: &Site) -> Result<usize> {
    let records = chain(site, 0).await?;
    Ok(records.iter().filter_map(app_entry).map(|(_, bytes)| bytes.len()).sum())
}

fn kb(bytes: usize) -> String {
    grouped((bytes / 1000) as i64)
}
