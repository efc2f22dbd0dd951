//! Searching among some of the rows.

use super::*;
use crate::RowFilter;

/// Rows whose label this number divides.
struct Multiples {
    of: u32,
    rows: u32,
}

impl RowFilter for Multiples {
    fn allows(&self, label: Label) -> bool {
        label.is_multiple_of(self.of)
    }

    fn count(&self) -> usize {
        self.rows.div_ceil(self.of) as usize
    }

    fn for_each(&self, visit: &mut dyn FnMut(Label)) {
        (0..self.rows).step_by(self.of as usize).for_each(visit);
    }
}

#[test]
fn a_filter_leaves_k_results_however_few_it_allows() {
    let data = Data::sq8(ROWS);
    let graph = data.graph(1);
    for of in [1, 2, 3, 10, 100, 1000] {
        let filter = Multiples { of, rows: ROWS as u32 };
        let mut found = 0;
        let mut there = 0;
        for query in &data.queries {
            let hits = graph.search(query, 10, EF, Some(&filter)).unwrap();
            assert_eq!(hits.len(), filter.count().min(10));
            assert!(hits.iter().all(|hit| filter.allows(hit.label)));
            let exact = graph.search_exact(query, 10, Some(&filter)).unwrap();
            assert!(exact.iter().all(|hit| filter.allows(hit.label)));
            found += exact.iter().filter(|hit| hits.contains(hit)).count();
            there += exact.len();
        }
        assert!(found as f64 / there as f64 > 0.9, "one in {of}: {found} of {there}");
    }
}

#[test]
fn a_filter_that_allows_what_is_not_there_finds_the_rest() {
    let data = Data::sq8(ROWS);
    let graph = data.graph(1);
    (0..ROWS as u32).filter(|label| label % 100 != 0 || *label >= 500).for_each(|label| {
        graph.remove(label);
    });
    let filter = Multiples { of: 50, rows: 100_000 };
    let hits = graph.search(&data.queries[0], 10, 20, Some(&filter)).unwrap();
    let mut labels: Vec<Label> = hits.iter().map(|hit| hit.label).collect();
    labels.sort_unstable();
    assert_eq!(labels, [0, 100, 200, 300, 400]);
}

#[test]
fn a_wrong_count_costs_no_results() {
    struct Wrong(Multiples);
    impl RowFilter for Wrong {
        fn allows(&self, label: Label) -> bool {
            self.0.allows(label)
        }
        fn count(&self) -> usize {
            ROWS
        }
        fn for_each(&self, visit: &mut dyn FnMut(Label)) {
            self.0.for_each(visit);
        }
    }
    let data = Data::sq8(ROWS);
    let filter = Wrong(Multiples { of: 300, rows: ROWS as u32 });
    let hits = data.graph(1).search(&data.queries[0], 10, 20, Some(&filter)).unwrap();
    assert_eq!(hits.len(), 10);
}

#[test]
fn few_rows_are_scanned_and_many_are_walked() {
    assert!(scan_is_cheaper(1_000, 1_000_000, 96));
    assert!(!scan_is_cheaper(500_000, 1_000_000, 96));
    assert!(scan_is_cheaper(500, 500, 96));
    assert!(scan_is_cheaper(usize::MAX, usize::MAX, usize::MAX));
    assert!(scan_is_cheaper(0, 0, 1));
}
