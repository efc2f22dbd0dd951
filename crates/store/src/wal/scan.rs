//! Reading a segment: its records, and what of it is damage.
//!
//! Where no record stands although one should, the next whole one is looked for, at every byte: records begin with
//! nothing that nothing else begins with, so a length, a kind and a number that make sense are the filter, and the
//! checksum decides. Cost: linear. Each byte is looked at once, and what is checksummed in vain is bounded
//! ([`IN_VAIN`]).
//!
//! What is found so is a record with right checksum, in ascending order, and no more is known: the content of a damaged
//! record may hold bytes that look like records. So notes behind damage are not believed. Else a write could have the
//! others forgotten that wait with it, if the machine ends while it is written.

use super::MAX_RECORD_BYTES;
use super::segment::{CHECKED_BYTES, HEADER_BYTES, Kind, checksum};
use std::ops::Range;

/// Behind damage, numbers go on this far at most: nobody loses more records than that.
const MAX_LOST: u64 = 1 << 32;
/// What may be checksummed in vain, in lengths of the segment: once for what looks like a record before another one or at
/// the end, and once for what else looks like a record. Vectors that are mostly zeros look like the latter; a record does
/// only if what is behind it is damaged or missing, too. Like the former looks hardly anything that was not made for it: if
/// that is too much, it is damage.
const IN_VAIN: usize = 8;
/// And so much in any case.
const IN_VAIN_BYTES: usize = 1 << 20;

/// What a segment holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// Ascending.
    pub(super) records: Vec<Place>,
    /// Up to which it says everything is done.
    pub(super) done: u64,
    /// No number below this one is free, as far as can be seen.
    pub(super) next: u64,
    /// Bytes that are no records and should be, ascending.
    pub(super) damage: Vec<Range<u64>>,
    /// What stands behind the last record, and looks like one that was not written to its end. Empty where the last record
    /// or the damage goes to the end.
    pub(super) torn: Range<u64>,
}

/// Where content stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) number: u64,
    /// Of its header.
    pub(super) offset: u64,
    pub(super) content_bytes: usize,
}

/// Reads the bytes of a segment. `first` is the number that its first record has, if none is missing.
pub(super) fn scan(bytes: &[u8], first: u64) -> Scan {
    let mut scan = Scan { next: first, ..Scan::default() };
    let mut search = Search::new(bytes);
    // The least number that the next record may have. Where damage was, some are missing.
    let mut least = first;
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let place = at as u64;
        match decode(rest) {
            Some((header, _)) if header.kind == Kind::Done => {
                scan.next = scan.next.max(header.number.saturating_add(1));
                if scan.damage.is_empty() {
                    scan.done = scan.done.max(header.number);
                }
                at += header.record_bytes();
            }
            Some((header, _)) if (least..u64::MAX).contains(&header.number) => {
                let (number, content_bytes) = (header.number, header.content_bytes);
                scan.records.push(Place { number, offset: place, content_bytes });
                least = number + 1;
                scan.next = scan.next.max(least);
                at += header.record_bytes();
            }
            Some(_) | None => match search.next_record(at + 1, least) {
                Some(found) => {
                    scan.damage.push(place..found as u64);
                    at = found;
                }
                None => {
                    let end = bytes.len() as u64;
                    if is_torn(rest) && !search.gave_up {
                        scan.torn = place..end;
                    } else {
                        scan.damage.push(place..end);
                    }
                    break;
                }
            },
        }
    }
    if scan.torn.is_empty() {
        let end = bytes.len() as u64;
        scan.torn = end..end;
    }
    scan
}

/// Whether these bytes are this record, whole and alone.
pub(super) fn is_content(bytes: &[u8], number: u64) -> bool {
    decode(bytes).is_some_and(|(header, after)| {
        header.kind == Kind::Content && header.number == number && after.is_empty()
    })
}

