//! Who is whose neighbour.
//!
//! The lowest layer is one array, `2 m` numbers a slot. The few slots that are in upper layers (one in `m`) have a list of `m`
//! numbers for each of those, all of a slot's one after the other in a second array. A list ends at its first zero; what
//! is stored is slot + 1, so that fresh memory is empty lists.

use crate::codes::{Words, rows_shift};
use std::{
    io,
    sync::atomic::{AtomicU32, Ordering},
};

/// The highest layer that there is.
pub(super) const MAX_LEVEL: u8 = 12;

/// Lists of a fixed length.
#[derive(Debug)]
pub(super) struct Lists {
    width: usize,
    /// Base-two logarithm of the lists in a piece.
    shift: u32,
    pieces: Vec<Words>,
    len: usize,
}

impl Lists {
    fn new(width: usize) -> Self {
        Self { width, shift: rows_shift(width * size_of::<u32>()), pieces: Vec::new(), len: 0 }
    }

    /// How many lists there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn grow(&mut self, lists: usize) -> io::Result<()> {
        while self.pieces.len() << self.shift < lists {
            let first = self.pieces.is_empty();
            self.pieces.push(Words::zeroed(self.width << self.shift, first)?);
        }
        self.len = self.len.max(lists);
        Ok(())
    }

    /// A list; an empty one if it is not there.
    #[inline(always)]
    pub(super) fn list(&self, index: usize) -> &[AtomicU32] {
        let start = (index & ((1 << self.shift) - 1)) * self.width;
        let piece = self.pieces.get(index >> self.shift).map_or(&[][..], |piece| piece);
        piece.get(start..start + self.width).unwrap_or_default()
    }
}

/// All layers' lists.
#[derive(Debug)]
pub(super) struct Links {
    base: Lists,
    upper: Lists,
    /// Of each slot: its highest layer.
    levels: Vec<u8>,
    /// Of each slot: the place of its list of layer 1.
    starts: Vec<u32>,
}

impl Links {
    /// With `m` neighbours in the upper layers.
    pub(super) fn new(m: usize) -> Self {
        Self { base: Lists::new(2 * m), upper: Lists::new(m), levels: Vec::new(), starts: Vec::new() }
    }

    /// Adds a slot that is in the layers up to `level`.
    pub(super) fn push(&mut self, level: u8) -> io::Result<()> {
        let level = level.min(MAX_LEVEL);
        let start = self.upper.len();
        self.base.grow(self.levels.len() + 1)?;
        self.upper.grow(start + usize::from(level))?;
        self.levels.push(level);
        // At most MAX_LEVEL lists for each of 2^28 slots, and in truth a fifteenth of a list.
        self.starts.push(start as u32);
        Ok(())
    }

    /// The highest layer of a slot.
    #[inline]
    pub(super) fn level(&self, slot: u32) -> u8 {
        self.levels.get(slot as usize).copied().unwrap_or(0)
    }

    /// How many neighbours a list of this layer holds.
    pub(super) fn width(&self, level: u8) -> usize {
        if level == 0 { self.base.width } else { self.upper.width }
    }

    /// The list of a slot in a layer; an empty one if the slot is not in it.
    #[inline(always)]
    pub(super) fn list(&self, slot: u32, level: u8) -> &[AtomicU32] {
        if level == 0 {
            return self.base.list(slot as usize);
        }
        if self.level(slot) < level {
            return &[];
        }
        let start = self.starts.get(slot as usize).map_or(0, |start| *start as usize);
        self.upper.list(start + usize::from(level) - 1)
    }

    /// The neighbours of a slot in a layer.
    #[inline(always)]
    pub(super) fn neighbours(&self, slot: u32, level: u8) -> impl Iterator<Item = u32> {
        read(self.list(slot, level))
    }

    /// Replaces a list. Readers may see a part of the old one meanwhile. What does not fit is left out.
    pub(super) fn write(&self, slot: u32, level: u8, neighbours: &[u32]) {
        let neighbours = neighbours.iter().map(|slot| slot + 1).chain(std::iter::repeat(0));
        for (word, entry) in self.list(slot, level).iter().zip(neighbours) {
            word.store(entry, Ordering::Relaxed);
        }
    }

    /// Empties the lists of a slot.
    pub(super) fn clear(&self, slot: u32) {
        for level in 0..=self.level(slot) {
            self.write(slot, level, &[]);
        }
    }

    /// Both arrays, for images.
    pub(super) fn arrays(&self) -> [&Lists; 2] {
        [&self.base, &self.upper]
    }

    /// Bytes in use.
    pub(super) fn memory_bytes(&self) -> usize {
        let lists = self.base.len * self.base.width + self.upper.len * self.upper.width;
        lists * size_of::<u32>() + self.levels.capacity() + self.starts.capacity() * size_of::<u32>()
    }
}

/// The entries of a list.
#[inline(always)]
pub(super) fn read(list: &[AtomicU32]) -> impl Iterator<Item = u32> {
    list.iter().map_while(|word| word.load(Ordering::Relaxed).checked_sub(1))
}

/// The layer that a slot is drawn for: 0 for all but one in `m`, 1 for all but one in `m^2`, and so on.
pub(super) fn draw_level(seed: u64, slot: u32, m: usize) -> u8 {
    // SplitMix64 (Steele, Lea and Flood, 2014).
    let mut z = seed.wrapping_add(u64::from(slot).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    // In (0, 1].
    let uniform = ((z >> 11) + 1) as f64 / (1u64 << 53) as f64;
    (-uniform.ln() / (m as f64).ln()).min(f64::from(MAX_LEVEL)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back_and_those_of_other_slots_stay_as_they_are() {
        let mut links = Links::new(4);
        for level in [0, 2, 1, 0, 3] {
            links.push(level).unwrap();
        }
        links.write(1, 1, &[0, 2]);
        links.write(1, 2, &[4]);
        links.write(2, 1, &[1, 4, 2, 0, 3]);
        links.write(4, 0, &[3]);
        let list = |slot, level| links.neighbours(slot, level).collect::<Vec<_>>();
        assert_eq!([list(1, 1), list(1, 2), list(4, 0)], [vec![0, 2], vec![4], vec![3]]);
        assert_eq!(list(2, 1), [1, 4, 2, 0]);
        assert!(
            list(0, 1).is_empty() && list(3, 0).is_empty() && list(4, 3).is_empty() && list(9, 0).is_empty()
        );
        links.write(1, 1, &[2]);
        assert_eq!(list(1, 1), [2]);
        links.clear(1);
        assert!(list(1, 1).is_empty() && list(1, 2).is_empty());
        assert_eq!(list(2, 1), [1, 4, 2, 0]);
    }

    #[test]
    fn one_slot_in_m_is_above_the_lowest_layer() {
        let above = |level| (0..100_000).filter(|slot| draw_level(1, *slot, 16) >= level).count();
        assert!((5_900..6_600).contains(&above(1)), "{}", above(1));
        assert!((340..440).contains(&above(2)), "{}", above(2));
    }
}
