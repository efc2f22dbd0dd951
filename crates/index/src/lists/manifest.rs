//! The file that says which segments make up the lists, and which of their rows are removed.
//!
//! | section | what, little-endian |
//! |---|---|
//! | `about` | as in a segment; in the place of the rows how many cells there are |
//! | `segments` | for each segment: its number u64, its fingerprint u64 |
//! | `removed` | for each segment, in that order: how many pieces u32; each piece: its place u32, and 512 words u64, a bit for each of 32,768 rows |
//!
//! The file's sequence number is that of the store.

use super::{
    ListsError,
    cells::CellTable,
    place::Place,
    removed::Removed,
    segment::{self, Source},
    state::State,
};
use crate::file::{Contents, IndexFile, IndexFileWriter, Kind, Tag, Verify};
use std::sync::Arc;

const KIND: Kind = Kind(*b"LIST");
const LAYOUT: u32 = 1;
const ABOUT: Tag = Tag::new("about");
const SEGMENTS: Tag = Tag::new("segments");
const REMOVED: Tag = Tag::new("removed");

/// Writes what `state` is made of. Its segments and its cells are on disk already.
pub(super) fn write(place: &Place, state: &State, sequence: u64) -> Result<(), ListsError> {
    let (mut segments, mut removed) = (Vec::new(), Vec::new());
    for source in &state.segments {
        segments.extend(source.segment.number().to_le_bytes());
        segments.extend(source.segment.fingerprint().to_le_bytes());
        source.removed.to_bytes(&mut removed);
    }
    let about = segment::about(place.space, state.cells.len());
    let sections = [(ABOUT, &about[..]), (SEGMENTS, &segments), (REMOVED, &removed)];
    let path = place.lists();
    IndexFileWriter::write_all(&path, contents(place), sequence, &sections).map_err(ListsError::file(&path))
}

/// Reads the lists: what they are made of, and the sequence number that they were saved with.
pub(super) fn read(place: &Place, verify: Verify) -> Result<(State, u64), ListsError> {
    let path = place.lists();
    let damaged = || ListsError::file(&path);
    let malformed = |expected| ListsError::Malformed { path: path.clone(), expected };
    let file = IndexFile::open(&path, &contents(place), Verify::Now).map_err(damaged())?;
    let about = file.section(ABOUT).map_err(damaged())?;
    let (space, cells) = segment::space_of(about).ok_or_else(|| malformed("a space that is known here"))?;
    if space != place.space {
        return Err(ListsError::OtherSpace { path, expected: place.space, received: space });
    }
    let table = CellTable::read(&place.cells(), place.identity, space)?;
    if table.len() < cells {
        return Err(ListsError::OtherFile { path: place.cells() });
    }
    let (listed, rest) = file.section(SEGMENTS).map_err(damaged())?.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(malformed("whole lines of segments"));
    }
    let mut removed = file.section(REMOVED).map_err(damaged())?;
    let mut sources = Vec::with_capacity(listed.len());
    for line in listed {
        let [number, fingerprint] = [&line[..8], &line[8..]]
            .map(|bytes| bytes.iter().rev().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte)));
        let segment = place.open_segment(number, verify)?;
        if segment.fingerprint() != fingerprint {
            return Err(ListsError::OtherFile { path: place.segment(number) });
        }
        let unknown = segment.view().runs().last().is_some_and(|(cell, _)| cell as usize >= table.len());
        let removed = Removed::from_bytes(&mut removed, segment.rows());
        match removed {
            Some(removed) if !unknown => sources.push(Source { segment: Arc::new(segment), removed }),
            Some(_) => return Err(malformed("cells that are in the table")),
            None => return Err(malformed("removed rows that the segment has")),
        }
    }
    if !removed.is_empty() {
        return Err(malformed("removed rows of listed segments"));
    }
    Ok((State::new(Arc::new(table), sources), file.sequence()))
}

fn contents(place: &Place) -> Contents {
    Contents { kind: KIND, layout: LAYOUT, identity: place.identity }
}
