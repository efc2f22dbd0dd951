//! The lists as a kind of index.

use super::{Lists, Search};
use crate::{Effort, Hit, Label, OtherSpace, RowFilter, VectorIndex, graph::usual_ef, kernel::Query};

impl VectorIndex for Lists {
    fn kind(&self) -> &'static str {
        "lists"
    }

    fn nearest(
        &self,
        query: &Query,
        k: usize,
        effort: Effort,
        filter: Option<&dyn RowFilter>,
    ) -> Result<Vec<Hit>, OtherSpace> {
        let search = match effort {
            Effort::Usual => Search { k, nprobe: None, filter },
            Effort::Candidates(candidates) => {
                let usual = self.snapshot().usual_nprobe(k, filter);
                let nprobe = usual.saturating_mul(candidates.max(k)) / usual_ef(k);
                Search { k, nprobe: Some(nprobe), filter }
            }
            Effort::Every => Search { k, nprobe: Some(usize::MAX), filter },
        };
        Ok(self.search_query(query, &search)?.hits)
    }

    fn code(&self, label: Label) -> Option<Vec<u8>> {
        Self::code(self, label)
    }

    fn contains(&self, label: Label) -> bool {
        Self::contains(self, label)
    }

    fn for_each_label(&self, visit: &mut dyn FnMut(Label)) {
        self.for_each(|label, _| visit(label));
    }

    fn len(&self) -> usize {
        Self::len(self)
    }

    fn remove_all(&self, labels: &[Label]) -> usize {
        self.remove(labels.iter().copied())
    }

    fn memory_bytes(&self) -> usize {
        self.snapshot().memory_bytes()
    }
}
