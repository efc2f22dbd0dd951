//! Names of snapshots and of their folders, and what a location means.
//!
//! Names come from URLs. What is no name of a snapshot is refused before any path is made of it, so that no request leaves
//! the folder.

use super::SnapshotError;
use sha2::{Digest, Sha256};
use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What the name of every snapshot ends with.
pub(super) const SUFFIX: &str = ".snapshot";
/// Bytes of a snapshot's name: those of a file's, with room for what stands beside it.
const MAX_NAME_BYTES: usize = 200;
/// Bytes of a collection's name that the name of its snapshot begins with.
const MAX_BEGINNING: usize = 60;
/// Bytes of a folder's name that can be read as the collection's; longer ones go by a hash.
const MAX_READABLE: usize = 150;

/// Checks the name of a snapshot: 10 to 200 letters, digits, `.`, `-` and `_`, the first no dot, ending with `.snapshot`.
pub(crate) fn check(name: &str) -> Result<&str, SnapshotError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_right = name.len() <= MAX_NAME_BYTES
        && name.strip_suffix(SUFFIX).is_some_and(|rest| !rest.is_empty())
        && !name.starts_with('.')
        && name.bytes().all(is_plain);
    if is_right {
        Ok(name)
    } else {
        Err(SnapshotError::Name { max: MAX_NAME_BYTES, received: name.to_owned() })
    }
}

/// The folder of a collection: its name, with `%` and two digits for each byte that is no small letter, digit, `-` or `_`.
/// No two names have the same one, also where file systems take small and capital letters for the same.
pub(super) fn folder_of(collection: &str) -> String {
    let mut readable = String::new();
    for byte in collection.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => readable.push(char::from(byte)),
            _ => readable.push_str(&format!("%{byte:02x}")),
        }
    }
    if !readable.is_empty() && readable.len() <= MAX_READABLE {
        return readable;
    }
    // Never the beginning of one of those above.
    format!("%%{}", super::file::hex(&Sha256::digest(collection.as_bytes())))
}

/// The name of a snapshot that is made at this time; `count` tells apart those of one second.
pub(super) fn new_name(collection: &str, made: SystemTime, count: usize) -> String {
    let beginning: String = collection
        .bytes()
        .take(MAX_BEGINNING)
        .map(|byte| if byte.is_ascii_alphanumeric() || byte == b'_' { char::from(byte) } else { '-' })
        .collect();
    let beginning = match beginning.trim_matches('-') {
        "" => "collection",
        beginning => beginning,
    };
    let [year, month, day, hour, minute, second] = parts(made);
    let time = format!("{year:04}-{month:02}-{day:02}-{hour:02}-{minute:02}-{second:02}");
    let count = if count == 0 { String::new() } else { format!("-{count}") };
    format!("{beginning}-{time}{count}{SUFFIX}")
}

