//! Mending the graph where rows were removed: those that had a removed row for a neighbour choose among its neighbours
//! instead (after Singh and others, "FreshDiskANN", 2021), and its slot becomes free for another row.

use super::{
    Graph,
    rows::{Rows, State},
    scratch::Scratch,
};

/// The share of removed rows from which repairing is worth while: one in this many.
const DEAD_ONE_IN: usize = 8;

/// Slots that are looked at under one lock. Relinking one took 80 microseconds on average (150,000 rows, half of them removed,
/// a busy machine); whoever wants to put a row down waits for all of them, and searches that come later wait behind.
const SLOTS_AT_ONCE: u32 = 8;

/// What a repair did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Slots that may take new rows.
    pub freed: usize,
    /// Rows that got other neighbours.
    pub relinked: usize,
    /// Rows that nothing led to any more, linked anew.
    pub found_again: usize,
}

impl Graph {
    /// Whether more than one row in eight is a removed one: searches go through them, and their memory is not used again, until
    /// [`Self::repair`].
    pub fn needs_repair(&self) -> bool {
        let rows = self.rows.read();
        rows.dead * DEAD_ONE_IN > rows.len() as usize
    }

    /// How many removed rows still take memory.
    pub fn removed(&self) -> usize {
        self.rows.read().dead
    }

    /// Mends the graph where rows have been removed, and frees their slots. Searches, inserts and removals go on
    /// meanwhile; rows removed meanwhile wait for the next time. Cost: a pass over all lists, and for each row
    /// with a removed neighbour about as many scores as an insert has.
    pub fn repair(&self) -> Repaired {
        self.repair_until(&|| false)
    }

    /// As [`Self::repair`], unless `stop` says yes on the way, which is asked every few slots: then no slot is freed, and
    /// what was relinked stays so.
    pub fn repair_until(&self, stop: &dyn Fn() -> bool) -> Repaired {
        let _alone = self.repairing.lock();
        let removed: Vec<bool> = self.rows.read().states.iter().map(|state| *state == State::Dead).collect();
        let mut repaired = Repaired::default();
        let mut stopped = false;
        self.in_parts(removed.len(), |rows, slot, scratch| {
            stopped = stopped || (slot % SLOTS_AT_ONCE == 0 && stop());
            if !stopped {
                repaired.relinked += usize::from(self.relink(rows, &removed, slot, scratch));
            }
        });
        if stopped {
            if repaired.relinked > 0 {
                self.changed();
            }
            return repaired;
        }
        self.free(&removed, &mut repaired);
        for slot in self.unreachable() {
            self.link(slot);
            repaired.found_again += 1;
        }
        if repaired != Repaired::default() {
            self.changed();
        }
        repaired
    }

    /// Visits slots, letting go of the lock now and then.
    fn in_parts(&self, slots: usize, mut visit: impl FnMut(&Rows, u32, &mut Scratch)) {
        let slots = slots as u32;
        self.scratches.lend(|scratch| {
            for from in (0..slots).step_by(SLOTS_AT_ONCE as usize) {
                let rows = self.rows.read();
                (from..slots.min(from + SLOTS_AT_ONCE)).for_each(|slot| visit(&rows, slot, scratch));
            }
        });
    }

    /// Gives a row other neighbours if it has removed ones. Whether it had.
    fn relink(&self, rows: &Rows, removed: &[bool], slot: u32, scratch: &mut Scratch) -> bool {
        let is_removed = |slot: u32| removed.get(slot as usize).copied().unwrap_or(false);
        if !rows.is_live(slot) {
            return false;
        }
        let mut any = false;
        for level in 0..=rows.links.level(slot) {
            if !rows.links.neighbours(slot, level).any(is_removed) {
                continue;
            }
            any = true;
            let Scratch { walk, selection, pruned, chosen, .. } = &mut *scratch;
            walk.visited.reset(rows.len() as usize);
            walk.visited.insert(slot);
            walk.batch.clear();
            for neighbour in rows.links.neighbours(slot, level) {
                let theirs = is_removed(neighbour).then(|| rows.links.neighbours(neighbour, level));
                for other in theirs.into_iter().flatten().chain([neighbour]) {
                    if rows.is_live(other) && walk.visited.insert(other) {
                        walk.batch.push(other);
                    }
                }
            }
            selection.rank(rows, slot, &walk.batch, pruned);
            selection.choose(rows, pruned, rows.links.width(level), chosen);
            {
                let _writing = self.writer(slot).lock();
                rows.links.write(slot, level, chosen);
            }
            self.link_back(rows, slot, level, scratch);
        }
        any
    }

    /// Frees the slots, and begins searches elsewhere if they began at one of them.
    fn free(&self, removed: &[bool], repaired: &mut Repaired) {
        let mut rows = self.rows.write();
        for (slot, _) in removed.iter().enumerate().filter(|(_, removed)| **removed) {
            rows.free(slot as u32);
            repaired.freed += 1;
        }
        if rows.entry.is_some_and(|entry| !rows.is_live(entry)) {
            rows.choose_entry();
        }
    }

    /// Live rows that are in no live row's list, where searches do not begin either.
    fn unreachable(&self) -> Vec<u32> {
        let slots = self.rows.read().len();
        let mut led_to = vec![false; slots as usize];
        self.in_parts(slots as usize, |rows, slot, _| {
            if rows.is_live(slot) {
                for neighbour in rows.links.neighbours(slot, 0) {
                    if let Some(led_to) = led_to.get_mut(neighbour as usize) {
                        *led_to = true;
                    }
                }
            }
        });
        let rows = self.rows.read();
        // Those that wait are linked later.
        rows.waiting.iter().for_each(|slot| {
            if let Some(led_to) = led_to.get_mut(*slot as usize) {
                *led_to = true;
            }
        });
        (0..slots)
            .filter(|slot| !led_to[*slot as usize] && rows.is_live(*slot) && rows.entry != Some(*slot))
            .collect()
    }
}
