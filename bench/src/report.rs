//! The report: a section for every suite, a table row for every measurement.

use crate::numbers::short;
use anyhow::{Context, Result};
use std::{fmt::Write, path::PathBuf};

const HEAD: &str = "# Benchmarks

What `cargo bench-happ` measured: real conductors with encrypted databases in one process, everything through the
zomes of the packed DNA. Two cores; a release build.

";

/// What a measurement should be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// At least this.
    Least(f64),
    /// At most this.
    Most(f64),
}

/// A section: the rows of one suite.
#[derive(Debug)]
pub struct Section {
    title: String,
    rows: Vec<String>,
    notes: Vec<String>,
}

impl Section {
    /// An empty section. The title is what the report knows it by.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new(), notes: Vec::new() }
    }

    /// A measurement with a target.
    pub fn aim(&mut self, what: &str, target: Target, measured: f64, unit: &str) {
        let (wanted, met) = match target {
            Target::Least(least) => (format!("≥ {}", short(least)), measured >= least),
            Target::Most(most) => (format!("≤ {}", short(most)), measured <= most),
        };
        let verdict = if met { "pass" } else { "**short**" };
        self.row(what, &with_unit(&wanted, unit), &with_unit(&short(measured), unit), verdict);
    }

    /// A measurement that is only reported.
    pub fn tell(&mut self, what: &str, measured: impl AsRef<str>) {
        self.row(what, "", measured.as_ref(), "");
    }

    /// A sentence below the table.
    pub fn note(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        eprintln!("  {sentence}");
        self.notes.push(sentence);
    }

    fn row(&mut self, what: &str, target: &str, measured: &str, verdict: &str) {
        eprintln!("  {what}: {measured} {target} {verdict}");
        self.rows.push(format!("| {what} | {target} | {measured} | {verdict} |"));
    }

    fn markdown(&self) -> String {
        let mut out = format!("## {}\n\n", self.title);
        if !self.rows.is_empty() {
            out.push_str("| what | target | measured | |\n|---|---|---|---|\n");
            for row in &self.rows {
                out.push_str(row);
                out.push('\n');
            }
            out.push('\n');
        }
        for note in &self.notes {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{note}\n");
        }
        out
    }
}

fn with_unit(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.to_owned() } else { format!("{number} {unit}") }
}

/// The report as it is written.
pub struct Report {
    path: Option<PathBuf>,
    /// Titles and text, headings included.
    sections: Vec<(String, String)>,
}

impl Report {
    /// The report in this file, as far as it exists; or one that is only printed.
    pub fn open(path: Option<PathBuf>) -> Result<Self> {
        let before = match &path {
            Some(path) if path.exists() => {
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
            }
            Some(_) | None => String::new(),
        };
        Ok(Self { path, sections: split(&before) })
    }

    /// Puts a section in its place, and writes the file.
    pub fn put(&mut self, section: Section) -> Result<()> {
        let text = section.markdown();
        let Some(path) = &self.path else {
            println!("{text}");
            return Ok(());
        };
        match self.sections.iter_mut().find(|(title, _)| *title == section.title) {
            Some((_, old)) => *old = text,
            None => self.sections.push((section.title, text)),
        }
        let all: String = self.sections.iter().map(|(_, text)| text.as_str()).collect();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let text = format!("{HEAD}{}\n", all.trim_end());
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The sections of a report; what stands before the first is left out.
fn split(text: &str) -> Vec<(String, String)> {
    let mut sections = Vec::<(String, String)>::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            sections.push((title.to_owned(), String::new()));
        }
        if let Some((_, text)) = sections.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    for (_, text) in &mut sections {
        text.truncate(text.trim_end().len());
        text.push_str("\n\n");
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_back_as_it_was_written() {
        let mut section = Section::new("one");
        section.aim("speed", Target::Least(10.0), 9.0, "rows/s");
        let text = format!("{HEAD}{}{}", section.markdown(), Section::new("two").markdown());
        let sections = split(&text);
        assert_eq!(sections.len(), 2);
        assert_eq!(sections[0], ("one".to_owned(), section.markdown()));
        assert!(sections[0].1.contains("**short**"));
    }
}
