//! Which rows of a segment no longer count: a bit a row.
//!
//! In pieces that are shared between snapshots, so that removing a row while searches run copies 4 kB and not the
//! whole set, and pieces without a removed row take no space. Space: at most a byte for eight rows.

use std::sync::Arc;

const WORDS: usize = 512;
const PIECE_ROWS: usize = WORDS * 64;
/// Bytes of a piece in [`Removed::to_bytes`]: its place, and its words.
const PIECE_BYTES: usize = 4 + WORDS * 8;

/// A set of places of rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Removed {
    pieces: Vec<Option<Arc<[u64; WORDS]>>>,
    count: usize,
}

impl Removed {
    /// How many rows are removed.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Whether this row is removed.
    pub(super) fn contains(&self, place: usize) -> bool {
        let Some(Some(piece)) = self.pieces.get(place / PIECE_ROWS) else { return false };
        piece[place % PIECE_ROWS / 64] >> (place % 64) & 1 == 1
    }

    /// Removes a row. False if it was removed before.
    pub(super) fn insert(&mut self, place: usize) -> bool {
        let (at, word, bit) = (place / PIECE_ROWS, place % PIECE_ROWS / 64, 1 << (place % 64));
        if at >= self.pieces.len() {
            self.pieces.resize(at + 1, None);
        }
        let piece = Arc::make_mut(self.pieces[at].get_or_insert_with(|| Arc::new([0; WORDS])));
        let new = piece[word] & bit == 0;
        piece[word] |= bit;
        self.count += usize::from(new);
        new
    }

    /// The rows that are removed here and not in `before`, ascending.
    pub(super) fn since<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = usize> + 'a {
        self.pieces.iter().enumerate().flat_map(move |(at, piece)| {
            let old = before.pieces.get(at).and_then(Option::as_ref);
            let words = piece.iter().flat_map(|piece| piece.iter().enumerate());
            words.flat_map(move |(word, bits)| {
                let mut left = bits & !old.map_or(0, |old| old[word]);
                std::iter::from_fn(move || {
                    let bit = left.trailing_zeros() as usize;
                    left &= left.wrapping_sub(1);
                    (bit < 64).then_some(at * PIECE_ROWS + word * 64 + bit)
                })
            })
        })
    }

    /// Bytes on the heap.
    pub(super) fn memory_bytes(&self) -> usize {
        self.pieces.capacity() * size_of::<usize>() + self.pieces.iter().flatten().count() * WORDS * 8
    }

    /// Appends how many pieces there are, and each with its place, all little-endian.
    pub(super) fn to_bytes(&self, out: &mut Vec<u8>) {
        out.extend((self.pieces.iter().flatten().count() as u32).to_le_bytes());
        for (at, piece) in self.pieces.iter().enumerate() {
            let Some(piece) = piece else { continue };
            out.extend((at as u32).to_le_bytes());
            out.extend(piece.iter().flat_map(|word| word.to_le_bytes()));
        }
    }

    /// Reads what [`Removed::to_bytes`] wrote from the front of `bytes`, and takes it off. `None` if that is not there, or
    /// names a row that a segment of `rows` rows does not have.
    pub(super) fn from_bytes(bytes: &mut &[u8], rows: usize) -> Option<Self> {
        let (count, rest) = bytes.split_first_chunk()?;
        let (pieces, rest) =
            rest.split_at_checked((u32::from_le_bytes(*count) as usize).checked_mul(PIECE_BYTES)?)?;
        *bytes = rest;
        let mut removed = Self { pieces: vec![None; rows.div_ceil(PIECE_ROWS)], count: 0 };
        for piece in pieces.as_chunks::<PIECE_BYTES>().0 {
            let (at, words) = piece.split_first_chunk()?;
            let at = u32::from_le_bytes(*at) as usize;
            let mut piece = [0; WORDS];
            for (word, bytes) in piece.iter_mut().zip(words.as_chunks().0) {
                *word = u64::from_le_bytes(*bytes);
                removed.count += word.count_ones() as usize;
            }
            let slot = removed.pieces.get_mut(at)?;
            if slot.replace(Arc::new(piece)).is_some() {
                return None;
            }
        }
        let none = Self::default();
        let beyond = removed.since(&none).any(|place| place >= rows);
        (!beyond).then_some(removed)
    }
}

#[cfg(test)]
mod tests {
    //! Against a set of the standard library.

    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn behaves_as_a_set_of_places(
            places in prop::collection::vec(0usize..100_000, 0..200), more in prop::collection::vec(0usize..100_000, 0..50)
        ) {
            let mut removed = Removed::default();
            let mut expected = BTreeSet::new();
            for place in places {
                prop_assert_eq!(removed.insert(place), expected.insert(place));
            }
            let before = removed.clone();
            let old = expected.clone();
            for place in more {
                prop_assert_eq!(removed.insert(place), expected.insert(place));
            }
            prop_assert_eq!(removed.count(), expected.len());
            prop_assert!((0..100_000).all(|place| removed.contains(place) == expected.contains(&place)));
            prop_assert!(removed.since(&before).eq(expected.difference(&old).copied()));
            prop_assert!(before.since(&Removed::default()).eq(old));

            let mut bytes = Vec::new();
            removed.to_bytes(&mut bytes);
            bytes.push(9);
            let mut rest = &bytes[..];
            let read = Removed::from_bytes(&mut rest, 100_000).unwrap();
            prop_assert_eq!(rest, &[9][..]);
            prop_assert_eq!(read.count(), expected.len());
            prop_assert!(read.since(&Removed::default()).eq(expected.iter().copied()));
            // One row fewer than the last that was removed, and one byte too few.
            if let Some(last) = expected.last() {
                prop_assert!(Removed::from_bytes(&mut &bytes[..], *last).is_none());
                prop_assert!(Removed::from_bytes(&mut &bytes[..bytes.len() - 2], 100_000).is_none());
            }
        }
    }
}
