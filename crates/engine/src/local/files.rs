//! Opening and saving.

use super::{
    IndexError, Limits, LocalIndex, Opening, Saved,
    linker::Linker,
    missing::{Missing, MissingRows},
    view::Views,
};
use parking_lot::Mutex;
use rose_forest_api::Schema;
use rose_forest_core::Space;
use rose_forest_index::{
    VectorIndex,
    file::{Contents, IndexFile, IndexFileWriter, Kind, Tag, Verify},
    graph::{Graph, GraphParams},
    lists::{Lists, ListsError},
};
use rose_forest_store::{Options, Store, StoreError};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

const KIND: Kind = Kind(*b"GRPH");
/// To be raised with every change of what the sections hold.
const LAYOUT: u32 = 1;
const STORE: Tag = Tag::new("store");
const GRAPH: Tag = Tag::new("graph");

const STORE_FILE: &str = "rows.redb";
const GRAPH_FILE: &str = "graph.index";
const LISTS_DIRECTORY: &str = "lists";
/// What the lists are opened by.
const LISTS_FILE: &str = "lists.index";

impl LocalIndex {
    /// Opens the index of a collection in a folder, made if it is missing, for its owner alone. `identity` is the
    /// collection's: 32 bytes that no other collection has. What is damaged or of another version is begun anew, and
    /// rows of which only the vectors are gone are [missing](LocalIndex::missing_rows) until they are restored. The
    /// checksums of the codes in the lists are not compared yet: [`LocalIndex::verify_files`].
    ///
    /// # Errors
    /// If the folder cannot be used. Cost: reads the store, the graph's file, and 12 bytes for each row of the lists.
    pub fn open(
        dir: &Path,
        schema: &Schema,
        identity: [u8; 32],
        limits: Limits,
    ) -> Result<(Self, Opening), IndexError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|error| failed("create", dir, error))?;
        let mut opening = Opening::default();
        let store = open_store(&dir.join(STORE_FILE), identity, &mut opening)?;
        let space = Space::from(schema);
        let mut saved = None;
        let graph = match open_graph(&dir.join(GRAPH_FILE), space, identity, &store) {
            Ok((graph, sequence)) => {
                saved = Some(Saved { sequence, graph: graph.changes() });
                graph
            }
            Err(reason) => {
                opening.graph_rebuilt = reason;
                Graph::new(space, GraphParams::default())?
            }
        };
        let lists = open_lists(&dir.join(LISTS_DIRECTORY), space, identity, &store, &mut opening)?;
        let graph = Arc::new(graph);
        let linker =
            Linker::start(graph.clone()).map_err(|error| failed("start a thread for", dir, error))?;
        let saved = Mutex::new(saved.filter(|_| opening.lists_rebuilt.is_none()));
        let missing = MissingRows::new(compare(&store, &graph, &lists)?);
        let (schema, dir, views, moving) = (schema.clone(), dir.to_owned(), Views::new(), Mutex::new(()));
        let news = watch::Sender::new(0);
        let index = Self {
            schema,
            space,
            identity,
            dir,
            store,
            graph,
            linker,
            lists,
            limits,
            missing,
            views,
            saved,
            moving,
            news,
        };
        Ok((index, opening))
    }

    /// Saves graph and lists, so that the next opening has little to do. A crash at any moment leaves the files of the last
    /// time. Blocks wait meanwhile, searches do not. Rows that are missing stay so. What has not changed since it was saved
    /// or opened is not written again: then only the store is made durable, where it is not.
    ///
    /// # Errors
    /// If they cannot be written: then the old files are as they were.
    pub fn save(&self) -> Result<(), IndexError> {
        let missing = self.missing.lock();
        // Before the graph is written: it may be mended meanwhile.
        let graph = self.graph.changes();
        let now = Saved { sequence: self.store.snapshot()?.sequence(), graph };
        if *self.saved.lock() == Some(now) && self.lists.is_saved() {
            return Ok(self.store.sync()?);
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
        self.lists.save(checkpoint.sequence)?;
        let mut batch = self.store.begin()?;
        batch.forget_changes_before(checkpoint.sequence)?;
        batch.commit()?;
        *self.saved.lock() = Some(Saved { sequence: checkpoint.sequence, graph });
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

/// The graph of a file, and what the store had counted when it was saved. Or why it cannot be used: nothing if there is no file.
fn open_graph(
    path: &Path,
    space: Space,
    identity: [u8; 32],
    store: &Store,
) -> Result<(Graph, u64), Option<String>> {
    let said = |problem: &dyn std::fmt::Display| Some(problem.to_string());
    let file = IndexFile::open(path, &contents(identity), Verify::Now)
        .map_err(|problem| if problem.is_missing() { None } else { said(&problem) })?;
    let of_store = file.section(STORE).map_err(|problem| said(&problem))?;
    if of_store != store.identity().to_le_bytes() {
        return Err(said(&StoreError::OtherStore));
    }
    check_sequence(store, file.sequence()).map_err(|problem| said(&problem))?;
    let graph = file.section(GRAPH).map_err(|problem| said(&problem))?;
    let graph = Graph::read_from(space, graph).map_err(|problem| said(&problem))?;
    Ok((graph, file.sequence()))
}

/// The lists of a folder, or new ones in the place of what cannot be used.
fn open_lists(
    directory: &Path,
    space: Space,
    identity: [u8; 32],
    store: &Store,
    opening: &mut Opening,
) -> Result<Lists, IndexError> {
    // Labels are the store's own: the lists of another store are those of another collection.
    let mut owner = identity;
    for (byte, of_store) in owner.iter_mut().zip(store.identity().to_le_bytes()) {
        *byte ^= of_store;
    }
    let reason = match Lists::open(directory, owner, space, Verify::Later) {
        Ok(lists) => match check_sequence(store, lists.sequence()) {
            Ok(()) => return Ok(lists),
            Err(problem) => Some(problem.to_string()),
        },
        Err(ListsError::File { source, path }) if source.is_missing() && path.ends_with(LISTS_FILE) => None,
        Err(problem) if problem.unusable_file().is_some() => Some(problem.to_string()),
        Err(problem) => return Err(problem.into()),
    };
    opening.lists_rebuilt = reason;
    Ok(Lists::create(directory, owner, space)?)
}

/// Whether a file that was saved with this sequence number can be one of this store: the store was made durable first.
fn check_sequence(store: &Store, received: u64) -> Result<(), StoreError> {
    let newest = store.snapshot()?.sequence();
    if received <= newest { Ok(()) } else { Err(StoreError::NotInLog { oldest: 0, newest, received }) }
}

/// Takes out of graph and lists what does not count, and out of the graph what is in the lists too. What then is in
/// neither is missing. Cost: a pass over the labels of all three, and two look-ups for each row that is missing.
fn compare(store: &Store, graph: &Graph, lists: &Lists) -> Result<Missing, IndexError> {
    let snapshot = store.snapshot()?;
    let mut nowhere = snapshot.live()?;
    // The lists first: a row that moved may be in a graph that was saved before it did.
    for kind in [lists as &dyn VectorIndex, graph] {
        let mut too_much = Vec::new();
        kind.for_each_label(&mut |label| {
            if !nowhere.remove(label) {
                too_much.push(label);
            }
        });
        kind.remove_all(&too_much);
    }
    let mut missing = Missing::default();
    snapshot.places(&nowhere)?.into_iter().for_each(|placed| missing.insert(placed));
    Ok(missing)
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

#[cfg(test)]
mod tests;
