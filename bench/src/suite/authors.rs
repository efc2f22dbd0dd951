//! Ten authors of 10,000 rows each, in one conductor: they share what it stores, and each has a chain of its own.

use super::load;
use crate::{
    data::Data,
    dna::collection,
    numbers::{ms, short},
    report::{Section, Target},
    site::Site,
    suite::Options,
};
use anyhow::Result;
use rose_forest_api::{Encoding, WriteOutput};
use std::time::Instant;

const AUTHORS: usize = 10;
const ROWS_EACH: usize = 10_000;

/// See [`super::Suite::Authors`].
pub async fn run(options: &Options) -> Result<Section> {
    let data = Data::synthetic(AUTHORS * ROWS_EACH);
    let mut section = Section::new("Ten authors of 10,000 synthetic rows each");
    let site = Site::alone(&collection(Encoding::Sq8).await?, AUTHORS).await?;
    let start = Instant::now();
    for author in 0..AUTHORS {
        let input = data.input(author * ROWS_EACH..(author + 1) * ROWS_EACH);
        let _: WriteOutput = site.call(author, "bulk_insert", input).await?;
        site.settle(author).await?;
        // As if the authors were nodes of their own: the next one has seen what this one wrote.
        site.quiet().await?;
    }
    let loading = start.elapsed();
    let mut actions = 0;
    for author in 0..AUTHORS {
        actions += site.info(author).await?.chain_length;
    }
    let info = site.info(0).await?;
    let found = load::search(&site, 0, &data, None, options).await?;
    section.aim("recall@10, zome search, default nprobe", Target::Least(0.95), found.recall, "");
    section.aim("zome search, median", Target::Most(150.0), found.times.median(), "ms");
    section.tell("share of the settled rows read", format!("{} %", short(100.0 * found.read)));
    found.tell("default nprobe", &mut section);
    section.tell("loading all, one author after the other", format!("{} ms", short(ms(loading))));
    section.tell(
        "regions, cells, blocks, actions of all authors",
        format!("{}, {}, {}, {actions}", info.regions, info.cells, info.settled_blocks),
    );
    site.stop().await?;
    Ok(section)
}
