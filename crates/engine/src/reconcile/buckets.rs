//! An author's blocks, parted by the first bits of their hashes.

use rose_forest_api::ActionHash;
use serde::{Deserialize, Serialize};

/// Blocks of a bucket, about: an answer names a bucket's blocks where one of them differs, which makes 650 bytes; a question has
/// some 12 bytes for a bucket.
const BLOCKS_A_BUCKET: u64 = 16;
/// 4,096 buckets at most, which make a question of 60 kB.
pub(super) const MAX_BITS: u8 = 12;

/// What there is in a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// How many blocks.
    count: u32,
    /// The XOR of eight bytes of each hash.
    digest: u64,
}

/// By how many bits to part so many blocks.
pub(super) fn bits_for(blocks: u64) -> u8 {
    let buckets = (blocks / BLOCKS_A_BUCKET).max(1).next_power_of_two();
    (buckets.trailing_zeros() as u8).min(MAX_BITS)
}

/// Which bucket a block is in.
pub(super) fn place(block: &ActionHash, bits: u8) -> u32 {
    let first = block.get_raw_32().first_chunk().copied().map_or(0, u32::from_be_bytes);
    first.checked_shr(u32::BITS - u32::from(bits)).unwrap_or(0)
}

/// What there is in each of 2^`bits` buckets.
pub(super) fn cells(blocks: &[ActionHash], bits: u8) -> Vec<Cell> {
    let mut cells = vec![Cell::default(); 1 << bits];
    for block in blocks {
        // Other bytes than those that choose the bucket, which within one are nearly alike.
        let rest = block.get_raw_32().get(4..12).and_then(<[u8]>::first_chunk).copied();
        if let Some(cell) = cells.get_mut(place(block, bits) as usize) {
            cell.count += 1;
            cell.digest ^= rest.map_or(0, u64::from_le_bytes);
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_few_where_blocks_are_few_and_never_too_many() {
        assert_eq!([0, 1, 16, 31].map(bits_for), [0; 4]);
        assert_eq!([32, 64, 75_000, u64::MAX].map(bits_for), [1, 2, 12, 12]);
    }

    #[test]
    fn every_block_is_in_one_bucket_and_changes_it() {
        let blocks: Vec<_> = (0..=255).map(|byte| ActionHash::from_raw_32(vec![byte; 32])).collect();
        for bits in 0..=MAX_BITS {
            let all = cells(&blocks, bits);
            assert_eq!((all.len(), all.iter().map(|cell| cell.count).sum::<u32>()), (1 << bits, 256));
            let without = cells(&blocks[1..], bits);
            let differing: Vec<_> = (0..all.len()).filter(|place| all[*place] != without[*place]).collect();
            assert_eq!(differing, [place(&blocks[0], bits) as usize]);
        }
    }
}
