//! Cells and shares that break a rule.

use super::world::{D, Lie, World, cells_entry, centres, regions_entry, shares_entry};
use rose_forest_rules::{
    centroid::{Cells, Shares},
    reference::CellId,
};
use rose_forest_sweettest::{Act, CentroidEntry, EntryKind, hash_ref};

pub fn lies(world: &World) -> Vec<Lie> {
    let cells =
        |name, cells: Cells| Lie::new(name, Act::entry(EntryKind::Centroid, &CentroidEntry::Cells(cells)));
    let shares = |name, shares: Shares| {
        Lie::new(name, Act::entry(EntryKind::Centroid, &CentroidEntry::Shares(shares)))
    };
    let region = world.region();
    let with_centre = |component: f32| {
        let mut bytes = centres(&[1, 3]);
        bytes[..4].copy_from_slice(&component.to_le_bytes());
        bytes
    };
    let share = shares_entry(world.cell()).shares.remove(0);
    let other = |index| CellId { index, ..world.cell() };
    let of_block = CellId { founding: hash_ref(&world.fresh), index: 0 };
    vec![
        cells("cells of a third level", Cells { level: 2, ..cells_entry(region) }),
        cells("a region with a parent", Cells { parent: Some(region), ..regions_entry() }),
        cells("cells without a parent", Cells { parent: None, ..cells_entry(region) }),
        cells("cells inside cells", cells_entry(world.cell())),
        cells("cells in a region that is not there", cells_entry(CellId { index: 2, ..region })),
        cells("cells in a block", cells_entry(of_block)),
        cells("no centres", Cells { centres: vec![], ..regions_entry() }),
        cells("half a centre", Cells { centres: vec![0; D * 2], ..regions_entry() }),
        cells("a centre that is no number", Cells { centres: with_centre(f32::NAN), ..regions_entry() }),
        cells("an infinite centre", Cells { centres: with_centre(f32::INFINITY), ..cells_entry(region) }),
        cells("a zero centre under cosine", Cells { centres: vec![0; D * 4], ..regions_entry() }),
        Lie::new("the deletion of cells", Act::Delete { original: world.cells.clone() }),
        shares(
            "an empty share",
            Shares { seq: 2, shares: vec![rose_forest_rules::centroid::Share { rows: 0, ..share.clone() }] },
        ),
        shares("a mean that is too short", {
            let mean = vec![0; D];
            Shares { seq: 3, shares: vec![rose_forest_rules::centroid::Share { mean, ..share.clone() }] }
        }),
        shares("a mean that is no number", {
            let mean = vec![0xff; D * 2];
            Shares { seq: 4, shares: vec![rose_forest_rules::centroid::Share { mean, ..share.clone() }] }
        }),
        shares("a cell twice", Shares { seq: 5, shares: vec![share.clone(), share.clone()] }),
        shares("shares out of order", {
            let (mut a, mut b) = (share.clone(), share);
            (a.cell, b.cell) = (other(1), other(0));
            Shares { seq: 6, shares: vec![a, b] }
        }),
        Lie::new("the deletion of another's shares", Act::Delete { original: world.theirs.shares.clone() }),
    ]
}
