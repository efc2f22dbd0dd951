//! What `top` shows: a line for each collection, and how much is searched.

use crate::requests::Pulse;
use crate::text::harmless;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::{Block, Paragraph, Row, Sparkline, Table};
use std::collections::HashMap;
use std::time::Instant;

/// Looks whose searches are drawn: as many as columns of a wide terminal.
const HISTORY: usize = 240;

/// What is on the screen.
#[derive(Default)]
pub(super) struct Screen {
    pulses: Vec<Pulse>,
    /// Rates by label: searches, and rows written.
    rates: HashMap<String, Rates>,
    seen_at: Option<Instant>,
    /// Searches a second of all collections together, the newest last.
    searches: Vec<u64>,
    problem: Option<String>,
}

/// What happens in a second.
#[derive(Clone, Copy, Default)]
struct Rates {
    searches: f64,
    rows: f64,
}

impl Screen {
    /// Takes in what was seen.
    pub(super) fn saw(&mut self, pulses: Vec<Pulse>, now: Instant) {
        self.problem = None;
        let seconds = self.seen_at.map(|before| now.duration_since(before).as_secs_f64());
        let before: HashMap<_, _> =
            self.pulses.iter().map(|pulse| (pulse.label.clone(), pulse.totals)).collect();
        self.rates.clear();
        if let Some(seconds) = seconds.filter(|seconds| *seconds > 0.0) {
            for pulse in &pulses {
                let Some(before) = before.get(&pulse.label) else { continue };
                // A node that was started again counts from zero.
                let a_second = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
                let (now, written) = (pulse.totals, |totals: &rose_forest_engine::metrics::Totals| {
                    totals.inserts + totals.deletes
                });
                let rates = Rates {
                    searches: a_second(now.searches, before.searches),
                    rows: a_second(written(&now), written(before)),
                };
                self.rates.insert(pulse.label.clone(), rates);
            }
            let all: f64 = self.rates.values().map(|rates| rates.searches).sum();
            self.searches.push(all.round() as u64);
            let too_many = self.searches.len().saturating_sub(HISTORY);
            self.searches.drain(..too_many);
        }
        (self.pulses, self.seen_at) = (pulses, Some(now));
    }

    /// Says what is wrong, above what was seen last.
    pub(super) fn problem(&mut self, problem: String) {
        self.problem = Some(problem);
    }

    /// Draws all of it.
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let rows = self.pulses.len() as u16 + 3;
        let parts =
            [Constraint::Length(1), Constraint::Length(rows), Constraint::Min(3), Constraint::Length(1)];
        let [head, table, chart, foot] = Layout::vertical(parts).areas(frame.area());
        let said = match &self.problem {
            Some(problem) => Paragraph::new(harmless(problem)).style(Style::new().fg(Color::Red)),
            None => Paragraph::new(format!("rose-forest, {} collections", self.pulses.len())),
        };
        frame.render_widget(said, head);
        frame.render_widget(self.table(), table);
        let now = self.searches.last().copied().unwrap_or_default();
        let block = Block::bordered().title(format!("searches a second: {now}"));
        let width = usize::from(chart.width.saturating_sub(2));
        let newest = self.searches.get(self.searches.len().saturating_sub(width)..).unwrap_or_default();
        frame.render_widget(Sparkline::default().block(block).data(newest), chart);
        frame.render_widget(Paragraph::new("q ends"), foot);
    }

    fn table(&self) -> Table<'_> {
        let head = [
            "collection",
            "points",
            "memory",
            "disk",
            "missing",
            "peers",
            "searches/s",
            "rows/s",
            "queue",
            "chain",
            "state",
        ];
        let row = |pulse: &Pulse| {
            let rates = self.rates.get(&pulse.label).copied().unwrap_or_default();
            let style = if pulse.waiting.trouble.is_some() || pulse.index.missing > 0 {
                Style::new().fg(Color::Yellow)
            } else {
                Style::new()
            };
            Row::new([
                harmless(&pulse.label),
                pulse.index.points.to_string(),
                pulse.index.in_graph.to_string(),
                pulse.index.in_lists.to_string(),
                pulse.index.missing.to_string(),
                format!("{}/{}", pulse.sight.reachable_peers, pulse.sight.unreachable_peers),
                format!("{:.0}", rates.searches),
                format!("{:.0}", rates.rows),
                pulse.waiting.writes.to_string(),
                pulse.chain_actions.to_string(),
                state(pulse),
            ])
            .style(style)
        };
        let widths = [24, 10, 10, 10, 8, 7, 10, 8, 6, 8, 24].map(Constraint::Length);
        Table::new(self.pulses.iter().map(row), widths)
            .header(Row::new(head).style(Style::new().add_modifier(Modifier::BOLD)))
            .block(Block::bordered())
    }
}

