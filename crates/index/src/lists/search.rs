//! Searching: the nearest cells, their runs in all segments, the best rows exactly.

use super::{cells::ScoredCell, scan::Scorer, segment::Cursor, state::State};
use crate::{Hit, Label, RowFilter};
use rose_forest_core::top_k::TopK;

/// What to search for, beside the vector.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// How many rows to return. Fewer only if there are not so many.
    pub k: usize,
    /// How many cells to look at; `None` is [`default_nprobe`]. More are looked at until `k` rows are found.
    pub nprobe: Option<usize>,
    /// Which rows may be returned; `None` is all.
    pub filter: Option<&'a dyn RowFilter>,
}

/// What was found, and at what cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The rows, best first; of equal scores the smaller label.
    pub hits: Vec<Hit>,
    /// Rows that were scored.
    pub rows_scored: usize,
    /// Cells that were looked at: none if every row that the filter allows was.
    pub cells_probed: usize,
}

/// The cells that a search looks at unless told otherwise, of `cells` that have rows. `depth` is how many rows are nearer
/// than the last that is wanted: k, or with a filter that allows one row in ten, ten times k.
///
/// Chosen so that recall@10 is at least 0.99 of what scanning every code gives. Measured (cosine, sq8, 384 components,
/// 500 queries, 200 of the million; cells founded by `rose_forest_core::routing::found` with several seeds):
///
/// | rows | cells | needed for 0.95 | 0.98 | 0.99 | 0.995 | default | of what the codes give | rows read |
/// |---|---|---|---|---|---|---|---|---|
/// | WordNet, 20,000 | 121 | 31, 32, 32 | 49, 49, 49 | 63, 59, 71 | 77, 74, 86 | 72 | 0.993 | 60 % |
/// | synthetic, 20,000 | 121 | 32 | 48 | 63 | 75 | 72 | | |
/// | synthetic, 100,000 | 337 | 45, 47 | 80, 79 | 111, 106 | 135, 139 | 119 | 0.992 | 35 % |
/// | synthetic, 1,000,000 | 1,460 | 38 | 104 | 156 | 200 | 180 | 0.994 | 12 % |
///
/// What the codes give is a recall@10 of 0.997, 0.996 and 0.996. With the first seed, `examples/lists` reads on WordNet
/// for every number of cells:
///
/// | cells | 1 | 4 | 8 | 16 | 32 | 64 | 72 | 96 | 121 |
/// |---|---|---|---|---|---|---|---|---|---|
/// | rows read | 0.9 % | 3.5 % | 6.9 % | 13.7 % | 27.0 % | 53.3 % | 59.8 % | 79.3 % | 100 % |
/// | recall@10 | 0.362 | 0.652 | 0.784 | 0.886 | 0.952 | 0.988 | 0.990 | 0.996 | 0.997 |
///
/// For 0.99 of the nearest 100 it takes 80 (WordNet) and 145 (100,000) cells, as it does for the nearest 10 of a random tenth
/// of the rows: 80 and 139; for the nearest 10 of a fiftieth 91 and 162. Probing fewer cells for queries with one cell much
/// nearer than others, which saves a tenth at 0.95 (`Router::likely_cells`), saves nothing at 0.99.
pub fn default_nprobe(cells: usize, depth: usize) -> usize {
    let count = cells as f64;
    let for_ten = if count <= 400.0 { 6.5 * count.sqrt() } else { 130.0 * (count / 400.0).powf(0.25) };
    let deeper = 1.0 + 0.3 * (depth as f64 / 10.0).max(1.0).log10();
    ((for_ten * deeper).round() as usize).clamp(1, cells.max(1))
}

/// A filter that allows a smaller part of the rows than one in this many is asked before a row is scored.
const FILTER_FIRST_PART: usize = 4;
/// Finding and scoring one row by its label costs about as much as scanning this many: 6.5 was measured with 100,000 rows.
const LOOK_UP_ROWS: usize = 6;

