//! Which blocks of an author there are, in a few bytes: to compare two places that know of them.

use rose_forest_rules::reference::HashRef;

/// Bytes of a hash before those that tell hashes of one kind apart; what follows those is made from them.
const KIND_BYTES: usize = 3;
/// Bytes of a digest.
pub(crate) const DIGEST_BYTES: usize = 32;

/// A set of blocks: how many, and the exclusive or of the hashes of the actions that carry them, of each the 32 bytes between
/// the three that say what kind of hash it is and the four of its location. Zero bytes for no blocks.
///
/// Two sets that differ by chance have one sum with a probability of 2^-256. It is no proof against the author itself, who may
/// look for blocks whose sums agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct BlockSum {
    /// How many blocks.
    pub(crate) count: u64,
    /// The exclusive or of their actions.
    pub(crate) digest: [u8; DIGEST_BYTES],
}

impl BlockSum {
    /// Adds a block that is not in the set. Cost: constant.
    pub(crate) fn add(&mut self, action: &HashRef) {
        self.count += 1;
        self.digest.iter_mut().zip(action.0.iter().skip(KIND_BYTES)).for_each(|(sum, byte)| *sum ^= byte);
    }
}

impl<'a> FromIterator<&'a HashRef> for BlockSum {
    fn from_iter<I: IntoIterator<Item = &'a HashRef>>(actions: I) -> Self {
        let mut sum = Self::default();
        actions.into_iter().for_each(|action| sum.add(action));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sum_is_of_the_bytes_that_tell_hashes_apart() {
        let mut action = [0xff; 39];
        action[3..35].copy_from_slice(&[7; 32]);
        let sum = BlockSum::from_iter([&HashRef(action)]);
        assert_eq!(sum, BlockSum { count: 1, digest: [7; 32] });
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter_and_one_block_more_does(mut actions: Vec<[u8; 39]>, more: [u8; 32]) {
            let sum = |actions: &[[u8; 39]]| actions.iter().map(|action| HashRef(*action)).collect::<Vec<_>>().iter().collect::<BlockSum>();
            let before = sum(&actions);
            actions.reverse();
            prop_assert_eq!(sum(&actions), before);
            let mut action = [1; 39];
            action[3..35].copy_from_slice(&more);
            actions.push(action);
            prop_assert_ne!(sum(&actions), before);
        }
    }
}