/// How a collection is, in a few words.
fn state(pulse: &Pulse) -> String {
    match &pulse.waiting.trouble {
        Some(trouble) => harmless(trouble),
        None if pulse.caught_up => "in step".to_owned(),
        None => "catching up".to_owned(),
    }
}

/// The same as lines.
pub(super) fn lines(pulses: &[Pulse]) -> String {
    let line = |pulse: &Pulse| {
        format!(
            "{}: {} points ({} in memory, {} on disk, {} missing), {} peers reachable, {} not, {} writes wait, {} actions, {}",
            harmless(&pulse.label),
            pulse.index.points,
            pulse.index.in_graph,
            pulse.index.in_lists,
            pulse.index.missing,
            pulse.sight.reachable_peers,
            pulse.sight.unreachable_peers,
            pulse.waiting.writes,
            pulse.chain_actions,
            state(pulse)
        )
    };
    pulses.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::Waiting;
    use crate::view::Sight;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use rose_forest_engine::local::IndexReport;
    use rose_forest_engine::metrics::Totals;
    use std::time::Duration;

    fn pulse(searches: u64, inserts: u64) -> Pulse {
        Pulse {
            label: "notes (abcdefgh)".to_owned(),
            sight: Sight { reachable_peers: 2, unreachable_peers: 1, ..Sight::default() },
            caught_up: true,
            index: IndexReport { points: 1_234, in_graph: 1_200, in_lists: 34, ..IndexReport::default() },
            waiting: Waiting { writes: 5, bytes: 600, trouble: None },
            totals: Totals { searches, inserts, deletes: 0 },
            chain_actions: 77,
        }
    }

    fn drawn(screen: &Screen) -> String {
        let mut terminal = Terminal::new(TestBackend::new(150, 20)).unwrap();
        terminal.draw(|frame| screen.draw(frame)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn what_was_counted_between_two_looks_is_shown_by_the_second() {
        let (mut screen, begun) = (Screen::default(), Instant::now());
        screen.saw(vec![pulse(1_000, 50)], begun);
        screen.saw(vec![pulse(1_642, 150)], begun + Duration::from_secs(2));
        let text = drawn(&screen);
        for shown in
            ["notes (abcdefgh)", "1234", "1200", "34", "2/1", "321", "50", "77", "in step", "second: 321"]
        {
            assert!(text.contains(shown), "no {shown} in\n{text}");
        }
    }

    #[test]
    fn trouble_is_shown_and_a_node_that_starts_again_counts_from_zero() {
        let (mut screen, begun) = (Screen::default(), Instant::now());
        screen.saw(vec![pulse(1_000, 50)], begun);
        let waiting = Waiting {
            trouble: Some("disk full".to_owned()),
            ..Waiting { writes: 1, bytes: 1, trouble: None }
        };
        screen.saw(vec![Pulse { waiting, ..pulse(3, 0) }], begun + Duration::from_secs(1));
        assert!(drawn(&screen).contains("disk full"));
        assert!(drawn(&screen).contains("second: 0"));
        screen.problem("the node hung up".to_owned());
        assert!(drawn(&screen).contains("the node hung up"));
    }
}
