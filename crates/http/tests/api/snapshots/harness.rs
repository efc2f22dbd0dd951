//! What must hold for any bytes as the file of a snapshot: nothing panics, and what is accepted keeps its promises.
//!
//! `cargo test` runs it over the seeds in `fuzz/` and over changes to them; `cargo fuzz run snapshot` for as long as one
//! likes.
#![allow(clippy::unwrap_used)]

use rose_forest_http::snapshots::file::{FileError, Header, Row, SnapshotReader, SnapshotWriter, Summary};

/// Any bytes as a snapshot.
pub fn snapshot(bytes: &[u8]) {
    let Ok((header, rows, summary)) = read(bytes) else { return };
    assert_eq!(summary.bytes, bytes.len() as u64);
    assert_eq!(summary.rows, rows.len() as u64);
    assert!(rows.iter().all(|row| row.vector.len() == header.schema.dimension()));
    // Written again it says the same; its bytes are others only where frames were cut or packed in another way.
    let mut writer = SnapshotWriter::new(Vec::new(), &header).unwrap();
    rows.iter().for_each(|row| writer.row(row).unwrap());
    let (again, _) = writer.finish().unwrap();
    let (header_again, rows_again, summary_again) = read(&again).unwrap();
    assert_eq!((header_again, summary_again.rows), (header, summary.rows));
    assert_eq!(rows_again, rows);
}

/// All of a file, if it is right.
pub fn read(bytes: &[u8]) -> Result<(Header, Vec<Row>, Summary), FileError> {
    let mut reader = SnapshotReader::new(bytes)?;
    let mut rows = Vec::new();
    while let Some(frame) = reader.next_rows()? {
        rows.extend(frame);
    }
    Ok((reader.header().clone(), rows, *reader.summary().unwrap()))
}
