//! What a validator spends on each kind of entry, and on the links that it checks.
//!
//! An author validates what it commits, once for each of an action's ops, exactly as its peers do. So a commit with
//! that validation, less the same commit without, over the number of ops, is what one op costs a validator.

use super::raw::{Act, Kind, app_entry, chain, commit};
use crate::{
    data::Data,
    dna::{collection, schema, with_raw_zome},
    numbers::{Times, ms, short},
    report::Section,
    site::Site,
    suite::Options,
};
use anyhow::{Context, Result};
use holochain::prelude::{DnaFile, Record};
use rose_forest_api::{Encoding, InsertInput, WriteOutput};
use rose_forest_rules::block::check_block;
use serde::Deserialize;
use std::time::Instant;

/// A create is three ops, and each is validated.
const OPS: f64 = 3.0;
const RUNS: usize = 20;
/// Rows of the blocks that are validated.
const ROWS: [usize; 4] = [1, 100, 1_000, 9_000];
const PASSES: usize = 5;

/// See [`super::Suite::Validators`].
pub async fn run(options: &Options) -> Result<Section> {
    let mut section = Section::new("What a validator spends");
    let dna = with_raw_zome(&collection(Encoding::Sq8).await?).await?;
    let data = Data::synthetic(10_101);
    let samples = samples(&dna, &data).await?;
    let sites = (Site::alone(&dna, 1).await?, Site::unchecked(&dna).await?);
    for (what, kind, bytes) in samples {
        let runs = options.at_most(RUNS);
        let (mut checked, mut bare) = (Times::default(), Times::default());
        for _ in 0..runs {
            for (site, times) in [(&sites.0, &mut checked), (&sites.1, &mut bare)] {
                let acts = vec![Act::entry(kind, bytes.clone())];
                let start = Instant::now();
                commit(site, acts).await?;
                times.since(start);
                site.quiet().await?;
            }
        }
        let mut told = format!(
            "{} ms; {} ms; {} ms",
            short((checked.median() - bare.median()) / OPS),
            short(checked.median()),
            short(bare.median())
        );
        if let Kind::Vector = kind {
            told.push_str(&format!("; {} ms", short(native(&bytes)?)));
        }
        section.tell(&what, told);
    }
    sites.0.stop().await?;
    sites.1.stop().await?;
    section.note(
        "For each op of an entry, in wasm; the commit of one, validated by its author; the same, not validated; for \
         blocks also the rules alone, natively. Each op starts a fresh instance of the wasm. Entries are the same \
         bytes each time: their content is stored once, their actions each time.",
    );
    Ok(section)
}

/// Entries as the coordinator zome writes them.
async fn samples(dna: &DnaFile, data: &Data) -> Result<Vec<(String, Kind, Vec<u8>)>> {
    let site = Site::alone(dna, 1).await?;
    site.info(0).await?;
    let mut samples = Vec::new();
    let mut start = 0;
    for rows in ROWS {
        let input: InsertInput = data.input(start..start + rows);
        start += rows;
        let _: WriteOutput = site.call(0, "insert", input).await?;
        let entry = newest(&site, Kind::Vector).await?;
        samples.push((
            format!("a block of {rows} rows, {} kB", entry.len().div_ceil(1000)),
            Kind::Vector,
            entry,
        ));
    }
    site.settle(0).await?;
    let records = chain(&site, 0).await?;
    let regions = records.iter().filter_map(app_entry).find(|(kind, _)| *kind == Kind::Centroid as u8);
    let (_, regions) = regions.context("settling founds cells")?;
    samples.push((format!("regions, {} kB", regions.len() / 1000), Kind::Centroid, regions));
    site.stop().await?;
    Ok(samples)
}

async fn newest(site: &Site, wanted: Kind) -> Result<Vec<u8>> {
    let records: Vec<Record> = chain(site, 0).await?;
    let entries = records.iter().rev().filter_map(app_entry);
    let found = entries.filter(|(kind, _)| *kind == wanted as u8).map(|(_, bytes)| bytes).next();
    found.context("an insert writes a block")
}

#[derive(Deserialize)]
struct Vector {
    #[serde(with = "serde_bytes")]
    block: Vec<u8>,
}

/// The rules about a block, compiled for this machine: the fastest of several passes, in milliseconds.
fn native(entry: &[u8]) -> Result<f64> {
    let Vector { block } = rmp_serde::from_slice(entry)?;
    let schema = schema(Encoding::Sq8)?;
    let mut fastest = f64::INFINITY;
    for _ in 0..PASSES {
        let start = Instant::now();
        check_block(&block, &schema, i64::MAX)?;
        fastest = fastest.min(ms(start.elapsed()));
    }
    Ok(fastest)
}
