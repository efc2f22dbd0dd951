//! What a node remembers beside what the conductor keeps: in which collections it was never with others, and what its HTTP API
//! calls their vectors.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Notes in a file.
pub struct Notes {
    path: PathBuf,
    content: Mutex<Content>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Content {
    /// Collections that were created here, and in which no other node was ever seen: this one has everything.
    #[serde(default)]
    alone: BTreeSet<String>,
    /// What collections' vectors are called, where they have a name.
    #[serde(default)]
    vector_names: BTreeMap<String, String>,
}

impl Notes {
    /// The notes in this file; none if there is no file.
    pub fn read(path: &Path) -> Result<Self> {
        Ok(Self { path: path.to_owned(), content: Mutex::new(crate::journal::read_json(path)?) })
    }

    /// Whether this node has always been alone in the collection.
    pub fn is_alone(&self, dna_hash: &str) -> bool {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).alone.contains(dna_hash)
    }

    /// Says whether this node is alone in the collection.
    pub fn set_alone(&self, dna_hash: &str, alone: bool) -> Result<()> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        let changed =
            if alone { content.alone.insert(dna_hash.to_owned()) } else { content.alone.remove(dna_hash) };
        if changed { crate::journal::write_atomically(&self.path, &*content) } else { Ok(()) }
    }

    /// What the vector of a collection is called; empty if it has no name.
    pub fn vector_name(&self, dna_hash: &str) -> String {
        let content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.vector_names.get(dna_hash).cloned().unwrap_or_default()
    }

    /// Says what the vector of a collection is called.
    pub fn set_vector_name(&self, dna_hash: &str, name: &str) -> Result<()> {
        if name.is_empty() {
            return Ok(());
        }
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.vector_names.insert(dna_hash.to_owned(), name.to_owned());
        crate::journal::write_atomically(&self.path, &*content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notes.json");
        let notes = Notes::read(&path).unwrap();
        notes.set_alone("a", true).unwrap();
        assert!(Notes::read(&path).unwrap().is_alone("a"));
        notes.set_vector_name("a", "text").unwrap();
        assert_eq!(Notes::read(&path).unwrap().vector_name("a"), "text");
        assert_eq!(Notes::read(&path).unwrap().vector_name("b"), "");
        notes.set_alone("a", false).unwrap();
        assert!(!Notes::read(&path).unwrap().is_alone("a"));
    }
}
