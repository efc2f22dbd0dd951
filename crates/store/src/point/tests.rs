//! The laws of one point.

use super::*;
use proptest::prelude::*;

/// A row of a block; the block's number is its rank, too.
#[derive(Clone, Copy, Debug)]
struct Said {
    version: Version,
    block: BlockNumber,
    confirmed: bool,
}

fn said() -> impl Strategy<Value = Said> {
    (0i64..3, any::<bool>(), 1u64..3, 0u32..6, any::<bool>()).prop_map(
        |(written_at_micros, deleted, fingerprint, block, confirmed)| Said {
            version: Version {
                written_at_micros,
                deleted,
                fingerprint: if deleted { 0 } else { fingerprint },
            },
            block,
            confirmed,
        },
    )
}

/// As blocks are: each of one author, each with one row of a point, confirmed or not.
fn sayings() -> impl Strategy<Value = Vec<Said>> {
    prop::collection::vec(said(), 0..8).prop_map(|mut sayings| {
        sayings.sort_by_key(|said| said.block);
        sayings.dedup_by_key(|said| said.block);
        sayings
    })
}

fn hear(point: &mut Point, said: Said) {
    let kept = Kept { version: said.version, place: Place { block: said.block, row: 0 }, label: said.block };
    if said.confirmed {
        point.confirm(kept, |old| Ok(said.block > old)).unwrap();
    } else {
        point.announce(kept);
    }
}

fn heard(sayings: &[Said]) -> Point {
    let mut point = Point::default();
    sayings.iter().for_each(|said| hear(&mut point, *said));
    point
}

type Known = (Version, Place);

/// What must be the same in whatever order: labels are not.
fn known(point: &Point) -> (Option<Known>, Vec<Known>) {
    let of = |kept: &Kept| (kept.version, kept.place);
    let mut unconfirmed: Vec<_> = point.unconfirmed.iter().map(of).collect();
    unconfirmed.sort();
    (point.confirmed.as_ref().map(of), unconfirmed)
}

proptest! {
    #[test]
    fn the_greatest_version_counts(sayings in sayings()) {
        let greatest = sayings.iter().map(|said| said.version).max();
        prop_assert_eq!(heard(&sayings).winner().map(|kept| kept.version), greatest);
    }

    #[test]
    fn order_and_repetition_do_not_matter(sayings in sayings(), order in any::<prop::sample::Index>(), seed: u64) {
        let mut other = sayings.clone();
        if !other.is_empty() {
            // Any permutation: rotated, then every second one swapped by the bits of a seed, then all once more.
            let turn = order.index(other.len());
            other.rotate_left(turn);
            for at in 1..other.len() {
                if seed >> at & 1 == 1 {
                    other.swap(at - 1, at);
                }
            }
            other.extend(sayings.iter().rev().copied());
        }
        prop_assert_eq!(known(&heard(&other)), known(&heard(&sayings)));
    }

    #[test]
    fn a_block_that_is_withdrawn_leaves_no_trace(sayings in sayings(), withdrawn in 0u32..6) {
        let mut point = heard(&sayings);
        point.withdraw(withdrawn);
        let without: Vec<_> =
            sayings.into_iter().filter(|said| said.confirmed || said.block != withdrawn).collect();
        prop_assert_eq!(known(&point), known(&heard(&without)));
    }

    #[test]
    fn a_block_that_is_confirmed_might_have_been_at_once(sayings in sayings()) {
        let mut point = heard(&sayings);
        let confirmed: Vec<_> = sayings.iter().map(|said| Said { confirmed: true, ..*said }).collect();
        confirmed.iter().for_each(|said| hear(&mut point, *said));
        prop_assert_eq!(known(&point), known(&heard(&confirmed)));
    }

    #[test]
    fn points_come_back_from_their_bytes(sayings in sayings()) {
        let point = heard(&sayings);
        let mut value = Vec::new();
        point.encode(&mut value);
        prop_assert_eq!(Point::decode(&value).unwrap(), point);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(mut bytes: Vec<u8>) {
        bytes.insert(0, VERSION);
        let _ = Point::decode(&bytes);
    }
}

#[test]
fn at_one_time_a_tombstone_wins() {
    let live = Version { written_at_micros: 5, deleted: false, fingerprint: u64::MAX };
    let tombstone = Version { written_at_micros: 5, deleted: true, fingerprint: 0 };
    for order in [[live, tombstone], [tombstone, live]] {
        let mut point = Point::default();
        for (version, block) in order.into_iter().zip(0..) {
            hear(&mut point, Said { version, block, confirmed: true });
        }
        assert_eq!(point.winner().map(|kept| kept.version), Some(tombstone));
    }
}

#[test]
fn a_copy_keeps_the_label_and_moves_to_the_later_block() {
    let version = Version { written_at_micros: 5, deleted: false, fingerprint: 1 };
    let mut point = heard(&[Said { version, block: 2, confirmed: false }]);
    hear(&mut point, Said { version, block: 4, confirmed: true });
    hear(&mut point, Said { version, block: 3, confirmed: true });
    assert_eq!(
        point,
        Point {
            confirmed: Some(Kept { version, place: Place { block: 4, row: 0 }, label: 2 }),
            unconfirmed: Vec::new()
        }
    );
}