/// A time as Qdrant writes it: in UTC, without saying so.
pub(crate) fn time(time: SystemTime) -> String {
    let [year, month, day, hour, minute, second] = parts(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// Year, month, day, hour, minute, second. Times before 1970 count as 1970.
fn parts(time: SystemTime) -> [u64; 6] {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (mut days, of_day) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days_of = |year| if is_leap(year) { 366 } else { 365 };
    // 400 years always have as many days.
    year += days / 146_097 * 400;
    days %= 146_097;
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    [year, month, days + 1, of_day / 3600, of_day / 60 % 60, of_day % 60]
}

/// The file that a location means: a `file://` address of a snapshot inside of `folder`, symbolic links followed.
///
/// Whether a file outside of the folder exists is not told.
pub(super) fn located(folder: &Path, location: &str) -> Result<PathBuf, SnapshotError> {
    let scheme = location.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    if let Some("http" | "https") = scheme.as_deref() {
        return Err(SnapshotError::Remote);
    }
    let refused = || SnapshotError::Location { received: location.to_owned() };
    let rest = location.strip_prefix("file://").ok_or_else(refused)?;
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    let path = path.starts_with('/').then(|| decoded(path)).flatten().ok_or_else(refused)?;
    let inside = folder.canonicalize().and_then(|folder| Ok((folder, Path::new(&path).canonicalize()?)));
    let (folder, file) = inside.map_err(|_| refused())?;
    let name = file.file_name().and_then(|name| name.to_str()).ok_or_else(refused)?;
    check(name).map_err(|_| refused())?;
    if file.starts_with(&folder) && file.is_file() { Ok(file) } else { Err(refused()) }
}

/// Percent-decoded; nothing where it is not encoded right, no text, or holds a zero.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high << 4 | low).ok()?);
    }
    let path = String::from_utf8(bytes).ok()?;
    (!path.contains('\0')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["c-2026-11-21-22-30-00.snapshot", "A_b.c.snapshot", "x.snapshot"] {
            check(name).unwrap();
        }
        let long = format!("{}.snapshot", "x".repeat(MAX_NAME_BYTES));
        for name in [
            "",
            ".snapshot",
            "..",
            "../x.snapshot",
            "/x.snapshot",
            "a/b.snapshot",
            "a\\b.snapshot",
            ".x.snapshot",
            "x.snapshot.sha256",
            "x",
            "x.snapshot\0",
            "a b.snapshot",
            "%2e%2e.snapshot",
            "é.snapshot",
            &long,
        ] {
            assert!(matches!(check(name), Err(SnapshotError::Name { .. })), "{name}");
        }
    }

    #[test]
    fn every_collection_has_a_folder_of_its_own_that_is_one_plain_name() {
        let long = "x".repeat(128);
        let longer = "é".repeat(128);
        let names = ["c", "C", "a/b", "a%2fb", "..", ".", "", "a b", "%%", &long, &longer, "é"];
        let folders: std::collections::BTreeSet<_> =
            names.iter().map(|name| folder_of(name).to_lowercase()).collect();
        assert_eq!(folders.len(), names.len());
        for folder in &folders {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"%-_".contains(&byte);
            assert!(folder.bytes().all(is_plain) && folder.len() <= 200, "{folder}");
        }
        assert_eq!(folder_of("my_docs-2"), "my_docs-2");
        assert_eq!(folder_of(".."), "%2e%2e");
    }

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        assert_eq!(time(at(0)), "1970-01-01T00:00:00");
        assert_eq!(time(at(951_782_399)), "2000-02-28T23:59:59");
        assert_eq!(time(at(951_782_400)), "2000-02-29T00:00:00");
        assert_eq!(time(at(1_795_300_245)), "2026-11-21T22:30:45");
        assert_eq!(time(at(4_107_542_400)), "2100-03-01T00:00:00");
        assert_eq!(time(at(13_601_088_000)), "2401-01-01T00:00:00");
        assert_eq!(time(UNIX_EPOCH - Duration::from_secs(5)), "1970-01-01T00:00:00");
    }

    #[test]
    fn new_names_are_names_of_snapshots() {
        assert_eq!(new_name("a b", at(0), 0), "a-b-1970-01-01-00-00-00.snapshot");
        assert_eq!(new_name("../é", at(0), 2), "collection-1970-01-01-00-00-00-2.snapshot");
        for collection in ["c", "..", "é", "", &"x".repeat(128)] {
            check(&new_name(collection, at(1 << 33), 1000)).unwrap();
        }
    }

    #[test]
    fn a_location_is_a_file_of_the_folder_or_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("snap shots");
        std::fs::create_dir_all(folder.join("c")).unwrap();
        let good = folder.join("c/good.snapshot");
        let outside = dir.path().join("outside.snapshot");
        for file in [&good, &outside, &folder.join("c/good.txt")] {
            std::fs::write(file, "x").unwrap();
        }
        std::fs::create_dir(folder.join("dir.snapshot")).unwrap();
        let root = folder.to_str().unwrap();
        let expected = good.canonicalize().unwrap();
        for location in [
            format!("file://{root}/c/good.snapshot"),
            format!("file://localhost{}/c/go%6Fd.snapshot", root.replace(' ', "%20")),
            format!("file://{root}/c/../c/good.snapshot"),
        ] {
            assert_eq!(located(&folder, &location).unwrap(), expected, "{location}");
        }
        for location in [
            format!("file://{root}/../outside.snapshot"),
            format!("file://{root}/%2e%2e/outside.snapshot"),
            format!("file://{}", outside.display()),
            format!("file://{root}/c/none.snapshot"),
            format!("file://{root}/c/good.txt"),
            format!("file://{root}/dir.snapshot"),
            format!("file://{root}/c/good.snapshot%00"),
            format!("file://{root}/c/good.snapshot%4"),
            format!("file://elsewhere{root}/c/good.snapshot"),
            format!("{root}/c/good.snapshot"),
            "file://".to_owned(),
            "file://good.snapshot".to_owned(),
            String::new(),
        ] {
            assert!(matches!(located(&folder, &location), Err(SnapshotError::Location { .. })), "{location}");
        }
        for location in ["http://example.org/x.snapshot", "HTTPS://example.org/x.snapshot"] {
            assert!(matches!(located(&folder, location), Err(SnapshotError::Remote)), "{location}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_of_the_folder_is_no_snapshot() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("in");
        std::fs::create_dir(&folder).unwrap();
        let outside = dir.path().join("secret.snapshot");
        std::fs::write(&outside, "x").unwrap();
        std::os::unix::fs::symlink(&outside, folder.join("link.snapshot")).unwrap();
        let location = format!("file://{}/link.snapshot", folder.display());
        assert!(matches!(located(&folder, &location), Err(SnapshotError::Location { .. })));
    }
}
