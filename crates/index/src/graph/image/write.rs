//! Writing an image beside searches and inserts.

use super::MAGIC;
use crate::graph::{
    Graph,
    links::Lists,
    rows::{Rows, State},
};
use std::{
    io::{self, Write},
    sync::atomic::Ordering,
};

/// Slots written under one lock.
const SLOTS_AT_ONCE: usize = 1024;

impl Graph {
    /// Writes the graph as it is when this begins; see the module's head for the layout. Searches, inserts and removals go on
    /// meanwhile, and rows inserted meanwhile are left out. Rows that wait to be linked go on to wait; they are in the image, and wait
    /// again where it is read, and so does a row whose last link was lost to one that is left out. Until it is done, freed
    /// slots stay free. Cost: a pass over the memory.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let _no_linking = self.imaging.lock();
        let _shape = self.shape.read();
        self.rows.write().images += 1;
        let result = self.write_parts(out);
        self.rows.write().images -= 1;
        result
    }

    fn write_parts(&self, out: &mut impl Write) -> io::Result<()> {
        let mut part = Vec::new();
        let (slots, lists) = {
            let rows = self.rows.read();
            self.header(&rows, &mut part);
            let live = |slot: usize| rows.states.get(slot) == Some(&State::Live);
            let labels = rows.label_of.iter().enumerate();
            part.extend(labels.flat_map(|(slot, label)| if live(slot) { *label } else { 0 }.to_le_bytes()));
            part.extend(rows.states.iter().map(|state| *state as u8));
            part.extend((0..rows.len()).map(|slot| rows.links.level(slot)));
            (rows.len() as usize, rows.links.arrays().map(Lists::len))
        };
        out.write_all(&part)?;
        for (array, lists) in lists.into_iter().enumerate() {
            self.in_parts_of(lists, out, |rows, index, part| {
                let list = rows.links.arrays()[array].list(index);
                let start = part.len();
                // Rows that came later are not in the image.
                let entries =
                    list.iter().map(|word| word.load(Ordering::Relaxed)).take_while(|entry| *entry > 0);
                part.extend(entries.filter(|entry| *entry as usize <= slots).flat_map(u32::to_le_bytes));
                part.resize(start + size_of_val(list), 0);
            })?;
        }
        self.in_parts_of(slots, out, |rows, slot, part| part.extend_from_slice(rows.codes.row(slot as u32)))
    }

    fn header(&self, rows: &Rows, out: &mut Vec<u8>) {
        out.extend(MAGIC);
        out.extend((self.space.dimension as u32).to_le_bytes());
        out.extend([self.space.distance as u8, self.space.encoding as u8, 0, 0]);
        out.extend((self.params.m as u32).to_le_bytes());
        out.extend((self.params.ef_construction as u32).to_le_bytes());
        out.extend(self.params.seed.to_le_bytes());
        out.extend(rows.len().to_le_bytes());
        out.extend(rows.entry.map_or(0, |entry| entry + 1).to_le_bytes());
    }

    /// Writes `entries` entries, a thousand at a time under the lock, and outside of it to `out`.
    fn in_parts_of(
        &self,
        entries: usize,
        out: &mut impl Write,
        add: impl Fn(&Rows, usize, &mut Vec<u8>),
    ) -> io::Result<()> {
        let mut part = Vec::new();
        for from in (0..entries).step_by(SLOTS_AT_ONCE) {
            part.clear();
            {
                let rows = self.rows.read();
                (from..entries.min(from + SLOTS_AT_ONCE)).for_each(|index| add(&rows, index, &mut part));
            }
            out.write_all(&part)?;
        }
        Ok(())
    }
}