/// What stands before content, if it makes sense.
#[derive(Clone, Copy)]
struct Header {
    content_bytes: usize,
    kind: Kind,
    number: u64,
    sum: u64,
}

impl Header {
    /// Of the first of these bytes.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (length, after) = bytes.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first()?;
        let (number, after) = after.split_first_chunk::<8>()?;
        let sum = u64::from_le_bytes(*after.first_chunk::<8>()?);
        let content_bytes = u32::from_le_bytes(*length) as usize;
        let kind = match kind {
            0 if content_bytes <= MAX_RECORD_BYTES => Kind::Content,
            1 if content_bytes == 0 => Kind::Done,
            _ => return None,
        };
        Some(Self { content_bytes, kind, number: u64::from_le_bytes(*number), sum })
    }

    fn record_bytes(&self) -> usize {
        HEADER_BYTES + self.content_bytes
    }
}

/// The record that these bytes begin with, if its checksum is right, and what stands behind it.
fn decode(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let header = Header::read(bytes)?;
    let (record, after) = bytes.split_at_checked(header.record_bytes())?;
    let (checked, content) = (record.get(..CHECKED_BYTES)?, record.get(HEADER_BYTES..)?);
    (checksum(checked, &[content]) == header.sum).then_some((header, after))
}

/// Looks for whole records behind damage.
struct Search<'a> {
    bytes: &'a [u8],
    /// What may still be checksummed in vain, of what looks like a record before another one.
    of_likely_bytes: usize,
    /// The same, of what else looks like a record.
    of_unlikely_bytes: usize,
    /// Whether something likely was passed over.
    gave_up: bool,
}

impl<'a> Search<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let in_vain = bytes.len().saturating_mul(IN_VAIN).max(IN_VAIN_BYTES);
        Self { bytes, of_likely_bytes: in_vain, of_unlikely_bytes: in_vain, gave_up: false }
    }

    /// Where the next whole record begins, of content that has at least this number, or a note.
    fn next_record(&mut self, from: usize, least: u64) -> Option<usize> {
        let numbers = least..least.saturating_add(MAX_LOST);
        let rest = self.bytes.get(from..)?;
        for (at, header) in rest.windows(HEADER_BYTES).enumerate() {
            let Some(header) = Header::read(header) else { continue };
            let makes_sense = match header.kind {
                Kind::Content => numbers.contains(&header.number),
                Kind::Done => header.number < numbers.end,
            };
            let Some(behind) = rest.get(at + header.record_bytes()..).filter(|_| makes_sense) else {
                continue;
            };
            let likely = stands_before(&header, behind);
            let left = if likely { &mut self.of_likely_bytes } else { &mut self.of_unlikely_bytes };
            let Some(left_after) = left.checked_sub(header.content_bytes) else {
                self.gave_up |= likely;
                continue;
            };
            if rest.get(at..).and_then(decode).is_some() {
                return Some(from + at);
            }
            *left = left_after;
        }
        None
    }
}

/// Whether what is behind a record looks like the next one, or the beginning of it, or is nothing.
fn stands_before(header: &Header, behind: &[u8]) -> bool {
    let last = header.number;
    behind.is_empty()
        || Header::read(behind).is_some_and(|next| match (header.kind, next.kind) {
            (Kind::Content, Kind::Content) => Some(next.number) == last.checked_add(1),
            (Kind::Content, Kind::Done) => next.number <= last,
            (Kind::Done, Kind::Content | Kind::Done) => next.number >= last,
        })
}

/// Whether these bytes may be the beginning of a record that a crash cut off: too short for what they announce, or never
/// written. (A file system may have set the length of a file before it wrote its bytes: then they are zero.)
fn is_torn(bytes: &[u8]) -> bool {
    let Some((length, _)) = bytes.split_first_chunk::<4>() else { return true };
    let length = u32::from_le_bytes(*length) as usize;
    let too_short = length <= MAX_RECORD_BYTES && bytes.len() < HEADER_BYTES + length;
    too_short || bytes.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests;
