//! The regions and cells that exist, as far as they were read.
//!
//! A search reads the regions, then the cells of the best regions only; what founds, sorts or keeps cells in
//! shape reads them all.

use crate::{
    fail::OrFail,
    look::{Links, Look},
    own::from_ref,
};
use hdk::prelude::*;
use ndarray::ArrayView2;
use rose_forest_api::Schema;
use rose_forest_core::{
    Distance,
    routing::{Founding, Router, found, plan_cells},
};
use rose_forest_integrity::{Centroid, EntryTypes, LinkTypes, anchor_hash, hash_ref};
use rose_forest_rules::{
    anchor::Anchor,
    centroid::{CELL_LEVEL, Cells, REGION_LEVEL},
    reference::CellId,
    tag::{read_region_tag, region_tag},
};
use std::collections::{BTreeMap, BTreeSet};

/// New cells are founded when there are fewer than one in so many of those that suit the number of rows. Before
/// that, crowded cells split.
const FOUND_BELOW: usize = 2;
/// What the random choices in founding follow from: any number does.
const FOUNDING_SEED: u64 = 0x526f_7365;

/// A region or a cell, and its centre.
#[derive(Clone)]
pub struct Centre {
    /// Its id.
    pub id: CellId,
    /// Its components.
    pub components: Vec<f32>,
}

/// A cell that was read.
#[derive(Clone)]
pub struct Cell {
    /// The region it lies in.
    pub region: CellId,
    /// Itself.
    pub centre: Centre,
}

/// Regions and cells.
pub struct Map {
    dimension: usize,
    /// Cells that were founded because there were too few.
    pub founded: u32,
    /// All regions.
    pub regions: Vec<Centre>,
    /// The cells that were read.
    pub cells: Vec<Cell>,
    /// Cells that a region is linked to: the entry, and the links by whom.
    pub groups: BTreeMap<ActionHash, Group>,
}

/// The entry of a region's cells, as its links show it.
pub struct Group {
    /// The region.
    pub region: CellId,
    /// The links to it: anybody may make one.
    pub links: Vec<GroupLink>,
}

/// A link from a region to cells of it.
pub struct GroupLink {
    /// Who made it.
    pub author: AgentPubKey,
    /// The action that makes it.
    pub action: ActionHash,
    /// When.
    pub created: Timestamp,
}

impl Map {
    /// Reads the regions, and where their cells are.
    pub fn of_regions(look: &mut Look, dimension: usize) -> ExternResult<Self> {
        let mut map =
            Self { dimension, founded: 0, regions: Vec::new(), cells: Vec::new(), groups: BTreeMap::new() };
        let links = look.links(&[Links::new(anchor_hash(Anchor::Routing), LinkTypes::RoutingToRegions)])?;
        let foundings: BTreeSet<_> =
            links.into_iter().flatten().filter_map(|link| link.target.into_action_hash()).collect();
        let foundings: Vec<_> = foundings.into_iter().collect();
        for (founding, cells) in foundings.iter().zip(entries(look, &foundings)?) {
            let Some(cells) = cells.filter(|cells| cells.level == REGION_LEVEL) else { continue };
            map.regions.extend(centres(hash_ref(founding), &cells, dimension));
        }
        let queries: Vec<_> =
            foundings.iter().map(|f| Links::new(f.clone(), LinkTypes::RegionToCells)).collect();
        for (founding, links) in foundings.iter().zip(look.links(&queries)?) {
            for link in links {
                let (Ok(index), Some(target)) =
                    (read_region_tag(&link.tag.0), link.target.into_action_hash())
                else {
                    continue;
                };
                let region = CellId { founding: hash_ref(founding), index };
                let group = map.groups.entry(target).or_insert(Group { region, links: Vec::new() });
                group.links.push(GroupLink {
                    author: link.author,
                    action: link.create_link_hash,
                    created: link.timestamp,
                });
            }
        }
        Ok(map)
    }

    /// Reads everything.
    pub fn whole(look: &mut Look, dimension: usize) -> ExternResult<Self> {
        let mut map = Self::of_regions(look, dimension)?;
        let all: BTreeSet<_> = map.regions.iter().map(|region| region.id).collect();
        map.read_cells(look, &all)?;
        Ok(map)
    }

    /// Reads everything, and founds cells where there are far too few for what is there and `rows` more, of which
    /// `vectors` hold some or all, row by row.
    pub fn for_rows(schema: &Schema, vectors: &[f32], rows: usize) -> ExternResult<Self> {
        let mut look = Look::local();
        let map = Self::whole(&mut look, schema.dimension())?;
        let known = crate::routes::blocks_of_all(&mut look, &map)?;
        let known: usize = known.iter().map(|block| block.tag.rows as usize).sum();
        if map.cells.len() * FOUND_BELOW >= plan_cells(known + rows) {
            return Ok(map);
        }
        let count = vectors.len() / schema.dimension();
        let sample = ArrayView2::from_shape((count, schema.dimension()), vectors).or_fail()?;
        let founding = found(sample, schema.distance, known + rows, FOUNDING_SEED).or_fail()?;
        write(&founding)?;
        let mut map = Self::whole(&mut look, schema.dimension())?;
        map.founded = founding.cell_count() as u32;
        Ok(map)
    }

