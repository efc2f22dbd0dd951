//! Founding, routing and upkeep, on rows that are made up.

use super::*;
use crate::{
    Distance,
    kmeans::{Centres, OneRow},
    synthetic::Synthetic,
    test_vectors::DISTANCES,
};
use ndarray::Array2;
use proptest::prelude::*;

type Key = (usize, usize);

fn router(founding: &Founding, distance: Distance) -> Router<Key> {
    let keyed = |rows: &Array2<f32>, region: Option<usize>| -> Vec<(Key, Vec<f32>)> {
        let rows = rows.rows().into_iter().map(|row| row.to_vec()).enumerate();
        rows.map(|(place, row)| (region.map_or((place, 0), |region| (region, place)), row)).collect()
    };
    let mut router = Router::new(distance, founding.regions.ncols(), keyed(&founding.regions, None)).unwrap();
    for (region, cells) in &founding.cells {
        router.add_cells((*region, 0), keyed(cells, Some(*region))).unwrap();
    }
    router
}

#[test]
fn the_plan_for_known_sizes_stays_what_was_measured() {
    let plan = |rows| {
        let cells = plan_cells(rows);
        (cells, plan_regions(cells), default_nprobe(cells))
    };
    assert_eq!(plan(0), (1, 1, 1));
    assert_eq!(plan(1), (1, 1, 1));
    assert_eq!(plan(20_000), (121, 11, 41));
    assert_eq!(plan(100_000), (337, 18, 44));
    assert_eq!(default_regions(0), 1);
    assert_eq!(default_regions(11), 10);
    assert_eq!(default_regions(18), 13);
}

#[test]
fn a_founding_holds_what_was_planned_and_is_the_same_again() {
    let rows = Synthetic::new(1, 16).rows(3000);
    for distance in DISTANCES {
        let founding = found(rows.view(), distance, rows.nrows(), 9).unwrap();
        let planned = plan_cells(rows.nrows());
        assert!((planned * 9 / 10..=planned + 2).contains(&founding.cell_count()), "{distance:?}");
        assert_eq!(founding.regions.nrows(), plan_regions(planned));
        assert!(founding.cells.iter().all(|(_, cells)| cells.nrows() >= 1));
        assert!(founding.cells.iter().all(|(_, cells)| cells.iter().all(|x| x.is_finite())));
        let again = found(rows.view(), distance, rows.nrows(), 9).unwrap();
        assert_eq!((founding.regions, founding.cells), (again.regions, again.cells));
    }
}

#[test]
fn a_founding_works_for_any_number_of_rows() {
    for n in [1, 2, 3, 10, 50] {
        let rows = Synthetic::new(2, 8).rows(n);
        for distance in DISTANCES {
            let founding = found(rows.view(), distance, 100_000, 1).unwrap();
            assert!((1..=n.max(1)).contains(&founding.cell_count()), "{n} {distance:?}");
        }
    }
}

#[test]
fn nearly_every_row_is_assigned_to_its_nearest_cell() {
    let rows = Synthetic::new(5, 32).rows(2000);
    for distance in DISTANCES {
        let founding = found(rows.view(), distance, rows.nrows(), 3).unwrap();
        let keys: Vec<Key> =
            founding.cells.iter().flat_map(|(r, cells)| (0..cells.nrows()).map(|c| (*r, c))).collect();
        let views: Vec<_> = founding.cells.iter().map(|(_, cells)| cells.view()).collect();
        let all = Centres::new(distance, ndarray::concatenate(ndarray::Axis(0), &views).unwrap());
        let assigned = router(&founding, distance).assign_rows(rows.view());
        let right = rows.rows().into_iter().zip(assigned);
        let right = right.filter(|(row, cell)| {
            *cell == Some(keys[all.nearest(OneRow::new(distance, row.to_slice().unwrap()).row()).unwrap().0])
        });
        assert!(right.count() > 1900, "{distance:?}");
    }
}

#[test]
fn the_best_cells_come_in_order_and_only_from_the_best_regions() {
    let rows = Synthetic::new(6, 16).rows(2000);
    let founding = found(rows.view(), Distance::Euclid, rows.nrows(), 3).unwrap();
    let router = router(&founding, Distance::Euclid);
    let query = rows.row(17).to_vec();
    let regions: Vec<usize> = router.best_regions(&query, 2).iter().map(|region| region.key.0).collect();
    let cells = router.best_cells(&query, 2, 6);
    assert_eq!(cells.len(), 6);
    assert!(cells.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert!(cells.iter().all(|cell| regions.contains(&cell.key.0)));
    let all = router.best_cells(&query, router.region_count(), usize::MAX);
    assert_eq!(all.len(), router.cell_count());
}

#[test]
fn likely_cells_are_the_first_of_the_best_cells() {
    let synthetic = Synthetic::new(6, 16);
    let rows = synthetic.rows(2000);
    for distance in DISTANCES {
        let founding = found(rows.view(), distance, rows.nrows(), 3).unwrap();
        let router = router(&founding, distance);
        for query in synthetic.queries(20).rows() {
            let likely = router.likely_cells(&query.to_vec(), 5, 9);
            assert!((3..=14).contains(&likely.len()), "{distance:?}");
            assert_eq!(likely, router.best_cells(&query.to_vec(), 5, likely.len()));
        }
    }
}

#[test]
fn regions_without_cells_are_passed_over() {
    let regions = [(0, vec![1.0, 0.0]), (1, vec![0.0, 1.0])];
    let mut router = Router::new(Distance::Cosine, 2, regions).unwrap();
    assert_eq!(router.assign(&[1.0, 0.0]), None);
    assert!(router.best_cells(&[1.0, 0.0], 2, 5).is_empty());
    assert!(router.likely_cells(&[1.0, 0.0], 2, 5).is_empty());
    router.add_cells(1, [(7, vec![0.1, 1.0])]).unwrap();
    router.add_cells(1, [(8, vec![1.0, 1.0])]).unwrap();
    assert!(router.has_cells(1) && !router.has_cells(0));
    assert_eq!(router.cell_count(), 2);
    assert_eq!(router.assign(&[1.0, 0.0]), Some(8));
    assert_eq!(router.assign(&[1.0]), None);
}

#[test]
fn a_centre_that_cannot_be_is_refused() {
    let wrong = Router::new(Distance::Dot, 2, [(0, vec![1.0])]);
    assert!(matches!(wrong, Err(crate::VectorError::WrongDimension { expected: 2, received: 1 })));
    let mut router = Router::new(Distance::Cosine, 2, [(0, vec![1.0, 0.0])]).unwrap();
    assert!(router.add_cells(0, [(1, vec![0.0, 0.0])]).is_err());
    assert_eq!(router.cell_count(), 0);
}

fn states(cells: &[(u32, u64, [f32; 2])]) -> Vec<CellState<'_, u32>> {
    cells.iter().map(|(key, rows, centre)| CellState { key: *key, rows: *rows, centre }).collect()
}

