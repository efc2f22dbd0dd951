//! Which segments to merge.
//!
//! Tiers by size, as in log-structured merge trees (O'Neil et al. 1996; the size-tiered form): a segment of n rows
//! that count is in tier log4(n), rounded down, and four of one tier become one of the next. So there are at most three
//! in each tier, and a row is written once when it comes and at most once for each tier that it rises through:
//!
//! | rows come in segments of | written until there are 1,000,000 | segments at most |
//! |---|---|---|
//! | 1 | 11 times | 30 |
//! | 1,000 | 6 times | 18 |
//! | 10,000 | 5 times | 12 |
//! | 1,000,000 | once (twice with the builder's own merge) | 1 |
//!
//! Those are bounds, and `Info::rows_written` counts. A segment of which a quarter is removed is written again without
//! it, at a cost of at most three rows for each that was removed. What would be larger than [`MAX_MERGED_BYTES`] is not
//! merged, so that one step has a bound too: that, or one segment that was built larger and lost a quarter.

/// Segments of one tier that become one.
const FAN_IN: usize = 4;
/// Bytes of codes of the largest segment that merging makes.
const MAX_MERGED_BYTES: usize = 2 << 30;

/// What is known of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Rows in the file.
    pub(super) rows: usize,
    /// Rows that are removed.
    pub(super) removed: usize,
}

impl Size {
    fn live(self) -> usize {
        self.rows - self.removed.min(self.rows)
    }

    fn tier(self) -> u32 {
        self.live().max(1).ilog(FAN_IN)
    }
}

/// The places of segments that should become one, if any. `code_bytes` is what a row takes.
pub(super) fn plan(sizes: &[Size], code_bytes: usize) -> Option<Vec<usize>> {
    let fits = |places: &[usize]| {
        places.iter().map(|place| sizes[*place].live() * code_bytes).sum::<usize>() <= MAX_MERGED_BYTES
    };
    let places = |wanted: &dyn Fn(Size) -> bool| -> Vec<usize> {
        sizes.iter().enumerate().filter(|(_, size)| wanted(**size)).map(|(place, _)| place).collect()
    };
    let highest = sizes.iter().map(|size| size.tier()).max()?;
    let of_a_tier = (0..=highest).map(|tier| places(&|size| size.tier() == tier));
    let full = of_a_tier.filter(|places| places.len() >= FAN_IN).find(|places| fits(places));
    full.or_else(|| {
        sizes.iter().position(|size| size.removed * 4 >= size.rows.max(1)).map(|place| vec![place])
    })
}

#[cfg(test)]
mod tests {
    //! How often rows are written, and how many segments are left.

    use super::*;

    fn size(rows: usize, removed: usize) -> Size {
        Size { rows, removed }
    }

    /// Adds segments of `each` rows until there are `total`, merging whenever there is something to merge. Says how many
    /// rows were written, and how many segments there were at most.
    fn grow(each: usize, total: usize) -> (usize, usize) {
        let (mut sizes, mut written, mut most) = (Vec::new(), 0, 0);
        for _ in 0..total / each {
            sizes.push(size(each, 0));
            written += each;
            while let Some(places) = plan(&sizes, 388) {
                let rows = places.iter().map(|place| sizes[*place].live()).sum();
                for place in places.iter().rev() {
                    sizes.swap_remove(*place);
                }
                sizes.push(size(rows, 0));
                written += rows;
            }
            most = most.max(sizes.len());
        }
        (written, most)
    }

    #[test]
    fn writes_and_segments_stay_within_the_documented_bounds() {
        for (each, times, segments) in [(1, 11, 30), (1_000, 6, 18), (10_000, 5, 12)] {
            let (written, most) = grow(each, 1_000_000);
            assert!(written <= times * 1_000_000, "{each}: {written}");
            assert!(most <= segments, "{each}: {most}");
        }
    }

    #[test]
    fn a_segment_with_many_removed_rows_is_written_again() {
        assert_eq!(plan(&[size(100, 24), size(1000, 249)], 388), None);
        assert_eq!(plan(&[size(100, 24), size(1000, 250)], 388), Some(vec![1]));
        assert_eq!(plan(&[size(7, 7)], 388), Some(vec![0]));
        assert_eq!(plan(&[], 388), None);
    }

    #[test]
    fn what_would_be_too_large_is_not_merged() {
        let large = [size(2_000_000, 0); 6];
        assert_eq!(plan(&large, 388), None);
        assert_eq!(plan(&large, 100).map(|places| places.len()), Some(6));
        // Smaller ones still are.
        let with_small = [&large[..], &[size(5, 0); 4]].concat();
        assert_eq!(plan(&with_small, 388), Some(vec![6, 7, 8, 9]));
    }
}
