//! Which slot a label's row is in.
//!
//! Labels are numbers given in order, so that a page of 4,096 of them is mostly full or not there at all: 4 bytes a label,
//! and a look-up is two loads.

use crate::Label;

const PAGE: usize = 4096;

/// A page: slot + 1, or 0.
#[derive(Debug)]
struct Page {
    used: usize,
    slots: [u32; PAGE],
}

/// From labels to slots.
#[derive(Debug, Default)]
pub(super) struct Labels {
    pages: Vec<Option<Box<Page>>>,
    len: usize,
}

impl Labels {
    /// How many labels have a slot.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The slot of a label's row.
    #[inline]
    pub(super) fn slot(&self, label: Label) -> Option<u32> {
        let page = self.pages.get(label as usize / PAGE)?.as_ref()?;
        page.slots[label as usize % PAGE].checked_sub(1)
    }

    /// Notes a label's slot. False, and nothing changed, if it has one.
    pub(super) fn insert(&mut self, label: Label, slot: u32) -> bool {
        let index = label as usize / PAGE;
        if self.pages.len() <= index {
            self.pages.resize_with(index + 1, || None);
        }
        let page = self.pages[index].get_or_insert_with(|| Box::new(Page { used: 0, slots: [0; PAGE] }));
        let entry = &mut page.slots[label as usize % PAGE];
        if *entry != 0 {
            return false;
        }
        *entry = slot + 1;
        page.used += 1;
        self.len += 1;
        true
    }

    /// Forgets a label; its slot.
    pub(super) fn remove(&mut self, label: Label) -> Option<u32> {
        let place = self.pages.get_mut(label as usize / PAGE)?;
        let page = place.as_mut()?;
        let slot = std::mem::take(&mut page.slots[label as usize % PAGE]).checked_sub(1)?;
        page.used -= 1;
        self.len -= 1;
        if page.used == 0 {
            *place = None;
        }
        Some(slot)
    }

    /// Bytes in use.
    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(&self.pages[..]) + self.pages.iter().flatten().count() * size_of::<Page>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn labels_behave_as_a_map(steps in prop::collection::vec((any::<bool>(), 0u32..9000, 0u32..100), 1..300)) {
            let mut labels = Labels::default();
            let mut map = HashMap::new();
            for (insert, label, slot) in steps {
                if insert {
                    prop_assert_eq!(labels.insert(label, slot), !map.contains_key(&label));
                    map.entry(label).or_insert(slot);
                } else {
                    prop_assert_eq!(labels.remove(label), map.remove(&label));
                }
                prop_assert_eq!(labels.slot(label), map.get(&label).copied());
                prop_assert_eq!(labels.len(), map.len());
            }
        }
    }

    #[test]
    fn the_last_label_fits_and_empty_pages_are_given_back() {
        let mut labels = Labels::default();
        assert!(labels.insert(u32::MAX, 5));
        let used = labels.memory_bytes();
        assert_eq!(labels.remove(u32::MAX), Some(5));
        assert!(labels.memory_bytes() < used);
    }
}
