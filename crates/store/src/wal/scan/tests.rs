use super::super::segment::header;
use super::*;
use proptest::prelude::*;

/// A record or a note as it stands in a segment.
struct Stands {
    /// Nothing for a note.
    number: Option<u64>,
    bytes: Range<u64>,
}

#[derive(Default)]
struct Built {
    bytes: Vec<u8>,
    stands: Vec<Stands>,
}

impl Built {
    fn content(&mut self, number: u64, content: &[u8]) {
        self.push(Some(number), &[&header(Kind::Content, number, &[content]), content].concat());
    }

    fn done(&mut self, number: u64) {
        self.push(None, &header(Kind::Done, number, &[]));
    }

    fn push(&mut self, number: Option<u64>, bytes: &[u8]) {
        let start = self.bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        self.stands.push(Stands { number, bytes: start..self.bytes.len() as u64 });
    }

    /// The numbers of the records that have no byte in common with some.
    fn numbers_beside(&self, bytes: &[Range<u64>]) -> Vec<u64> {
        let beside = |stands: &Stands| {
            bytes.iter().all(|bytes| bytes.end <= stands.bytes.start || stands.bytes.end <= bytes.start)
        };
        self.stands.iter().filter(|stands| beside(stands)).filter_map(|stands| stands.number).collect()
    }
}

fn numbers(scan: &Scan) -> Vec<u64> {
    scan.records.iter().map(|record| record.number).collect()
}

/// Numbers that are mostly zero and one, as vectors of counts are.
fn sparse(components: u32, seed: u32) -> Vec<u8> {
    let component = |at: u32| match (at ^ seed).wrapping_mul(2_654_435_761) >> 29 {
        0 => 1.0f32,
        1 => 2.0,
        _ => 0.0,
    };
    (0..components).flat_map(|at| component(at).to_le_bytes()).collect()
}

/// Records of all sizes, some like headers, and notes between them.
fn many() -> Built {
    let mut built = Built::default();
    built.done(6);
    for number in 7..37u64 {
        let content = match number % 4 {
            0 => vec![0; number as usize],
            1 => sparse(number as u32 / 2, 9),
            2 => number.to_le_bytes().repeat(number as usize % 5),
            _ => vec![number as u8; number as usize],
        };
        built.content(number, &content);
        if number % 9 == 0 {
            built.done(number - 3);
        }
    }
    built
}

#[test]
fn a_flipped_bit_anywhere_costs_at_most_the_record_that_it_is_in_and_is_reported() {
    for last_is_a_note in [false, true] {
        let mut built = many();
        if last_is_a_note {
            built.done(33);
        }
        assert!(built.stands.len() > 30);
        let mut bytes = built.bytes.clone();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let found = scan(&bytes, 7);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let at = bit as u64 / 8;
            let flipped =
                built.stands.iter().find(|stands| stands.bytes.contains(&at)).unwrap().bytes.clone();
            let end = bytes.len() as u64;
            assert_eq!(numbers(&found), built.numbers_beside(std::slice::from_ref(&flipped)), "bit {bit}");
            if flipped.end < end || found.torn.is_empty() {
                assert_eq!((&found.damage[..], found.torn), (&[flipped][..], end..end), "bit {bit}");
            } else {
                // Its length is wrong, and nothing is behind it.
                assert!(at < flipped.start + 4, "bit {bit}");
                assert_eq!((found.damage.len(), found.torn), (0, flipped));
            }
        }
        let whole = scan(&bytes, 7);
        assert_eq!((numbers(&whole), whole.damage.len(), whole.next), (built.numbers_beside(&[]), 0, 37));
        assert_eq!(whole.done, 33, "notes that say less say nothing new");
    }
}