    /// Reads the cells of these regions.
    pub fn read_cells(&mut self, look: &mut Look, regions: &BTreeSet<CellId>) -> ExternResult<()> {
        let (hashes, of): (Vec<_>, Vec<_>) = self
            .groups
            .iter()
            .filter(|(_, group)| regions.contains(&group.region))
            .map(|(hash, group)| (hash.clone(), group.region))
            .unzip();
        for ((hash, region), cells) in hashes.iter().zip(of).zip(entries(look, &hashes)?) {
            let Some(cells) = cells.filter(|cells| cells.level == CELL_LEVEL) else { continue };
            let centres = centres(hash_ref(hash), &cells, self.dimension);
            self.cells.extend(centres.map(|centre| Cell { region, centre }));
        }
        Ok(())
    }

    /// The same without some cells.
    pub fn without(&self, cells: &BTreeSet<CellId>) -> Self {
        let stays = self.cells.iter().filter(|cell| !cells.contains(&cell.centre.id));
        Self {
            dimension: self.dimension,
            founded: self.founded,
            regions: self.regions.clone(),
            cells: stays.cloned().collect(),
            groups: BTreeMap::new(),
        }
    }

    /// What routes over these regions and cells.
    pub fn router(&self, distance: Distance) -> ExternResult<Router<CellId>> {
        let regions = self.regions.iter().map(|region| (region.id, region.components.clone()));
        let mut router = Router::new(distance, self.dimension, regions).or_fail()?;
        let mut by_region = BTreeMap::<CellId, Vec<(CellId, Vec<f32>)>>::new();
        for cell in &self.cells {
            let of_region = by_region.entry(cell.region).or_default();
            of_region.push((cell.centre.id, cell.centre.components.clone()));
        }
        for (region, cells) in by_region {
            router.add_cells(region, cells).or_fail()?;
        }
        Ok(router)
    }
}

/// Entries of centroids, in the order of their actions; what cannot be had is counted as missing.
fn entries(look: &mut Look, of: &[ActionHash]) -> ExternResult<Vec<Option<Cells>>> {
    let mut entries = Vec::with_capacity(of.len());
    for record in look.records(of)? {
        if record.is_none() {
            look.cells_missing += 1;
        }
        let centroid: Option<Centroid> = record.and_then(|r| r.entry().to_app_option().ok().flatten());
        entries.push(match centroid {
            Some(Centroid::Cells(cells)) => Some(cells),
            Some(Centroid::Shares(_)) | None => None,
        });
    }
    Ok(entries)
}

fn centres(
    founding: rose_forest_rules::reference::HashRef,
    cells: &Cells,
    dimension: usize,
) -> impl Iterator<Item = Centre> {
    let all = cells.all_centres();
    let centres: Vec<_> = all.chunks_exact(dimension.max(1)).map(<[f32]>::to_vec).collect();
    // An entry holds at most 4,096 centres.
    (0u16..)
        .zip(centres)
        .map(move |(index, components)| Centre { id: CellId { founding, index }, components })
}

/// Writes regions and cells, and links them, so that everybody can route by them.
fn write(founding: &Founding) -> ExternResult<()> {
    let regions = create_cells(REGION_LEVEL, None, founding.regions.iter())?;
    create_link(anchor_hash(Anchor::Routing), regions.clone(), LinkTypes::RoutingToRegions, ())?;
    for (region, cells) in &founding.cells {
        let parent = CellId { founding: hash_ref(&regions), index: *region as u16 };
        found_cells(parent, cells.iter())?;
    }
    Ok(())
}

/// Links cells to their region again, if nobody's link leads there any more: their founder took them for empty.
pub fn restore(map: &Map, founding: &ActionHash, cells: &Cells) -> ExternResult<()> {
    if let Some(parent) = cells.parent
        && !map.groups.contains_key(founding)
    {
        let tag = region_tag(parent.index);
        create_link(from_ref(parent.founding)?, founding.clone(), LinkTypes::RegionToCells, tag)?;
    }
    Ok(())
}

/// Writes cells of one region, and links them. Returns the action that founds them.
pub fn found_cells<'a>(
    region: CellId,
    components: impl Iterator<Item = &'a f32>,
) -> ExternResult<ActionHash> {
    let cells = create_cells(CELL_LEVEL, Some(region), components)?;
    let tag = region_tag(region.index);
    create_link(from_ref(region.founding)?, cells.clone(), LinkTypes::RegionToCells, tag)?;
    Ok(cells)
}

fn create_cells<'a>(
    level: u8,
    parent: Option<CellId>,
    components: impl Iterator<Item = &'a f32>,
) -> ExternResult<ActionHash> {
    let centres = components.flat_map(|x| x.to_le_bytes()).collect();
    create_entry(EntryTypes::Centroid(Centroid::Cells(Cells { level, parent, centres })))
}
