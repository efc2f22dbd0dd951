//! Moving centres: mini-batches, passes over all rows, and the repair of centres that nothing is near.

use super::{Centres, KMeans, Rows};
use crate::{Distance, distance::kernel, random::Random};

/// Learns from random batches: each row pulls its nearest centre towards itself, by one part in as many rows
/// as that centre has seen.
pub(super) fn mini_batches(centres: &mut Centres, rows: &Rows, options: &KMeans, random: &mut Random) {
    let mut seen = vec![0u32; centres.len()];
    for _ in 0..options.batches {
        let batch: Vec<usize> = (0..options.batch_rows).map(|_| random.below(rows.len())).collect();
        let nearest: Vec<_> = batch.iter().map(|row| centres.nearest(rows.row(*row))).collect();
        for (row, nearest) in batch.iter().zip(nearest) {
            let Some((centre, _)) = nearest else { continue };
            let Some(seen) = seen.get_mut(centre) else { continue };
            *seen += 1;
            let rate = 1.0 / *seen as f32;
            let old = centres.rows().row(centre).to_vec();
            // Weighted, so that numbers of any size stay finite.
            let pairs = old.iter().zip(rows.row(*row).floats);
            let moved: Vec<f32> = pairs.map(|(c, x)| c * (1.0 - rate) + x * rate).collect();
            centres.set_row(centre, &moved);
        }
        if centres.distance() == Distance::Cosine {
            for centre in 0..centres.len() {
                let mut unit = centres.rows().row(centre).to_vec();
                // Opposite rows may cancel out: then the centre stays short until the next batch.
                if kernel::normalise(&mut unit) {
                    centres.set_row(centre, &unit);
                }
            }
        }
    }
}

/// One pass: every row to its nearest centre, every centre to the mean of its rows. Whether a centre moved.
pub(super) fn lloyd(centres: &mut Centres, rows: &Rows) -> bool {
    let nearest = rows.iter().filter_map(|row| centres.nearest(row));
    let (nearest, costs): (Vec<usize>, Vec<f32>) = nearest.unzip();
    move_to_means(centres, rows, &nearest, &costs)
}

/// Every centre to the mean of the rows that it is `nearest` to, or, if it has none, to the row with the
/// highest of `costs` that no other such centre took. Whether a centre moved.
pub(crate) fn move_to_means(centres: &mut Centres, rows: &Rows, nearest: &[usize], costs: &[f32]) -> bool {
    let dimension = rows.dimension();
    // In f64: sums of many rows of large numbers stay finite and exact enough.
    let mut sums = vec![0.0f64; centres.len() * dimension];
    let mut counts = vec![0usize; centres.len()];
    for (row, centre) in rows.iter().zip(nearest) {
        if let Some(count) = counts.get_mut(*centre) {
            *count += 1;
        }
        let sums = sums.get_mut(centre * dimension..).unwrap_or_default();
        for (sum, x) in sums.iter_mut().zip(row.floats) {
            *sum += f64::from(*x);
        }
    }
    let repairs = counts.iter().filter(|count| **count == 0).count();
    let mut worst_served = if repairs == 0 { Vec::new() } else { worst_first(costs) }.into_iter();
    let mut moved = false;
    for ((centre, count), sums) in counts.iter().enumerate().zip(sums.chunks_exact(dimension.max(1))) {
        let mut new: Vec<f32> = if *count == 0 {
            match worst_served.next() {
                Some(row) => rows.row(row).floats.to_vec(),
                None => continue,
            }
        } else {
            sums.iter().map(|sum| (sum / *count as f64) as f32).collect()
        };
        if centres.distance() == Distance::Cosine && !kernel::normalise(&mut new) {
            // The rows cancel out, so that no direction is better than the old one.
            continue;
        }
        moved |= centres.rows().row(centre).iter().ne(new.iter());
        centres.set_row(centre, &new);
    }
    moved
}

/// Rows by falling cost; of equal ones the first.
fn worst_first(costs: &[f32]) -> Vec<usize> {
    let mut rows: Vec<(usize, f32)> = costs.iter().copied().enumerate().collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    rows.into_iter().map(|(row, _)| row).collect()
}
