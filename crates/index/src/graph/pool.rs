//! The candidates of a walk: sorted, the best first, with a mark on those whose neighbours have been seen.
//!
//! One sorted array instead of the two heaps of the paper: for the few hundred candidates that a walk keeps, moving
//! the worse ones along is cheaper than keeping heaps, and what is to be looked at next is found by moving on.

/// A candidate, packed so that the order of the numbers is that of the candidates: the score, turned round, in the upper half;
/// below it the slot, whether it counts as a result, and whether its neighbours have been seen.
type Packed = u64;

const SEEN: u64 = 1;
const COUNTS: u64 = 2;

/// The candidates.
#[derive(Debug, Default)]
pub(super) struct Pool {
    candidates: Vec<Packed>,
    /// How many results to keep.
    ef: usize,
    /// How many candidates count as results.
    counting: usize,
    /// Before this one, all have been seen.
    next: usize,
}

impl Pool {
    /// Empties it, to keep `ef` results, at least one.
    pub(super) fn reset(&mut self, ef: usize) {
        self.candidates.clear();
        self.ef = ef.max(1);
        self.counting = 0;
        self.next = 0;
    }

    /// Whether a score would be kept.
    #[inline(always)]
    pub(super) fn admits(&self, score: f32) -> bool {
        self.counting < self.ef || self.candidates.last().is_none_or(|last| pack(score, 0) < *last)
    }

    /// Adds a candidate that has been admitted. One that does not count as a result only leads on; those that are
    /// worse than the `ef` best results are dropped.
    #[inline]
    pub(super) fn push(&mut self, score: f32, slot: u32, counts: bool) {
        let packed = pack(score, slot) | if counts { COUNTS } else { 0 };
        let place = self.candidates.partition_point(|other| *other < packed);
        self.candidates.insert(place, packed);
        self.next = self.next.min(place);
        if counts {
            self.counting += 1;
        }
        if self.counting >= self.ef {
            if self.counting > self.ef {
                // The last one counts: all behind the last result had been dropped.
                self.drop_last();
            }
            while self.candidates.last().is_some_and(|last| last & COUNTS == 0) {
                self.drop_last();
            }
        }
    }

    fn drop_last(&mut self) {
        if let Some(last) = self.candidates.pop()
            && last & COUNTS != 0
        {
            self.counting -= 1;
        }
    }

    /// The best candidate whose neighbours have not been seen; they have now. `None` when the walk is over.
    #[inline]
    pub(super) fn next(&mut self) -> Option<u32> {
        while let Some(candidate) = self.candidates.get_mut(self.next) {
            self.next += 1;
            if *candidate & SEEN == 0 {
                *candidate |= SEEN;
                return Some(slot_of(*candidate));
            }
        }
        None
    }

    /// The one that [`Self::next`] would give as things are.
    #[inline]
    pub(super) fn peek(&self) -> Option<u32> {
        let rest = self.candidates.get(self.next..).unwrap_or_default();
        rest.iter().find(|candidate| **candidate & SEEN == 0).map(|candidate| slot_of(*candidate))
    }

    /// The results, best first.
    pub(super) fn results(&self) -> impl Iterator<Item = (f32, u32)> {
        self.all().filter(|(_, _, counts)| *counts).map(|(score, slot, _)| (score, slot))
    }

    /// All candidates, best first, and whether they count.
    pub(super) fn all(&self) -> impl Iterator<Item = (f32, u32, bool)> {
        self.candidates.iter().map(|packed| (score_of(*packed), slot_of(*packed), packed & COUNTS != 0))
    }

    /// Bytes in use.
    pub(super) fn memory_bytes(&self) -> usize {
        self.candidates.capacity() * size_of::<Packed>()
    }
}

/// Floats in their order as integers: sign and magnitude become one's complement (Herf, "Radix tricks", 2001).
#[inline(always)]
fn pack(score: f32, slot: u32) -> Packed {
    let bits = score.to_bits();
    let ascending = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(!ascending) << 32 | u64::from(slot) << 2
}

#[inline(always)]
fn score_of(packed: Packed) -> f32 {
    let ascending = !((packed >> 32) as u32);
    f32::from_bits(if ascending >> 31 == 1 { ascending & !(1 << 31) } else { !ascending })
}

#[inline(always)]
fn slot_of(packed: Packed) -> u32 {
    packed as u32 >> 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_packed_candidate_has_its_score_and_slot(score in any::<f32>(), slot in 0u32..1 << 30) {
            prop_assume!(!score.is_nan());
            let packed = pack(score, slot) | COUNTS | SEEN;
            prop_assert_eq!(score_of(packed).to_bits(), score.to_bits());
            prop_assert_eq!(slot_of(packed), slot);
        }

        #[test]
        fn the_best_results_are_kept_and_what_leads_on_to_better(
            offers in prop::collection::vec((-100i16..100, any::<bool>()), 0..200), ef in 1usize..20
        ) {
            let mut pool = Pool::default();
            pool.reset(ef);
            for (slot, (score, counts)) in offers.iter().enumerate() {
                if pool.admits(f32::from(*score)) {
                    pool.push(f32::from(*score), slot as u32, *counts);
                }
            }
            let mut counting: Vec<f32> = offers.iter().filter(|o| o.1).map(|o| f32::from(o.0)).collect();
            counting.sort_by(|a, b| b.total_cmp(a));
            counting.truncate(ef);
            let received: Vec<f32> = pool.results().map(|(score, _)| score).collect();
            prop_assert_eq!(&received, &counting);
            // Whatever is nearer than the last result is still there to lead on.
            let bound = if counting.len() < ef { f32::NEG_INFINITY } else { counting[ef - 1] };
            let nearer = offers.iter().filter(|o| !o.1 && f32::from(o.0) > bound).count();
            prop_assert!(pool.all().filter(|(_, _, counts)| !counts).count() >= nearer);
            let mut walked = Vec::new();
            while let Some(slot) = pool.next() {
                walked.push(slot);
            }
            prop_assert_eq!(walked.len(), pool.all().count());
        }
    }
}