#[test]
fn a_cell_that_is_too_large_splits() {
    let cells = [(1, 100, [0.0, 0.0]), (2, 100, [10.0, 0.0]), (3, 3000, [0.0, 10.0])];
    // 3,200 rows are planned in 38 cells, so that 100 is about right.
    assert_eq!(upkeep_plan(Distance::Euclid, &states(&cells)), [Upkeep::Split(3)]);
}

#[test]
fn a_cell_with_too_few_rows_retires_into_the_nearest_and_an_empty_one_does_not() {
    let mut cells: Vec<(u32, u64, [f32; 2])> =
        (0..20).map(|key| (key, 60, [key as f32 * 10.0, 0.0])).collect();
    cells[4].1 = 2;
    cells[9].1 = 0;
    let plan = upkeep_plan(Distance::Euclid, &states(&cells));
    assert_eq!(plan, [Upkeep::Retire { cell: 4, into: 3 }]);
}

#[test]
fn of_two_cells_that_are_too_near_the_larger_key_gives_way() {
    let mut cells: Vec<(u32, u64, [f32; 2])> =
        (0..20).map(|key| (key, 60, [key as f32 * 10.0, 0.0])).collect();
    cells[7].2 = [121.0, 0.0];
    let plan = upkeep_plan(Distance::Manhattan, &states(&cells));
    assert_eq!(plan, [Upkeep::Retire { cell: 12, into: 7 }]);
}

#[test]
fn a_cell_that_just_split_is_not_too_near_its_new_neighbours() {
    let rows = Synthetic::new(8, 32).rows(4000);
    let founding = found(rows.view(), Distance::Cosine, rows.nrows(), 3).unwrap();
    let router = router(&founding, Distance::Cosine);
    let mut centres: Vec<(Key, Vec<f32>)> = Vec::new();
    for (region, cells) in &founding.cells {
        centres.extend(cells.rows().into_iter().enumerate().map(|(c, row)| ((*region, c), row.to_vec())));
    }
    let assigned = router.assign_rows(rows.view());
    let of =
        |key: Key| -> Vec<usize> { (0..rows.nrows()).filter(|row| assigned[*row] == Some(key)).collect() };
    let largest = centres.iter().map(|(key, _)| *key).max_by_key(|key| of(*key).len()).unwrap();
    let rows_of_it = rows.select(ndarray::Axis(0), &of(largest));
    let split = split_cell(rows_of_it.view(), Distance::Cosine, 1).unwrap();
    assert_eq!(split.nrows(), 2);
    centres.extend(split.rows().into_iter().enumerate().map(|(c, row)| ((99, c), row.to_vec())));
    let states: Vec<CellState<'_, Key>> =
        centres.iter().map(|(key, centre)| CellState { key: *key, rows: 60, centre }).collect();
    for upkeep in upkeep_plan(Distance::Cosine, &states) {
        assert!(!matches!(upkeep, Upkeep::Retire { cell: (99, _), .. }), "{upkeep:?}");
    }
}

proptest! {
    #[test]
    fn the_plan_follows_from_the_set_and_leads_to_cells_that_stay(
        cells in prop::collection::vec((0u32..30, 0u64..400, [0.0f32..9.0, 0.0f32..9.0]), 0..25), rotation in 0usize..25
    ) {
        let mut cells = cells;
        cells.sort_by_key(|cell| cell.0);
        cells.dedup_by_key(|cell| cell.0);
        let plan = upkeep_plan(Distance::Euclid, &states(&cells));
        let retired: Vec<u32> = plan.iter().filter_map(|upkeep| match upkeep {
            Upkeep::Retire { cell, .. } => Some(*cell),
            Upkeep::Split(_) => None,
        }).collect();
        for upkeep in &plan {
            match upkeep {
                Upkeep::Split(cell) => prop_assert!(!retired.contains(cell)),
                Upkeep::Retire { into, .. } => prop_assert!(!retired.contains(into)),
            }
        }
        if !cells.is_empty() {
            let middle = rotation % cells.len();
            cells.rotate_left(middle);
        }
        prop_assert_eq!(upkeep_plan(Distance::Euclid, &states(&cells)), plan);
    }
}
