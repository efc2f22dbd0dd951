//! Centres are finite, useful and repeatable, whatever the rows.

use super::*;
use crate::VectorError;
use crate::distance::kernel;
use crate::test_vectors::{DISTANCES, distance, vector};
use ndarray::{Axis, array};
use proptest::prelude::*;

fn matrix(rows: Vec<Vec<f32>>) -> Array2<f32> {
    let shape = (rows.len(), rows[0].len());
    Array2::from_shape_vec(shape, rows.concat()).unwrap()
}

fn total_cost(centres: &Centres, rows: &Rows) -> f64 {
    rows.iter().map(|row| f64::from(centres.nearest(row).unwrap().1)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn centres_are_finite_few_enough_and_the_same_again(
        rows in prop::collection::vec(vector(5), 1..40), clusters in 1usize..12, distance in distance(),
        batches in 0usize..3, seed in any::<u64>()
    ) {
        let rows = matrix(rows);
        let options = KMeans { batches, batch_rows: 8, passes: 3, ..KMeans::new(clusters, distance, seed) };
        let centres = options.centres(rows.view()).unwrap();
        prop_assert!((1..=clusters.min(rows.nrows())).contains(&centres.nrows()));
        prop_assert!(centres.iter().all(|x| x.is_finite()));
        if distance == Distance::Cosine {
            for centre in centres.rows() {
                prop_assert!((kernel::squared_length(&centre.to_vec()) - 1.0).abs() < 1e-5);
            }
        }
        prop_assert_eq!(&centres, &options.centres(rows.view()).unwrap());
    }

    #[test]
    fn every_row_is_given_its_nearest_centre(
        rows in prop::collection::vec(vector(5), 1..30), distance in distance()
    ) {
        let rows = Rows::prepared(matrix(rows), distance).unwrap();
        let centres = KMeans::new(4, distance, 1).centres_of(&rows);
        for row in rows.iter() {
            let (nearest, cost) = centres.nearest(row).unwrap();
            let costs = centres.costs(row);
            prop_assert_eq!(costs[nearest], cost);
            prop_assert!(costs.iter().all(|other| *other >= cost));
        }
    }
}

#[test]
fn passes_make_rows_better_served() {
    let rows = crate::synthetic::Synthetic::new(3, 24).rows(600);
    for distance in DISTANCES {
        let rows = Rows::prepared(rows.clone(), distance).unwrap();
        let served = |batches, passes| {
            let options = KMeans { batches, passes, ..KMeans::new(12, distance, 5) };
            total_cost(&options.centres_of(&rows), &rows)
        };
        assert!(served(0, 10) < served(0, 0), "{distance:?}");
        assert!(served(20, 0) < served(0, 0), "{distance:?}");
    }
}

#[test]
fn separate_clusters_are_found() {
    let rows = array![[0.0f32, 0.1], [0.1, 0.0], [9.0, 9.1], [9.1, 9.0], [-9.0, 9.0], [-9.1, 9.1]];
    let centres =
        Centres::new(Distance::Euclid, KMeans::new(3, Distance::Euclid, 2).centres(rows.view()).unwrap());
    let of =
        |row: usize| centres.nearest(OneRow::new(Distance::Euclid, &rows.row(row).to_vec()).row()).unwrap().0;
    assert_eq!((of(0), of(2), of(4)), (of(1), of(3), of(5)));
    assert!(of(0) != of(2) && of(2) != of(4) && of(0) != of(4));
}

#[test]
fn rows_that_are_all_equal_give_one_centre() {
    for distance in DISTANCES {
        let rows = Array2::from_elem((50, 3), 2.0f32);
        assert_eq!(KMeans::new(8, distance, 1).centres(rows.view()).unwrap().nrows(), 1, "{distance:?}");
    }
}

#[test]
fn a_centre_without_rows_is_put_on_the_row_that_is_worst_served() {
    let rows = array![[0.0f32], [0.0], [1.0], [7.0]];
    let mut centres = Centres::new(Distance::Euclid, array![[0.5f32], [100.0]]);
    assert!(update::lloyd(&mut centres, &Rows::new(Distance::Euclid, rows)));
    assert_eq!(centres.rows().row(1).to_vec(), [7.0]);
}

#[test]
fn refining_reaches_every_neighbour_and_serves_rows_no_worse() {
    let rows = crate::synthetic::Synthetic::new(4, 24).rows(800);
    let rows = Rows::prepared(rows, Distance::Cosine).unwrap();
    let mut centres = KMeans { passes: 0, ..KMeans::new(30, Distance::Cosine, 5) }.centres_of(&rows);
    let before = total_cost(&centres, &rows);
    let mut nearest = vec![0; rows.len()];
    refine(&mut centres, &rows, &mut nearest, 6);
    assert!(total_cost(&centres, &rows) < before);
    let right = rows.iter().zip(&nearest);
    let right = right.filter(|(row, nearest)| centres.nearest(*row).unwrap().0 == **nearest);
    assert!(right.count() > 700);
}

#[test]
fn what_cannot_be_clustered_is_refused() {
    let options = KMeans::new(2, Distance::Cosine, 1);
    assert_eq!(options.centres(Array2::zeros((0, 3)).view()), Err(ClusterError::NoRows));
    let rows = array![[1.0f32, 0.0], [0.0, 0.0], [f32::NAN, 0.0]];
    let zero = ClusterError::Row { row: 1, source: VectorError::ZeroVector };
    assert_eq!(options.centres(rows.view()), Err(zero));
    let error = KMeans::new(2, Distance::Dot, 1).centres(rows.view());
    assert!(matches!(error, Err(ClusterError::Row { row: 2, source: VectorError::NotFinite { .. } })));
    let none = KMeans::new(0, Distance::Dot, 1).centres(rows.select(Axis(0), &[0]).view());
    assert_eq!(none, Err(ClusterError::NoClusters));
}
