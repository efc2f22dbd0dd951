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
mod tests;
