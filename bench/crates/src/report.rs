//! What was measured, as Markdown.

use crate::rounds::{EFFORT, EFFORTS, STEPS};
use std::fmt::Write;

/// One effort of one index.
#[derive(Clone, Copy)]
pub struct Point {
    /// Of 10 neighbours.
    pub recall: f64,
    /// Median of single searches.
    pub micros: f64,
    /// Searches a second, one thread.
    pub per_second: f64,
}

/// What one index did. The numbers are those of `worker.rs`.
pub struct Measured {
    /// Of `subject::NAMES`.
    pub name: &'static str,
    /// The first answer.
    pub built: Vec<f64>,
    /// By effort.
    pub points: Vec<Point>,
    /// By step.
    pub filtered: Vec<Option<Vec<f64>>>,
    /// Saved and opened.
    pub reopened: Option<Vec<f64>>,
    /// Half of the rows removed.
    pub removed: Option<Vec<f64>>,
}

/// Searches at each effort, and speeds at equal recall.
pub fn searched(all: &[Measured]) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = searches(&mut out, all).and_then(|()| speeds(&mut out, all));
    out
}

fn searches(out: &mut String, all: &[Measured]) -> std::fmt::Result {
    writeln!(out, "Recall@10 / median µs of a search:\n")?;
    let efforts: Vec<_> = EFFORTS.iter().map(|effort| format!(" ef {effort} |")).collect();
    writeln!(out, "| |{}\n|---|{}", efforts.concat(), "---|".repeat(EFFORTS.len()))?;
    for Measured { name, points, .. } in all {
        write!(out, "| {name} |")?;
        for Point { recall, micros, .. } in points {
            write!(out, " {recall:.3} / {micros:.0} |")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn speeds(out: &mut String, all: &[Measured]) -> std::fmt::Result {
    writeln!(out, "\nInterpolated between efforts:\n")?;
    writeln!(out, "| | µs at 0.95 | searches a second | µs at 0.99 | searches a second |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    for Measured { name, points, .. } in all {
        write!(out, "| {name} |")?;
        for recall in [0.95, 0.99] {
            let at = |value: fn(&Point) -> f64| match interpolate(points, recall, value) {
                Some(value) => format!("{value:.0}"),
                None => "not within the efforts".to_owned(),
            };
            write!(out, " {} | {} |", at(|point| point.micros), at(|point| point.per_second))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The head of the table of [`rest`].
pub fn rest_head() -> String {
    format!(
        "\nEffort {EFFORT} where one searches:\n\n| | built, s (CPU s) | memory, MB | saved, MB | saved / opened, ms | \
         one row in {} allowed: recall / µs | one in {} | half removed, s | then recall / µs | removed rows found |\n|{}",
        STEPS[0],
        STEPS[1],
        "---|".repeat(10)
    )
}

/// Building, memory, files, filters and removing, as a line of a table.
pub fn rest(one: &Measured) -> String {
    let &[seconds, cpu, memory, disk] = one.built.as_slice() else { return String::new() };
    let mut line = format!("| {} | {seconds:.1} ({cpu:.1}) | {:.1} |", one.name, memory / 1e6);
    line += &match one.reopened.as_deref() {
        Some([save, open, disk, before, after]) => {
            let note = if before == after { "" } else { " (other answers)" };
            format!(" {:.1} | {save:.0} / {open:.0}{note} |", disk / 1e6)
        }
        _ if disk > 0.0 => format!(" {:.1} | when built |", disk / 1e6),
        _ => " - | - |".to_owned(),
    };
    for filtered in &one.filtered {
        line += &match filtered.as_deref() {
            Some([recall, micros, ..]) => format!(" {recall:.3} / {micros:.0} |"),
            _ => " no |".to_owned(),
        };
    }
    line += &match one.removed.as_deref() {
        Some([seconds, recall, micros, _, dead]) => {
            format!(" {seconds:.2} | {recall:.3} / {micros:.0} | {dead} |")
        }
        _ => " no | | |".to_owned(),
    };
    line
}

/// A value where the recall is reached: the logarithm of the value over the logarithm of what is missing to 1, between
/// the two efforts beside it. None if no two efforts enclose it.
fn interpolate(points: &[Point], recall: f64, value: fn(&Point) -> f64) -> Option<f64> {
    let (low, high) = points
        .iter()
        .zip(points.get(1..)?)
        .find(|(low, high)| low.recall <= recall && recall <= high.recall && low.recall < high.recall)?;
    // What is never missing would have no logarithm.
    let missing = |recall: f64| (1.0 - recall).max(1e-5).ln();
    let share = (missing(recall) - missing(low.recall)) / (missing(high.recall) - missing(low.recall));
    Some((value(low).ln() * (1.0 - share) + value(high).ln() * share).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: [Point; 2] = [
        Point { recall: 0.9, micros: 100.0, per_second: 10_000.0 },
        Point { recall: 0.99, micros: 400.0, per_second: 2_500.0 },
    ];

    #[test]
    fn halfway_between_two_efforts_is_the_geometric_mean() {
        let recall = 1.0 - (0.1f64 * 0.01).sqrt();
        let micros = interpolate(&POINTS, recall, |point| point.micros).unwrap();
        assert!((micros - 200.0).abs() < 1e-6, "{micros}");
    }

    #[test]
    fn a_recall_beyond_the_efforts_has_no_speed() {
        assert_eq!(interpolate(&POINTS, 0.995, |point| point.micros), None);
        assert_eq!(interpolate(&POINTS, 0.5, |point| point.micros), None);
    }

    #[test]
    fn what_a_crate_cannot_do_is_said() {
        let measured = Measured {
            name: "one",
            built: vec![1.0, 0.5, 2e6, 0.0],
            points: POINTS.to_vec(),
            filtered: vec![None, None],
            reopened: None,
            removed: None,
        };
        let text = rest(&measured);
        assert!(text.contains("| one | 1.0 (0.5) | 2.0 | - | - | no | no | no | | |"), "{text}");
    }
}
