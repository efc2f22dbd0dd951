//! One test for every rule about cells and shares.

use crate::make::{cell, schema};
use rose_forest_rules::{
    Violation,
    centroid::{CELL_LEVEL, Cells, REGION_LEVEL, Share, Shares, check_index, check_parent},
    schema::{Distance, Encoding, Schema},
};

fn collection() -> Schema {
    schema(2, Distance::Cosine, Encoding::Sq8)
}

fn bytes(centres: &[f32]) -> Vec<u8> {
    centres.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn regions(centres: &[f32]) -> Cells {
    Cells { level: REGION_LEVEL, parent: None, centres: bytes(centres) }
}

fn valid() -> Cells {
    Cells { level: CELL_LEVEL, parent: Some(cell(1, 0)), centres: bytes(&[1.0, 0.0, 0.0, -2.0]) }
}

fn share(n: u8) -> Share {
    Share { cell: cell(n, 0), rows: 3, mean: vec![0x00, 0x3c, 0x00, 0x00] }
}

fn shares(cells: &[u8]) -> Shares {
    Shares { seq: 1, shares: cells.iter().map(|n| share(*n)).collect() }
}

#[test]
fn cells_and_regions_are_accepted() {
    assert_eq!(valid().check(&collection()), Ok(()));
    assert_eq!(regions(&[0.5, 0.5]).check(&collection()), Ok(()));
}

#[test]
fn a_level_is_0_or_1() {
    for parent in [None, Some(cell(1, 0))] {
        let cells = Cells { level: 2, parent, ..valid() };
        assert_eq!(cells.check(&collection()), Err(Violation::CentroidLevel { max: 1, received: 2 }));
    }
}

#[test]
fn a_region_has_no_parent_and_cells_have_one() {
    let region = Cells { level: 0, ..valid() };
    assert_eq!(region.check(&collection()), Err(Violation::RegionWithParent));
    let orphan = Cells { parent: None, ..valid() };
    assert_eq!(orphan.check(&collection()), Err(Violation::CellWithoutParent));
}

#[test]
fn a_parent_is_a_region_that_has_such_a_centre() {
    let parent = regions(&[1.0, 0.0, 0.0, 1.0]);
    assert_eq!(check_parent(&parent, 1, &collection()), Ok(()));
    assert_eq!(check_parent(&parent, 2, &collection()), Err(Violation::CellIndex { count: 2, received: 2 }));
    let expected = Violation::ParentLevel { expected: 0, received: 1 };
    assert_eq!(check_parent(&valid(), 0, &collection()), Err(expected));
}

#[test]
fn an_index_is_that_of_a_centre() {
    assert_eq!(check_index(&valid(), 1, &collection()), Ok(()));
    let expected = Violation::CellIndex { count: 2, received: u16::MAX };
    assert_eq!(check_index(&valid(), u16::MAX, &collection()), Err(expected));
}

#[test]
fn centres_are_whole_rows_and_at_least_one_and_not_too_many() {
    let size = |received: usize| {
        let cells =
            Cells { centres: [0, 0, 0x80, 0x3f].repeat(received.div_ceil(4))[..received].into(), ..valid() };
        cells.check(&collection())
    };
    for received in [0, 7, 9, 12, 4097 * 8] {
        assert_eq!(size(received), Err(Violation::CentresSize { row: 8, max: 4096, received }));
    }
    assert_eq!(size(4096 * 8), Ok(()));
}

#[test]
fn centres_do_not_exceed_the_size_of_an_entry() {
    let wide = schema(4096, Distance::Dot, Encoding::F32);
    let cells = |rows: usize| Cells { centres: vec![0; rows * 16_384], ..valid() };
    assert_eq!(cells(238).check(&wide), Ok(()));
    let expected = Violation::CentresSize { row: 16_384, max: 4096, received: 239 * 16_384 };
    assert_eq!(cells(239).check(&wide), Err(expected));
}

#[test]
fn centres_are_finite_and_not_too_large() {
    for x in [f32::NAN, f32::INFINITY] {
        let cells = Cells { centres: bytes(&[1.0, 0.0, 0.0, x]), ..valid() };
        assert_eq!(cells.check(&collection()), Err(Violation::NotFinite { row: 1, component: 1 }));
    }
    let cells = Cells { centres: bytes(&[1.0, 0.0, 2e15, 0.0]), ..valid() };
    let expected = Violation::ComponentTooLarge { row: 1, component: 0, max: 1e15, received: 2e15 };
    assert_eq!(cells.check(&collection()), Err(expected));
}

#[test]
fn a_centre_under_cosine_has_a_direction() {
    let cells = Cells { centres: bytes(&[1.0, 0.0, 0.0, -0.0]), ..valid() };
    assert_eq!(cells.check(&collection()), Err(Violation::ZeroVector { row: 1 }));
    assert_eq!(cells.check(&schema(2, Distance::Euclid, Encoding::Sq8)), Ok(()));
}

#[test]
fn a_centre_is_found_by_its_index() {
    assert_eq!(valid().len(2), 2);
    assert_eq!(valid().len(0), 0);
    assert_eq!(valid().centre(1, 2), Some(vec![0.0, -2.0]));
    assert_eq!(valid().centre(2, 2), None);
    assert_eq!(valid().centre(u16::MAX, usize::MAX / 8), None);
    assert_eq!(valid().all_centres(), [1.0, 0.0, 0.0, -2.0]);
}

#[test]
fn shares_in_order_are_accepted_and_so_are_none() {
    assert_eq!(shares(&[1, 2, 9]).check(&collection()), Ok(()));
    assert_eq!(shares(&[]).check(&collection()), Ok(()));
}

#[test]
fn shares_beyond_the_limit_are_refused() {
    let many = |count: usize| {
        let of = |n: usize| {
            let mut of = cell(0, n as u16);
            of.founding.0[0] = (n >> 16) as u8;
            Share { cell: of, ..share(0) }
        };
        Shares { seq: 1, shares: (0..count).map(of).collect() }.check(&collection())
    };
    assert_eq!(many(65_536), Ok(()));
    assert_eq!(many(65_537), Err(Violation::TooManyShares { max: 65_536, received: 65_537 }));
}

#[test]
fn shares_stand_in_the_order_of_their_cells_and_once() {
    assert_eq!(shares(&[1, 3, 2]).check(&collection()), Err(Violation::SharesOrder { place: 1 }));
    assert_eq!(shares(&[1, 1]).check(&collection()), Err(Violation::SharesOrder { place: 0 }));
    let mut by_index = shares(&[1, 1]);
    by_index.shares[1].cell.index = 1;
    assert_eq!(by_index.check(&collection()), Ok(()));
}

#[test]
fn a_share_counts_a_row() {
    let mut shares = shares(&[1, 2]);
    shares.shares[1].rows = 0;
    assert_eq!(shares.check(&collection()), Err(Violation::EmptyShare));
}

#[test]
fn the_mean_of_a_share_has_the_dimension_of_the_collection() {
    for received in [0, 3, 6] {
        let mut shares = shares(&[1]);
        shares.shares[0].mean = vec![0; received];
        let expected = Violation::Truncated { what: "mean of a share", expected: 4, received };
        assert_eq!(shares.check(&collection()), Err(expected));
    }
}

#[test]
fn the_mean_of_a_share_is_finite() {
    for not_finite in [[0x00, 0x7c], [0x00, 0xfc], [0x01, 0x7e]] {
        let mut shares = shares(&[1, 2]);
        shares.shares[1].mean[2..].copy_from_slice(&not_finite);
        assert_eq!(shares.check(&collection()), Err(Violation::NotFinite { row: 1, component: 1 }));
    }
}
