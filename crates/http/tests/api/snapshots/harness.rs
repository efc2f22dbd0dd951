//! What must hold for any bytes as the file of a snapshot: nothing panics, and what is accepted keeps its promises.
//!
//! `cargo test` runs it over the seeds in `fuzz/` and over changes to them; `cargo fuzz run snapshot` (or `snapshot_rows`) for
//! as long as one likes.
#![allow(clippy::unwrap_used)]

use rose_forest_http::snapshots::file::{
    FileError, Header, MAGIC, Row, SnapshotReader, SnapshotWriter, Summary, VERSION,
};
use rose_forest_rules::schema::{Distance, Encoding, Schema};

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

/// Any bytes as rows of two components: the first byte says how many there are to be.
pub fn rows(bytes: &[u8]) {
    let Some((count, raw)) = bytes.split_first() else { return };
    let schema = Schema::new("any", 2, Distance::Dot, Encoding::F32).unwrap();
    let header = serde_json::to_vec(&Header::new(schema, String::new(), [], None)).unwrap();
    let mut file = [MAGIC.as_slice(), &VERSION.to_le_bytes()].concat();
    part(&mut file, b"HEAD", 0, header.len(), &header);
    part(&mut file, b"ROWS", *count, raw.len(), &zstd::bulk::compress(raw, 1).unwrap());
    let mut reader = SnapshotReader::new(file.as_slice()).unwrap();
    if let Ok(rows) = reader.next_rows() {
        let rows = rows.unwrap();
        assert_eq!(rows.len(), usize::from(*count));
        assert!(rows.iter().all(|row| row.vector.len() == 2 && row.vector.iter().all(|x| x.is_finite())));
        // The end is not there.
        assert!(matches!(reader.next_rows(), Err(FileError::Truncated { .. })));
    }
}

/// A part with the checksum that its bytes have.
fn part(file: &mut Vec<u8>, kind: &[u8; 4], rows: u8, raw: usize, stored: &[u8]) {
    let lengths = [u32::from(rows), raw as u32, stored.len() as u32].map(u32::to_le_bytes).concat();
    let checked = [kind.as_slice(), &lengths, stored].concat();
    file.extend(&checked[..16]);
    file.extend(xxhash_rust::xxh3::xxh3_64(&checked).to_le_bytes());
    file.extend(stored);
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
