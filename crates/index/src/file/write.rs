//! Writing an index file.

use super::{
    Contents, FileError, MAX_SECTIONS, Tag,
    layout::{Entry, Head, aligned, head_bytes},
    leftovers::{Temporary, directory_of},
};
use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};
use xxhash_rust::xxh3::Xxh3;

/// Bytes that are collected before they are written.
const BUFFER_BYTES: usize = 256 * 1024;

/// What bytes are written to: a file, or in tests a disk that fills up.
pub(super) trait Sink: Write + Seek + Send {
    /// Makes everything that was written durable.
    fn sync(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// Writes an index file, section by section, and puts it in the place of the old one at the end.
///
/// Dropped before [`IndexFileWriter::commit`], it leaves everything as it was. Space: a quarter of a megabyte.
pub struct IndexFileWriter {
    // Before the temporary file, so that it is closed when that is removed.
    sink: Box<dyn Sink>,
    temporary: Temporary,
    path: PathBuf,
    contents: Contents,
    sequence: u64,
    tags: Vec<Tag>,
    /// The sections that were begun; of the last one the checksum is still missing.
    entries: Vec<Entry>,
    hasher: Box<Xxh3>,
    buffer: Vec<u8>,
    /// How many bytes went to the sink: where the buffer begins.
    flushed: u64,
}

impl std::fmt::Debug for IndexFileWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IndexFileWriter").field("path", &self.path).field("entries", &self.entries).finish()
    }
}

impl IndexFileWriter {
    /// Begins a file that will be `path`, with the sections `tags` in this order. `sequence` is the number up to which
    /// the index is in step with the node's store.
    ///
    /// # Errors
    /// More than [`MAX_SECTIONS`] tags or one twice, or the temporary file cannot be created.
    pub fn create(path: &Path, contents: Contents, sequence: u64, tags: &[Tag]) -> Result<Self, FileError> {
        Self::create_in(path, contents, sequence, tags, |file| Box::new(file))
    }

    pub(super) fn create_in(
        path: &Path,
        contents: Contents,
        sequence: u64,
        tags: &[Tag],
        sink: impl FnOnce(File) -> Box<dyn Sink>,
    ) -> Result<Self, FileError> {
        if tags.len() > MAX_SECTIONS {
            return Err(FileError::Malformed { expected: "at most 64 sections" });
        }
        if tags.iter().enumerate().any(|(place, tag)| tags[..place].contains(tag)) {
            return Err(FileError::Malformed { expected: "a tag once" });
        }
        let (temporary, file) = Temporary::create(path)?;
        // Zeros where the head will be: what is not finished is no index file.
        let buffer = vec![0; head_bytes(tags.len()) as usize];
        Ok(Self {
            sink: sink(file),
            temporary,
            path: path.to_owned(),
            contents,
            sequence,
            tags: tags.to_vec(),
            entries: Vec::with_capacity(tags.len()),
            hasher: Box::new(Xxh3::new()),
            buffer,
            flushed: 0,
        })
    }

    /// Writes a whole file with these sections.
    ///
    /// # Errors
    /// As [`IndexFileWriter::create`] and [`IndexFileWriter::commit`].
    pub fn write_all(
        path: &Path,
        contents: Contents,
        sequence: u64,
        sections: &[(Tag, &[u8])],
    ) -> Result<(), FileError> {
        let tags: Vec<Tag> = sections.iter().map(|(tag, _)| *tag).collect();
        let mut writer = Self::create(path, contents, sequence, &tags)?;
        for (tag, bytes) in sections {
            writer.begin(*tag)?;
            writer.put(bytes)?;
        }
        writer.commit()
    }

    /// Ends the section before and begins this one, which must be the next that was announced.
    ///
    /// # Errors
    /// [`FileError::SectionOrder`], or what was collected cannot be written.
    pub fn begin(&mut self, tag: Tag) -> Result<(), FileError> {
        let expected = self.tags.get(self.entries.len()).copied();
        if expected != Some(tag) {
            return Err(FileError::SectionOrder { expected, received: Some(tag) });
        }
        self.end_section()?;
        let start = aligned(self.position());
        self.buffer.resize((start - self.flushed) as usize, 0);
        // These zeros belong to no section.
        self.flush()?;
        self.hasher.reset();
        self.entries.push(Entry { tag, start, bytes: 0, checksum: 0 });
        Ok(())
    }

    /// Adds bytes to the section that was begun. After an error the file cannot be finished: drop it.
    ///
    /// # Errors
    /// No section was begun, or what was collected cannot be written.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let Some(section) = self.entries.last_mut() else {
            return Err(FileError::SectionOrder { expected: self.tags.first().copied(), received: None });
        };
        section.bytes += bytes.len() as u64;
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.flush_section()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            self.hasher.update(bytes);
            self.sink.write_all(bytes).map_err(FileError::io("write", &self.path))?;
            self.flushed += bytes.len() as u64;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// Finishes the file and puts it in the place of the old one: durable when this returns.
    ///
    /// # Errors
    /// A section is missing, or the system refuses; then the old file is as it was. Only if the directory cannot be
    /// synced is the new file there already, and may or may not survive a power cut.
    pub fn commit(mut self) -> Result<(), FileError> {
        if let Some(missing) = self.tags.get(self.entries.len()) {
            return Err(FileError::SectionOrder { expected: Some(*missing), received: None });
        }
        self.end_section()?;
        self.flush()?;
        let head =
            Head { contents: self.contents, sequence: self.sequence, entries: self.entries, checksum: 0 };
        let failed = || FileError::io("write", &self.path);
        self.sink.seek(SeekFrom::Start(0)).map_err(failed())?;
        self.sink.write_all(&head.to_bytes()).map_err(failed())?;
        self.sink.flush().map_err(failed())?;
        self.sink.sync().map_err(FileError::io("sync", &self.path))?;
        self.temporary.rename_to(&self.path).map_err(FileError::io("replace", &self.path))?;
        sync_directory(directory_of(&self.path))
    }

    /// How many bytes the file has so far.
    fn position(&self) -> u64 {
        self.flushed + self.buffer.len() as u64
    }

    fn end_section(&mut self) -> Result<(), FileError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        self.flush_section()?;
        if let Some(section) = self.entries.last_mut() {
            section.checksum = self.hasher.digest();
        }
        Ok(())
    }

    fn flush_section(&mut self) -> Result<(), FileError> {
        self.hasher.update(&self.buffer);
        self.flush()
    }

    fn flush(&mut self) -> Result<(), FileError> {
        self.sink.write_all(&self.buffer).map_err(FileError::io("write", &self.path))?;
        self.flushed += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Makes a rename in this directory durable.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> Result<(), FileError> {
    let failed = || FileError::io("sync", directory);
    File::open(directory).map_err(failed())?.sync_all().map_err(failed())
}

/// Elsewhere directories cannot be opened, and the system sees to it.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> Result<(), FileError> {
    Ok(())
}
