//! Showing the regions and cells, page by page.

use crate::{
    cells::{Centre, Map},
    collection::schema,
    fail::fail,
    look::Look,
    own::from_ref,
    routes,
};
use hdk::prelude::*;
use rose_forest_api::{CellInfo, CellName, CellsInput, CellsOutput, MAX_CELLS, RegionInfo, floats_to_bytes};
use rose_forest_integrity::hash_ref;
use rose_forest_rules::reference::CellId;
use std::collections::{BTreeMap, BTreeSet};

/// What clients call a region or a cell.
pub fn name(cell: CellId) -> ExternResult<CellName> {
    Ok(CellName { founding: from_ref(cell.founding)?, index: cell.index })
}

/// See [`crate::cells`].
pub fn page(input: &CellsInput) -> ExternResult<CellsOutput> {
    let limit = input.limit.unwrap_or(MAX_CELLS);
    if limit == 0 || limit > MAX_CELLS {
        return Err(fail(format!("expected a limit from 1 to {MAX_CELLS}, received {limit}")));
    }
    let mut look = Look::local();
    let map = Map::whole(&mut look, schema()?.dimension())?;
    let (on_page, is_last) = choose(&map, input.after.as_ref(), limit as usize);
    let ids: BTreeSet<_> = on_page.iter().map(|(centre, _)| centre.id).collect();
    let mut inside = BTreeMap::<CellId, (u32, u64)>::new();
    for block in routes::blocks_of(&mut look, &ids)? {
        let (blocks, rows) = inside.entry(block.cell).or_default();
        *blocks += 1;
        *rows += u64::from(block.tag.rows);
    }
    let next = on_page.last().filter(|_| !is_last).map(|(centre, _)| name(centre.id)).transpose()?;
    let (mut regions, mut cells) = (Vec::new(), Vec::new());
    for (centre, region) in on_page {
        let (blocks, rows) = inside.get(&centre.id).copied().unwrap_or_default();
        let (own, vector) = (name(centre.id)?, floats_to_bytes(&centre.components));
        match region {
            None => regions.push(RegionInfo { region: own, vector, blocks, rows }),
            Some(region) => {
                cells.push(CellInfo { cell: own, region: name(region)?, vector, blocks, rows });
            }
        }
    }
    Ok(CellsOutput {
        regions,
        cells,
        next,
        all_regions: map.regions.len() as u32,
        all_cells: map.cells.len() as u32,
        missing: look.cells_missing,
    })
}

/// What comes after a name, at most so many: regions before cells, these with the region they lie in. And whether that is all.
fn choose<'m>(
    map: &'m Map,
    after: Option<&CellName>,
    limit: usize,
) -> (Vec<(&'m Centre, Option<CellId>)>, bool) {
    let after = after.map(|name| CellId { founding: hash_ref(&name.founding), index: name.index });
    let regions = map.regions.iter().map(|region| (region, None));
    let cells = map.cells.iter().map(|cell| (&cell.centre, Some(cell.region)));
    let mut all: Vec<_> = regions.chain(cells).collect();
    let place = |(centre, region): &(&Centre, Option<CellId>)| (region.is_some(), centre.id);
    all.sort_unstable_by_key(place);
    // What is not known as a region is a cell: it may have given way between two pages, and the rest follows all the same.
    let after = after.map(|id| (map.regions.iter().all(|region| region.id != id), id));
    let start = after.map_or(0, |after| all.partition_point(|one| place(one) <= after));
    let page: Vec<_> = all.get(start..).unwrap_or_default().iter().copied().take(limit).collect();
    let is_last = start + page.len() >= all.len();
    (page, is_last)
}
