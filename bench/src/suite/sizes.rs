//! Sizes: a vector on the DHT at each encoding, and the wasms.

use super::raw::{app_entry, chain};
use crate::{
    data::Data,
    dna::{DIMENSION, collection},
    numbers::{grouped, short},
    report::Section,
    site::Site,
};
use anyhow::{Context, Result};
use holochain::prelude::ZomeName;
use rose_forest_api::{COORDINATOR_ZOME, Encoding, INTEGRITY_ZOME, WriteOutput};
use std::path::Path;

const ROWS: usize = 10_000;

/// See [`super::Suite::Sizes`].
pub async fn run() -> Result<Section> {
    let mut section = Section::new("Sizes");
    let dna = collection(Encoding::Sq8).await?;
    for zome in [INTEGRITY_ZOME, COORDINATOR_ZOME] {
        let wasm = dna.get_wasm_for_zome(&ZomeName::from(zome))?.code.len();
        section.tell(&format!("{zome}.wasm"), format!("{} kB", grouped((wasm / 1000) as i64)));
    }
    let data = Data::synthetic(ROWS);
    for encoding in [Encoding::F32, Encoding::F16, Encoding::Sq8] {
        let site = Site::alone(&collection(encoding).await?, 1).await?;
        site.info(0).await?;
        let empty = on_disk(site.conductor.db_path())?;
        let _: WriteOutput = site.call(0, "bulk_insert", data.input(0..ROWS)).await?;
        site.settle(0).await?;
        site.quiet().await?;
        let (mut blocks, mut others, mut actions) = (0, 0, 0);
        for record in chain(&site, 0).await? {
            actions += rmp_serde::to_vec_named(record.signed_action())?.len();
            match app_entry(&record) {
                Some((0, bytes)) => blocks += bytes.len(),
                Some((_, bytes)) => others += bytes.len(),
                None => {}
            }
        }
        let disk = on_disk(site.conductor.db_path())?.saturating_sub(empty);
        let each = |bytes: usize| short(bytes as f64 / ROWS as f64);
        section.tell(
            &format!("{encoding:?}, bytes for each vector: all; blocks, cells, actions; databases on disk"),
            format!(
                "{}; {}, {}, {}; {}",
                each(blocks + others + actions),
                each(blocks),
                each(others),
                each(actions),
                each(disk)
            ),
        );
        site.stop().await?;
    }
    section
        .note(format!("{} synthetic rows of {DIMENSION} components without payloads.", grouped(ROWS as i64)));
    Ok(section)
}

/// Bytes of all files below a folder.
fn on_disk(folder: &Path) -> Result<usize> {
    let mut sum = 0;
    for entry in folder.read_dir().with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let of = entry.metadata()?;
        sum += if of.is_dir() { on_disk(&entry.path())? } else { usize::try_from(of.len())? };
    }
    Ok(sum)
}
