//! Rows from files: JSON lines, `.npy`, Parquet.
//!
//! A row that is wrong by itself is an [`Item::Bad`] with its place and the reason; reading goes on after it. What
//! makes the rest of a file unreadable is an error.

mod checks;
mod json_lines;
mod npy;
mod parquet;

pub use checks::{BadPayload, Checks, payload_text};
pub(crate) use json_lines::vector_of;
pub(crate) use npy::read_all as read_npy;

use anyhow::{Context, Result, bail, ensure};
use rose_forest_api::{PointId, Schema};
use std::path::{Path, PathBuf};

/// A row of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its place: the line of a text file, or the row of a table; both count from 1.
    pub place: u64,
    /// The id of the point.
    pub id: PointId,
    /// Its vector.
    pub vector: Vec<f32>,
    /// Its payload as JSON text.
    pub payload: Option<String>,
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Its place, as of [`Row::place`].
    pub place: u64,
    /// What was expected and what came.
    pub reason: String,
}

/// What a reader gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A row.
    Row(Row),
    /// A row that cannot be used.
    Bad(BadRow),
}

impl Item {
    fn bad(place: u64, reason: impl std::fmt::Display) -> Self {
        Self::Bad(BadRow { place, reason: reason.to_string() })
    }
}

/// Rows, one after the other.
pub type Rows = Box<dyn Iterator<Item = Result<Item>>>;

/// A file of rows.
pub struct Source {
    /// The rows.
    pub rows: Rows,
    /// How many there are, where the file says so.
    pub total: Option<u64>,
    /// What a place is called: "line" or "row".
    pub place: &'static str,
}

/// What to read, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Ids of the rows of an `.npy` file, as JSON lines.
    pub ids: Option<PathBuf>,
    /// Payloads of the rows of an `.npy` file, as JSON lines.
    pub payloads: Option<PathBuf>,
    /// The column of a Parquet file that has the vectors; found by its type when nothing is said.
    pub vector_column: Option<String>,
    /// The column of a Parquet file that has the ids; `id` when nothing is said.
    pub id_column: Option<String>,
}

impl Options {
    /// All files that a load depends on.
    pub fn files<'a>(&'a self, file: &'a Path) -> Vec<&'a Path> {
        [Some(file), self.ids.as_deref(), self.payloads.as_deref()].into_iter().flatten().collect()
    }
}

/// Opens a file by its extension.
///
/// # Errors
/// If it is empty, cannot be read, or is of a kind that is not known.
pub fn open(file: &Path, options: &Options, schema: Option<&Schema>) -> Result<Source> {
    let about = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
    ensure!(about.is_file(), "{} is not a file", file.display());
    ensure!(about.len() > 0, "{} is empty: expected at least one row", file.display());
    let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let beside = options.ids.is_some() || options.payloads.is_some();
    ensure!(!beside || extension == "npy", "--ids and --payloads go with .npy files only");
    match extension.as_str() {
        "jsonl" | "ndjson" | "json" => json_lines::open(file),
        "npy" => npy::open(file, options, schema),
        "parquet" => parquet::open(file, options),
        _ => bail!("{}: expected a .jsonl, .ndjson, .npy or .parquet file", file.display()),
    }
}
