//! Opening and saving.

use super::{IndexError, LocalIndex, Missing, Opening};
use parking_lot::Mutex;
use rose_forest_api::Schema;
use rose_forest_core::Space;
use rose_forest_index::{
    file::{Contents, IndexFile, IndexFileWriter, Kind, Tag, Verify},
    graph::{Graph, GraphParams},
};
use rose_forest_store::{Checkpoint, Options, Store, StoreError};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

const KIND: Kind = Kind(*b"GRPH");
/// To be raised with every change of what the sections hold.
const LAYOUT: u32 = 1;
const STORE: Tag = Tag::new("store");
const GRAPH: Tag = Tag::new("graph");

const STORE_FILE: &str = "rows.redb";
const GRAPH_FILE: &str = "graph.index";

impl LocalIndex {
    /// Opens the index of a collection in a folder, made if it is missing, for its owner alone. `identity` is the
    /// collection's: 32 bytes that no other collection has. What is damaged or of another version is begun anew, and
    /// rows of which only the vectors are gone are [missing](LocalIndex::missing_rows) until they are restored.
    ///
    /// # Errors
    /// If the folder cannot be used. Cost: reads the store and the graph's file.
    pub fn open(dir: &Path, schema: &Schema, identity: [u8; 32]) -> Result<(Self, Opening), IndexError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|error| failed("create", dir, error))?;
        let mut opening = Opening::default();
        let store = open_store(&dir.join(STORE_FILE), identity, &mut opening)?;
        let space = Space::from(schema);
        let path = dir.join(GRAPH_FILE);
        let (graph, missing) = match open_graph(&path, space, identity, &store) {
            Ok(opened) => opened,
            Err(reason) => {
                opening.graph_rebuilt = reason;
                let snapshot = store.snapshot()?;
                let mut missing = Missing::default();
                for placed in snapshot.places(&snapshot.live()?)? {
                    missing.insert(placed);
                }
                (Graph::new(space, GraphParams::default())?, missing)
            }
        };
        let (schema, dir, missing) = (schema.clone(), dir.to_owned(), Mutex::new(missing));
        Ok((Self { schema, space, identity, dir, store, graph, missing }, opening))
    }

    /// Saves the graph, so that the next opening has little to do. A crash at any moment leaves the file of the last
    /// time. Blocks wait meanwhile, searches do not.
    ///
    /// # Errors
    /// If it cannot be written: then the old file is as it was.
    pub fn save(&self) -> Result<(), IndexError> {
        let missing = self.missing.lock();
        // A graph that lacks rows that the log no longer names would be taken for whole.
        if !missing.of.is_empty() {
            return Ok(());
        }
        let checkpoint = self.store.checkpoint()?;
        let contents = contents(self.identity);
        let path = self.dir.join(GRAPH_FILE);
        let mut file = IndexFileWriter::create(&path, contents, checkpoint.sequence, &[STORE, GRAPH])?;
        file.begin(STORE)?;
        file.put(&checkpoint.identity.to_le_bytes())?;
        file.begin(GRAPH)?;
        let mut section = Section(&mut file);
        self.graph.write_to(&mut section).map_err(|error| failed("write", &path, error))?;
        file.commit()?;
        let mut batch = self.store.begin()?;
        batch.forget_changes_before(checkpoint.sequence)?;
        batch.commit()?;
        drop(missing);
        Ok(())
    }
}

fn contents(identity: [u8; 32]) -> Contents {
    Contents { kind: KIND, layout: LAYOUT, identity }
}

fn open_store(path: &Path, identity: [u8; 32], opening: &mut Opening) -> Result<Store, IndexError> {
    let open = || Store::open(path, Options::new(identity));
    match open() {
        Err(error) if error.must_rebuild() => {
            opening.store_rebuilt = Some(error.to_string());
            fs::remove_file(path).map_err(|error| failed("remove", path, error))?;
            Ok(open()?)
        }
        opened => Ok(opened?),
    }
}

/// The graph of a file, brought up to date, and what it lacks. Or why it cannot be used: nothing if there is no file.
fn open_graph(
    path: &Path,
    space: Space,
    identity: [u8; 32],
    store: &Store,
) -> Result<(Graph, Missing), Option<String>> {
    let said = |problem: &dyn std::fmt::Display| Some(problem.to_string());
    let file = IndexFile::open(path, &contents(identity), Verify::Now)
        .map_err(|problem| if problem.is_missing() { None } else { said(&problem) })?;
    let of_store = file.section(STORE).map_err(|problem| said(&problem))?;
    let of_store = of_store.try_into().map_err(|problem: std::array::TryFromSliceError| said(&problem))?;
    let graph = file.section(GRAPH).map_err(|problem| said(&problem))?;
    let graph = Graph::read_from(space, graph).map_err(|problem| said(&problem))?;
    let checkpoint = Checkpoint { identity: u64::from_le_bytes(of_store), sequence: file.sequence() };
    let changes = store.snapshot().and_then(|snapshot| snapshot.changes_since(&checkpoint));
    let changes = changes.map_err(|problem: StoreError| said(&problem))?;
    for label in changes.removed {
        graph.remove(label);
    }
    let mut missing = Missing::default();
    for placed in changes.inserted {
        missing.insert(placed);
    }
    Ok((graph, missing))
}

/// A section of a file, to write to.
struct Section<'a>(&'a mut IndexFileWriter);

impl Write for Section<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.put(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> IndexError {
    IndexError::Io { what, path: PathBuf::from(path), source }
}
