//! Lloyd's passes that look only at the centres around a row's last one.
//!
//! For centres that are already about right, as after clustering region by region: a row then moves to a
//! neighbour if anywhere, and a pass costs a dozen comparisons a row, however many centres there are.

use super::{Centres, Rows, update};
use crate::distance::kernel;

/// Centres that a row is compared with: its own and the nearest to that. A row whose nearest is farther off
/// gets there in a later pass.
const NEIGHBOURS: usize = 12;

/// Moves centres for `passes` passes, and then each row's `nearest` once more. `rows` in standard layout and, under
/// cosine, of unit length; `nearest` one centre a row.
pub(crate) fn refine(centres: &mut Centres, rows: &Rows, nearest: &mut [usize], passes: usize) {
    for pass in 0..=passes {
        let around = neighbours(centres);
        let mut costs = Vec::with_capacity(rows.len());
        for (row, nearest) in rows.iter().zip(nearest.iter_mut()) {
            let candidates = around.get(*nearest).map(Vec::as_slice).unwrap_or_default();
            let Some((centre, cost)) = centres.nearest_of(row, candidates) else { continue };
            *nearest = centre;
            costs.push(cost);
        }
        if pass < passes && !update::move_to_means(centres, rows, nearest, &costs) {
            break;
        }
    }
}

/// For each centre itself and its nearest ones. Cost: O(k^2 d).
fn neighbours(centres: &Centres) -> Vec<Vec<usize>> {
    let rows = centres.rows();
    rows.rows()
        .into_iter()
        .map(|centre| {
            let centre = centre.to_slice().unwrap_or_default();
            let gaps = rows
                .rows()
                .into_iter()
                .map(|other| kernel::squared_euclid(centre, other.to_slice().unwrap_or_default()));
            let mut around: Vec<(f32, usize)> = gaps.zip(0..).collect();
            around.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            around.into_iter().take(NEIGHBOURS).map(|(_, other)| other).collect()
        })
        .collect()
}