#[test]
fn vectors_that_look_like_headers_do_not_hide_what_is_behind_them() {
    let mut built = Built::default();
    for number in 1..=6 {
        built.content(number, &sparse(300_000, number as u32));
    }
    let mut bytes = built.bytes.clone();
    bytes[2] ^= 0x80;
    let first = built.stands[0].bytes.clone();
    let found = scan(&bytes, 1);
    assert_eq!((numbers(&found), found.damage), (vec![2, 3, 4, 5, 6], vec![first]));
    // Cut off, it is what a crash left.
    let cut = bytes.len() - 1_000;
    let last = built.stands[5].bytes.start..cut as u64;
    let found = scan(&built.bytes[..cut], 1);
    assert_eq!((numbers(&found), found.damage, found.torn), (vec![1, 2, 3, 4, 5], vec![], last));
}

#[test]
fn a_record_in_front_of_missing_numbers_is_found() {
    let mut built = Built::default();
    for number in [3, 8, 5_000, 5_001] {
        built.content(number, b"content");
    }
    for damaged in 0..3 {
        let mut bytes = built.bytes.clone();
        let place = built.stands[damaged].bytes.clone();
        bytes[place.start as usize + 2] ^= 1;
        let found = scan(&bytes, 3);
        assert_eq!(numbers(&found), built.numbers_beside(std::slice::from_ref(&place)));
        assert_eq!((found.damage, found.next), (vec![place], 5_002));
    }
}

#[test]
fn a_record_that_was_cut_off_cannot_have_others_forgotten_by_what_it_holds() {
    let mut built = Built::default();
    built.content(1, b"waits");
    built.content(2, b"waits too");
    let place = built.bytes.len();
    let note = header(Kind::Done, 3, &[]);
    built.content(3, &[&note[..], &[7; 100]].concat());
    let found = scan(&built.bytes[..built.bytes.len() - 50], 1);
    assert_eq!((numbers(&found), found.done), (vec![1, 2], 0));
    assert_eq!(found.damage[0], place as u64..(place + HEADER_BYTES) as u64);
}

#[test]
fn what_is_made_of_headers_is_not_checksummed_for_ever_and_is_reported() {
    // Each looks like a record that goes to the end: without a bound, a hundred gigabytes would be checksummed.
    const BYTES: usize = 2 << 20;
    let mut bytes = header(Kind::Content, 1, &[&vec![0; 2 * BYTES]]).to_vec();
    while bytes.len() < BYTES {
        let behind = (BYTES - bytes.len()).saturating_sub(HEADER_BYTES) as u32;
        bytes.extend(behind.to_le_bytes());
        bytes.push(0);
        bytes.extend(2u64.to_le_bytes());
        bytes.extend([1; 8]);
    }
    bytes.truncate(BYTES);
    let found = scan(&bytes, 1);
    let all = 0..BYTES as u64;
    assert_eq!((found.records.len(), found.damage), (0, vec![all]));
}

proptest! {
    #[test]
    fn whatever_is_overwritten_every_other_record_is_found(
        damage in prop::collection::vec((0usize..1_500, 1usize..200, any::<u8>()), 1..5),
    ) {
        let built = many();
        let mut bytes = built.bytes.clone();
        let mut changed = Vec::new();
        for (start, length, value) in damage {
            let start = start.min(bytes.len() - 1);
            let end = bytes.len().min(start + length);
            bytes[start..end].fill(value);
            // A byte may have been what it is now.
            for at in start..end {
                changed.push(at as u64..at as u64 + 1);
            }
        }
        let differs = |at: &Range<u64>| bytes[at.start as usize] != built.bytes[at.start as usize];
        changed.retain(differs);
        let found = scan(&bytes, 7);
        prop_assert_eq!(numbers(&found), built.numbers_beside(&changed));
        for record in &found.records {
            let stands = built.stands.iter().find(|stands| stands.number == Some(record.number)).unwrap();
            prop_assert_eq!(record.offset, stands.bytes.start);
        }
        let is_said = |at: u64| found.damage.iter().any(|damage| damage.contains(&at)) || found.torn.contains(&at);
        prop_assert!(changed.iter().all(|at| is_said(at.start)));
    }
}
