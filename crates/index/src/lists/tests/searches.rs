//! Which cells are looked at, and how filters are applied.

use super::*;

/// Cells along a line, ten rows near each; the label says the cell.
fn line(cells: u32) -> Fixture {
    let space = Space { dimension: 2, distance: Distance::Euclid, encoding: Encoding::F32 };
    let mut fixture = Fixture::new(space, 0, 1);
    let centre = |cell: u32| vec![cell as f32, 0.0];
    fixture.lists.add_cells((0..cells).map(|cell| (cell_id(cell), centre(cell)))).unwrap();
    let mut builder = fixture.lists.builder();
    for cell in 0..cells {
        for row in 0..10u32 {
            let code = encode_row(space, &[cell as f32, (row + 1) as f32 / 100.0]).unwrap();
            builder.push(cell * 10 + row, cell, &code).unwrap();
            fixture.rows.insert(cell * 10 + row, (cell, code));
        }
    }
    fixture.lists.add(builder.finish().unwrap()).unwrap();
    fixture
}

fn labels(found: &Found) -> Vec<Label> {
    found.hits.iter().map(|hit| hit.label).collect()
}

#[test]
fn only_the_nearest_cells_are_looked_at() {
    let fixture = line(50);
    let search = Search { k: 3, nprobe: Some(2), filter: None };
    let found = fixture.lists.search(&[7.4, 0.0], &search).unwrap();
    assert_eq!((labels(&found), found.cells_probed, found.rows_scored), (vec![70, 71, 72], 2, 20));
    let of_two_cells = fixture.exact(&[7.4, 0.0], 3, |_, cell| cell == 7 || cell == 8);
    assert_eq!(found.hits, of_two_cells);
}

#[test]
fn more_cells_are_looked_at_until_k_rows_are_found() {
    let mut fixture = line(50);
    let search = Search { k: 25, nprobe: Some(1), filter: None };
    let found = fixture.lists.search(&[7.4, 0.0], &search).unwrap();
    assert_eq!((found.hits.len(), found.cells_probed), (25, 3));
    // Cells whose rows are all removed count as looked at, those without rows do not.
    fixture.remove(&(70..80).collect::<Vec<_>>());
    let found = fixture.lists.search(&[7.4, 0.0], &Search { k: 1, ..search }).unwrap();
    assert_eq!((labels(&found), found.cells_probed), (vec![80], 2));
    while fixture.lists.merge().unwrap() {}
    fixture.add([]);
    let found = fixture.lists.search(&[7.4, 0.0], &Search { k: 1000, ..search }).unwrap();
    assert_eq!((found.hits.len(), found.cells_probed), (490, 50));
}

#[test]
fn a_filter_that_allows_few_rows_is_exact_whatever_is_probed() {
    let fixture = line(50);
    let far = Only([499, 250, 3].into());
    let search = Search { k: 2, nprobe: Some(25), filter: Some(&far) };
    let found = fixture.lists.search(&[0.0, 0.0], &search).unwrap();
    assert_eq!((labels(&found), found.cells_probed, found.rows_scored), (vec![3, 250], 0, 3));
}

#[test]
fn a_filter_that_leaves_one_row_in_twenty_is_asked_before_rows_are_scored() {
    let fixture = line(200);
    let some = Only((0..2000).filter(|label| label % 20 == 3).collect());
    let search = Search { k: 4, nprobe: Some(10), filter: Some(&some) };
    let found = fixture.lists.search(&[100.0, 0.0], &search).unwrap();
    assert_eq!(found.hits, fixture.exact(&[100.0, 0.0], 4, |label, _| label % 20 == 3));
    assert_eq!((found.cells_probed, found.rows_scored), (10, 5));
}

#[test]
fn a_filter_that_allows_most_rows_is_asked_about_the_best() {
    let fixture = line(50);
    let most = Only((0..500).filter(|label| label % 10 != 0).collect());
    let search = Search { k: 4, nprobe: Some(10), filter: Some(&most) };
    let found = fixture.lists.search(&[30.0, 0.0], &search).unwrap();
    assert_eq!((labels(&found), found.rows_scored), (vec![301, 302, 303, 304], 100));
}

#[test]
fn a_filter_far_from_the_query_still_gives_k_rows() {
    let fixture = line(200);
    // More than are worth looking up, all of them far away.
    let far = Only((1000..2000).collect());
    let search = Search { k: 5, nprobe: Some(3), filter: Some(&far) };
    let found = fixture.lists.search(&[0.0, 0.0], &search).unwrap();
    assert_eq!(labels(&found), [1000, 1001, 1002, 1003, 1004]);
}

#[test]
fn no_rows_and_no_k_find_nothing() {
    let fixture = line(3);
    let search = Search { k: 0, nprobe: None, filter: None };
    let nothing = Found { hits: Vec::new(), rows_scored: 0, cells_probed: 0 };
    assert_eq!(fixture.lists.search(&[1.0, 1.0], &search).unwrap(), nothing);
    let empty = Fixture::plain(0, 1);
    assert_eq!(empty.lists.search(&[1.0; 13], &Search { k: 5, ..search }).unwrap(), nothing);
    let none = Only(BTreeSet::new());
    let search = Search { k: 5, nprobe: None, filter: Some(&none) };
    assert!(fixture.lists.search(&[1.0, 1.0], &search).unwrap().hits.is_empty());
}

#[test]
fn a_vector_of_another_dimension_is_refused() {
    let fixture = line(3);
    let refused = fixture.lists.search(&[1.0; 3], &Search { k: 1, nprobe: None, filter: None });
    assert!(matches!(refused, Err(ListsError::Vector(_))));
    let centre = (cell_id(9), vec![1.0; 3]);
    assert!(matches!(fixture.lists.add_cells([centre]), Err(ListsError::Vector(_))));
    assert_eq!(fixture.lists.cell_number(&cell_id(9)), None);
    assert_eq!(fixture.lists.cell_id(2), Some(cell_id(2)));
}

#[test]
fn the_default_grows_with_cells_and_depth_and_stays_within_the_cells() {
    let defaults =
        [(121, 10), (337, 10), (1460, 10), (121, 100), (337, 100)].map(|(n, depth)| default_nprobe(n, depth));
    assert_eq!(defaults, [72, 119, 180, 93, 155]);
    assert_eq!([0, 1, 5, 30].map(|cells| default_nprobe(cells, 1)), [1, 1, 5, 30]);
    assert_eq!(default_nprobe(500, usize::MAX), 500);
    for cells in 1..3000 {
        assert!(default_nprobe(cells, 10) <= default_nprobe(cells + 1, 10));
    }
    // Without a number it is what a search does: 200 cells with rows, and a filter that leaves a fifth.
    let fixture = line(200);
    let found = fixture.lists.search(&[3.0, 0.0], &Search { k: 10, nprobe: None, filter: None }).unwrap();
    assert_eq!(found.cells_probed, default_nprobe(200, 10));
    let fifth = Only((0..2000).filter(|label| label % 5 == 3).collect());
    let search = Search { k: 10, nprobe: None, filter: Some(&fifth) };
    let found = fixture.lists.search(&[3.0, 0.0], &search).unwrap();
    assert_eq!(found.cells_probed, default_nprobe(200, 50));
}
