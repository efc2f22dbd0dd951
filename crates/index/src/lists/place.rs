//! Where lists lie: the directory, the names of the files, and files that belong to no index yet.

use super::{
    ListsError,
    segment::{Segment, Target},
};
use crate::file::Verify;
use rose_forest_core::Space;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

const SUFFIX: &str = ".index";
const PREFIX: &str = "segment-";

/// A directory of lists, and what is common to its files.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) directory: PathBuf,
    pub(super) identity: [u8; 32],
    pub(super) space: Space,
    /// The number of the next segment. None is used twice while the lists are open.
    next: AtomicU64,
}

/// A segment that is about to be written.
#[derive(Debug)]
pub(super) struct NewSegment<'a> {
    place: &'a Place,
    number: u64,
    path: PathBuf,
}

/// A segment that no index lists: its file is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Unclaimed {
    segment: Arc<Segment>,
    claimed: bool,
}

impl Place {
    pub(super) fn new(directory: &Path, identity: [u8; 32], space: Space) -> Result<Self, ListsError> {
        if space.code_bytes() == 0 {
            return Err(ListsError::NoCodes { received: space });
        }
        Ok(Self { directory: directory.to_owned(), identity, space, next: AtomicU64::new(1) })
    }

    /// The file with the list of segments.
    pub(super) fn lists(&self) -> PathBuf {
        self.directory.join("lists.index")
    }

    /// The file with the table of cells.
    pub(super) fn cells(&self) -> PathBuf {
        self.directory.join("cells.index")
    }

    pub(super) fn segment(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{PREFIX}{number:08}{SUFFIX}"))
    }

    pub(super) fn new_segment(&self) -> NewSegment<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        NewSegment { place: self, number, path: self.segment(number) }
    }

    pub(super) fn open_segment(&self, number: u64, verify: Verify) -> Result<Segment, ListsError> {
        let path = self.segment(number);
        let segment = Segment::open(&path, self.identity, self.space, verify)?;
        if segment.number() == number { Ok(segment) } else { Err(ListsError::OtherFile { path }) }
    }

    /// Removes the segments that are not among these, and has new ones take later numbers than all.
    pub(super) fn keep_segments(&self, numbers: &[u64]) -> Result<(), ListsError> {
        let failed = || ListsError::io("list", &self.directory);
        let mut last = numbers.iter().copied().max().unwrap_or(0);
        for entry in fs::read_dir(&self.directory).map_err(failed())? {
            let name = entry.map_err(failed())?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
            let Some(number) = number.and_then(|number| number.parse::<u64>().ok()) else { continue };
            last = last.max(number);
            if !numbers.contains(&number) {
                remove(&self.directory.join(name))?;
            }
        }
        self.next.store(last.saturating_add(1), Ordering::Relaxed);
        Ok(())
    }
}

impl<'a> NewSegment<'a> {
    pub(super) fn target(&self) -> Target<'_> {
        Target {
            path: &self.path,
            identity: self.place.identity,
            number: self.number,
            space: self.place.space,
        }
    }

    /// Opens it, once it was written.
    pub(super) fn open(self) -> Result<Unclaimed, ListsError> {
        match self.place.open_segment(self.number, Verify::Later) {
            Ok(segment) => Ok(Unclaimed { segment: Arc::new(segment), claimed: false }),
            Err(error) => {
                let _ = fs::remove_file(&self.path);
                Err(error)
            }
        }
    }
}

impl Unclaimed {
    pub(super) fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    /// Keeps the file.
    pub(super) fn claim(mut self) -> Arc<Segment> {
        self.claimed = true;
        self.segment.clone()
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if !self.claimed {
            // If it cannot be removed now, it is when the lists are next opened.
            let _ = fs::remove_file(self.segment.path());
        }
    }
}

/// Removes a file, if it is there. Whoever has it mapped keeps it.
pub(super) fn remove(path: &Path) -> Result<(), ListsError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ListsError::io("remove", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
