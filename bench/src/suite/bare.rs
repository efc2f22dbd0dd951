//! What the conductor takes for the bytes of a bulk load: the same entries and as many links, committed as they
//! are, with the author's own validation and without.

use super::{
    load::Loaded,
    raw::{Act, Kind, app_entry, chain, commit},
};
use crate::{
    data::Data,
    dna::{collection, with_raw_zome},
    numbers::{grouped, ms, short},
    report::Section,
    site::Site,
    suite::Options,
};
use anyhow::Result;
use holochain::prelude::{ActionData, ActionHash, ExternalHash, Record};
use rose_forest_api::Encoding;
use rose_forest_rules::{
    anchor::{ANCHOR_BYTES, epoch_base},
    tag::FreshTag,
};
use std::time::{Duration, Instant};

/// The place of links from epochs to blocks among the integrity zome's link types.
const LINK_FROM_EPOCH: u8 = 1;

/// See [`super::Suite::Bare`].
pub async fn run(options: &Options) -> Result<Section> {
    let data = Data::wordnet(options.wordnet.as_deref())?;
    let mut section = Section::new("What the conductor takes for the bytes of a bulk load");
    let loaded = Loaded::new(&data).await?;
    let records = chain(&loaded.site, 0).await?;
    loaded.site.stop().await?;
    let entries: Vec<Act> = records.iter().filter_map(block).collect();
    let links: Vec<Act> = records.iter().filter_map(link).collect();
    let bytes: usize = entries.iter().map(Act::bytes).sum();

    let dna = with_raw_zome(&collection(Encoding::Sq8).await?).await?;
    let site = Site::alone(&dna, 1).await?;
    site.info(0).await?;
    let checked = timed(&site, &entries).await?;
    let fresh_links = fresh(&site, links.len())?;
    let checked_links = timed(&site, &fresh_links).await?;
    site.stop().await?;
    let site = Site::unchecked(&dna).await?;
    site.info(0).await?;
    let bare = timed(&site, &entries).await?;
    let bare_links = timed(&site, &links).await?;
    site.stop().await?;

    let whole = loaded.insert + loaded.settle;
    section.tell(
        &format!("bulk insert of {}: all; `bulk_insert`; `settle`", data.name),
        format!("{} ms; {} ms; {} ms", short(ms(whole)), short(ms(loaded.insert)), short(ms(loaded.settle))),
    );
    let what = format!("{} blocks, {} kB", entries.len(), grouped((bytes / 1000) as i64));
    section.tell(&format!("bare commit of its {what}, not validated"), format!("{} ms", short(ms(bare))));
    section.tell("the same, validated by its author", format!("{} ms", short(ms(checked))));
    section.tell(
        &format!("bare commit of its {} links from cells, not validated", links.len()),
        format!("{} ms", short(ms(bare_links))),
    );
    section.tell(
        "as many links that need no look-up, validated by their author",
        format!("{} ms", short(ms(checked_links))),
    );
    let floor = checked + checked_links;
    section.note(format!(
        "Of the {} ms of a bulk insert, {} ms are the conductor committing and validating these blocks and \
         as many links without a look-up; at most {} vectors a second could go through it in this form.",
        short(ms(whole)),
        short(ms(floor)),
        grouped((loaded.rows as f64 / floor.as_secs_f64()) as i64),
    ));
    Ok(section)
}

/// Links of an epoch, which nobody looks anything up for.
fn fresh(site: &Site, count: usize) -> Result<Vec<Act>> {
    const EPOCH: u32 = 7;
    let author = site.cell(0)?.agent_pubkey();
    let mut key = [0; ANCHOR_BYTES];
    key.copy_from_slice(author.get_raw_32());
    let base = ExternalHash::from_raw_32(epoch_base(&key, EPOCH).to_vec());
    let tag = FreshTag { epoch: EPOCH, rows: 1, tombstones: 0 }.to_bytes();
    let link = |target: usize| Act::Link {
        link_type: LINK_FROM_EPOCH,
        base: base.clone().into(),
        target: ActionHash::from_raw_32(vec![target as u8; 32]).into(),
        tag: tag.clone().into(),
    };
    Ok((0..count).map(link).collect())
}

async fn timed(site: &Site, acts: &[Act]) -> Result<Duration> {
    let acts = acts.to_vec();
    let start = Instant::now();
    commit(site, acts).await?;
    let time = start.elapsed();
    site.quiet().await?;
    Ok(time)
}

fn block(record: &Record) -> Option<Act> {
    let (kind, bytes) = app_entry(record)?;
    (kind == Kind::Vector as u8).then(|| Act::entry(Kind::Vector, bytes))
}

/// Links with a tag, which are those that lead from cells to blocks and from regions to cells.
fn link(record: &Record) -> Option<Act> {
    let ActionData::CreateLink(link) = &record.action().data else { return None };
    if link.tag.0.len() < 4 {
        return None;
    }
    Some(Act::Link {
        link_type: link.link_type.0,
        base: link.base_address.clone(),
        target: link.target_address.clone(),
        tag: link.tag.0.clone().into(),
    })
}
