//! `insert`.

use super::output::Output;
use crate::control::Door;
use crate::data_dir::DataDir;
use crate::load::{Loaded, Plan, Progress, load};
use crate::readers::{BadRow, Options};
use anyhow::Result;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Insert or overwrite points from a file.
#[derive(Debug, Args)]
pub(super) struct Insert {
    /// The collection
    collection: String,
    /// JSON lines ({"id", "vector", "payload"}), a .npy array, or Parquet
    file: PathBuf,
    /// For .npy: JSON lines with an id (or an object with `id`) for each row; row numbers from 0 otherwise
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// For .npy: JSON lines with an object for each row
    #[arg(long, value_name = "FILE")]
    payloads: Option<PathBuf>,
    /// For Parquet: the column with the vectors, if several are lists of floats
    #[arg(long, value_name = "NAME")]
    vector_column: Option<String>,
    /// For Parquet: the column with the ids
    #[arg(long, value_name = "NAME", default_value = "id")]
    id_column: String,
    /// Stop after so many bad rows
    #[arg(long, value_name = "N")]
    max_errors: Option<u64>,
    /// Begin at the first row, even if an earlier run was stopped in the middle
    #[arg(long)]
    anew: bool,
    /// Be done when all rows are in the node's log: it commits them to its chain afterwards, whatever happens to the
    /// process. What the chain refuses is kept in a file beside the log
    #[arg(long)]
    no_wait: bool,
}

impl Insert {
    pub async fn run(self, door: &Door, dir: &DataDir, output: Output) -> Result<ExitCode> {
        let options = Options {
            ids: self.ids,
            payloads: self.payloads,
            vector_column: self.vector_column,
            id_column: Some(self.id_column),
        };
        let journals = dir.journals();
        let plan = Plan {
            file: &self.file,
            options: &options,
            max_errors: self.max_errors,
            journals: &journals,
            anew: self.anew,
            no_wait: self.no_wait,
        };
        let bar = Bar { bar: ProgressBar::no_length() };
        let loaded = load(door, &self.collection, &plan, &bar).await;
        bar.bar.finish_and_clear();
        let loaded = loaded?;
        output.say(&serde_json::to_value(&loaded)?, || summary(&loaded));
        Ok(if loaded.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn summary(loaded: &Loaded) -> String {
    let mut text = format!("{} rows inserted in {:.1} s", loaded.inserted, loaded.seconds);
    if loaded.resumed > 0 {
        text.push_str(&format!(", {} before", loaded.resumed));
    }
    if loaded.refused > 0 {
        text.push_str(&format!(", {} refused", loaded.refused));
    }
    text
}

/// Shown on stderr, and only to a terminal.
struct Bar {
    bar: ProgressBar,
}

impl Progress for Bar {
    fn begin(&self, total: Option<u64>) {
        let template = match total {
            Some(total) => {
                self.bar.set_length(total);
                "{bar:40} {pos}/{len} rows, {per_sec}, {eta} left {msg}"
            }
            None => "{spinner} {pos} rows, {per_sec} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    fn opening(&self, is_opening: bool) {
        self.bar.set_message(if is_opening { "(opening the index)" } else { "" });
    }

    fn rows(&self, done: u64) {
        self.bar.set_position(done);
    }

    fn resuming(&self, rows: u64) {
        self.bar.suspend(|| eprintln!("going on after row {rows}, where the last run was stopped"));
    }

    fn refused(&self, place: &str, bad: &BadRow) {
        self.bar.suspend(|| eprintln!("{place} {}: {}", bad.place, bad.reason));
    }

    fn settling(&self) {
        self.bar.set_message("(putting rows into cells)");
    }
}