pub(super) fn search(state: &State, scorer: &Scorer<'_>, search: &Search<'_>) -> Found {
    let mut found = Found { hits: Vec::new(), rows_scored: 0, cells_probed: 0 };
    if search.k == 0 || state.segments.is_empty() {
        return found;
    }
    let mut cells = state.cells.scores(scorer.vector(), |cell| state.has_rows(cell));
    let rows = state.rows();
    let allowed = allowed(rows, search.filter);
    let nprobe = search.nprobe.unwrap_or_else(|| usual_nprobe(cells.len(), rows, allowed, search.k));
    let nprobe = nprobe.clamp(1, cells.len().max(1));
    let to_scan = rows / cells.len().max(1) * nprobe;
    let filter_first = allowed < rows / FILTER_FIRST_PART;
    let mut best = TopK::new(search.k);
    match search.filter {
        Some(filter) if allowed <= to_scan / LOOK_UP_ROWS => {
            found.rows_scored = score_each(state, scorer, filter, &mut best);
        }
        filter => {
            let mut left = &mut cells[..];
            while !left.is_empty() && (found.cells_probed == 0 || best.len() < search.k) {
                let (nearest, others) = split_nearest(left, nprobe);
                found.rows_scored += scan(state, scorer, nearest, (filter, filter_first), &mut best);
                found.cells_probed += nearest.len();
                left = others;
            }
        }
    }
    found.hits = best.into_sorted().iter().map(|row| Hit { label: row.key, score: row.score }).collect();
    found
}

/// How many rows a filter allows, at most all.
fn allowed(rows: usize, filter: Option<&dyn RowFilter>) -> usize {
    filter.map_or(rows, |filter| filter.count().clamp(1, rows.max(1)))
}

/// The cells that a search for `k` rows looks at unless told otherwise.
fn usual_nprobe(cells: usize, rows: usize, allowed: usize, k: usize) -> usize {
    default_nprobe(cells, k.saturating_mul(rows / allowed.max(1)))
}

impl State {
    /// The cells that a search looks at unless told otherwise. Cost: O(cells).
    pub(super) fn usual_nprobe(&self, k: usize, filter: Option<&dyn RowFilter>) -> usize {
        let cells = (0..self.cells.len()).filter(|cell| self.has_rows(*cell)).count();
        let rows = self.rows();
        usual_nprobe(cells, rows, allowed(rows, filter), k)
    }
}

/// The `n` best, best first, and the others. Cost: O(cells + n log n).
fn split_nearest(cells: &mut [ScoredCell], n: usize) -> (&mut [ScoredCell], &mut [ScoredCell]) {
    let best_first = |a: &ScoredCell, b: &ScoredCell| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    let n = n.min(cells.len());
    if n < cells.len() {
        cells.select_nth_unstable_by(n, best_first);
    }
    let (nearest, others) = cells.split_at_mut(n);
    nearest.sort_unstable_by(best_first);
    (nearest, others)
}

/// Scans the runs of some cells in all segments; asks the filter about each row before it is scored, or about the best
/// afterwards. Says how many rows were scored.
fn scan(
    state: &State,
    scorer: &Scorer<'_>,
    cells: &[ScoredCell],
    (filter, filter_first): (Option<&dyn RowFilter>, bool),
    best: &mut TopK<Label>,
) -> usize {
    let views = state.views();
    let mut runs = Vec::new();
    for (_, cell) in cells {
        for ((view, removed), source) in views.iter().zip(&state.segments) {
            if let Some((run, rows)) = view.run_of(*cell) {
                source.segment.will_need(run, &rows);
                runs.push((view, *removed, rows));
            }
        }
    }
    let mut rows_scored = 0;
    for (view, removed, rows) in runs {
        let start = rows.start;
        let counts = |place: usize, label: Label| {
            !removed.contains(place) && filter.is_none_or(|filter| filter.allows(label))
        };
        if filter_first {
            for place in rows {
                if let Some(label) = view.label(place)
                    && counts(place, label)
                {
                    best.push(scorer.score(view.codes(place..place + 1)), label);
                    rows_scored += 1;
                }
            }
        } else {
            let labels = view.labels.get(rows.clone()).unwrap_or_default();
            rows_scored += labels.len();
            scorer.scan(view.codes(rows), labels, best, |place, label| counts(start + place, label));
        }
    }
    rows_scored
}

/// Scores every row that the filter allows. Says how many there were.
fn score_each(state: &State, scorer: &Scorer<'_>, filter: &dyn RowFilter, best: &mut TopK<Label>) -> usize {
    let views = state.views();
    let mut cursors: Vec<Cursor<'_>> = views.iter().map(|(view, _)| view.cursor()).collect();
    let mut rows_scored = 0;
    filter.for_each(&mut |label| {
        for ((view, removed), cursor) in views.iter().zip(&mut cursors) {
            if let Some(place) = cursor.place_of(label)
                && !removed.contains(place)
            {
                best.push(scorer.score(view.codes(place..place + 1)), label);
                rows_scored += 1;
                break;
            }
        }
    });
    rows_scored
}
