//! The data of the demo, which the program carries.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};

macro_rules! shipped {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/wordnet-5000/", $name))
    };
}

/// Senses and queries, in memory and as the files that `insert` reads.
pub(super) struct Senses {
    /// The vectors of the senses.
    pub vectors: PathBuf,
    /// A line a sense.
    pub lines: PathBuf,
    /// Where journals of loads go.
    pub journals: PathBuf,
    /// Components of every vector.
    pub dimension: usize,
    rows: Vec<f32>,
    queries: Vec<f32>,
    docs: Vec<Value>,
}

impl Senses {
    /// Writes the files, and reads them.
    pub fn unpack(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
            anyhow::Ok(path)
        };
        let vectors = write("docs.f16.npy", shipped!("docs.f16.npy"))?;
        let lines = write("docs.jsonl", shipped!("docs.jsonl"))?;
        let queries = write("queries.f16.npy", shipped!("queries.f16.npy"))?;
        write("LICENSE.wordnet", shipped!("LICENSE.wordnet"))?;
        let (rows, dimension) = crate::readers::read_npy(&vectors)?;
        let (queries, of_queries) = crate::readers::read_npy(&queries)?;
        let text = std::fs::read_to_string(&lines).context("cannot read the senses")?;
        let docs: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        ensure!(
            dimension == of_queries && docs.len() * dimension == rows.len(),
            "the shipped data does not fit"
        );
        Ok(Self { vectors, lines, journals: folder.join("journals"), dimension, rows, queries, docs })
    }

    /// How many senses there are.
    pub fn count(&self) -> usize {
        self.docs.len()
    }

    /// The vector of a sense.
    pub fn vector(&self, row: usize) -> &[f32] {
        self.rows.chunks_exact(self.dimension).nth(row).unwrap_or_default()
    }

    /// The vectors of all senses.
    pub fn vectors(&self) -> impl Iterator<Item = &[f32]> {
        self.rows.chunks_exact(self.dimension)
    }

    /// The vectors of the queries.
    pub fn queries(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.queries.chunks_exact(self.dimension)
    }

    /// The first sense of a word, or else of a word that contains it, or else that is defined by it.
    pub fn find(&self, word: &str) -> Option<usize> {
        let has = |test: &dyn Fn(&str) -> bool| {
            self.docs.iter().position(|doc| {
                doc.get("words")
                    .and_then(Value::as_array)
                    .is_some_and(|words| words.iter().filter_map(Value::as_str).any(test))
            })
        };
        has(&|own| own == word)
            .or_else(|| has(&|own| own.contains(word)))
            .or_else(|| (0..self.count()).find(|row| self.definition(*row).contains(word)))
    }

    /// The words of a sense.
    pub fn words(&self, row: usize) -> String {
        self.docs.get(row).map(words).unwrap_or_default()
    }

    /// The definition of a sense.
    pub fn definition(&self, row: usize) -> String {
        self.docs.get(row).map(definition).unwrap_or_default()
    }
}

/// The words and the definition in a payload that came over the network.
pub(super) fn of_payload(payload: Option<&str>) -> (String, String) {
    let value: Value = payload.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    (words(&value), definition(&value))
}

fn words(doc: &Value) -> String {
    let words = doc.get("words").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

fn definition(doc: &Value) -> String {
    doc.get("definition").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_fits_together_and_has_the_example_words() {
        let dir = tempfile::tempdir().unwrap();
        let senses = Senses::unpack(dir.path()).unwrap();
        assert_eq!((senses.count(), senses.queries().len(), senses.dimension), (5_000, 500, 384));
        for word in super::super::WORDS {
            let row = senses.find(word).unwrap_or_else(|| panic!("no sense of {word}"));
            assert!(!senses.words(row).is_empty() && !senses.definition(row).is_empty());
        }
    }

    #[test]
    fn the_shipped_neighbours_are_the_exact_ones() {
        let dir = tempfile::tempdir().unwrap();
        let senses = Senses::unpack(dir.path()).unwrap();
        let shipped = npyz::NpyFile::new(&shipped!("neighbours.npy")[..]).unwrap();
        assert_eq!(shipped.shape(), [500, 100]);
        let shipped: Vec<i32> = shipped.into_vec().unwrap();
        for (query, shipped) in senses.queries().zip(shipped.chunks_exact(100)).step_by(50) {
            let exact = super::super::recall::exact(&senses, query, 10);
            let worst = exact.iter().map(|(_, score)| *score).fold(f32::INFINITY, f32::min);
            let scores = super::super::recall::scores(&senses, query);
            assert!(shipped[..10].iter().all(|row| scores[*row as usize] >= worst - 1e-4));
        }
    }
}
