//! Any sequence of changes, in any space.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// Rows with labels from here on, every so many, written in parts of so many bytes.
    Add {
        first: Label,
        count: u32,
        stride: u32,
        buffer_bytes: usize,
    },
    Remove {
        first: Label,
        count: u32,
        stride: u32,
    },
    Cell,
    Merge,
    /// Save, and open again.
    Reopen {
        verify_now: bool,
    },
    /// Open again without saving, after which everything that was not saved is done again.
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let labels = || (0u32..300, 1u32..60, 1u32..5);
    prop_oneof![
        4 => (labels(), prop_oneof![Just(usize::MAX), 1usize..2000]).prop_map(|((first, count, stride), buffer_bytes)| {
            Step::Add { first, count, stride, buffer_bytes }
        }),
        2 => labels().prop_map(|(first, count, stride)| Step::Remove { first, count, stride }),
        1 => Just(Step::Cell),
        2 => Just(Step::Merge),
        1 => any::<bool>().prop_map(|verify_now| Step::Reopen { verify_now }),
        1 => Just(Step::Crash),
    ]
}

fn space() -> impl Strategy<Value = Space> {
    let dimension = prop_oneof![4 => 1usize..40, 1 => Just(129usize)];
    let distance =
        prop::sample::select(&[Distance::Cosine, Distance::Dot, Distance::Euclid, Distance::Manhattan][..]);
    let encoding = prop::sample::select(&[Encoding::F32, Encoding::F16, Encoding::Sq8][..]);
    (dimension, distance, encoding).prop_map(|(dimension, distance, encoding)| Space {
        dimension,
        distance,
        encoding,
    })
}

impl Fixture {
    fn run(&mut self, step: &Step) {
        let labels = |first: Label, count: u32, stride: u32| (0..count).map(move |n| first + n * stride);
        match *step {
            Step::Add { first, count, stride, buffer_bytes } => {
                // The first label comes once more at the end: the later row counts.
                let labels = labels(first, count, stride).rev().chain([first]);
                let built = self.built(labels, buffer_bytes);
                assert_eq!(built.rows(), count as usize);
                self.lists.add(built).unwrap();
            }
            Step::Remove { first, count, stride } => {
                self.remove(&labels(first, count, stride).collect::<Vec<_>>());
            }
            Step::Cell => {
                let number = self.lists.info().cells as u32;
                let centre = self.numbers.vector(self.space.dimension);
                let added = self.lists.add_cells([(cell_id(number), centre.clone()), (cell_id(0), centre)]);
                assert_eq!(added.unwrap(), [number, 0]);
            }
            Step::Merge => while self.lists.merge().unwrap() {},
            Step::Reopen { verify_now } => {
                let sequence = self.lists.sequence() + 1;
                self.lists.save(sequence).unwrap();
                self.reopen(if verify_now { Verify::Now } else { Verify::Later }).unwrap();
                assert_eq!(self.lists.sequence(), sequence);
                self.lists.verify().unwrap();
            }
            Step::Crash => {
                let cells = self.lists.info().cells as u32;
                let sequence = self.lists.sequence();
                self.reopen(Verify::Now).unwrap();
                assert_eq!(self.lists.sequence(), sequence);
                // What a node does: it replays its store.
                for number in 0..cells {
                    let centre = self.numbers.vector(self.space.dimension);
                    assert_eq!(self.lists.add_cells([(cell_id(number), centre)]).unwrap(), [number]);
                }
                let mut there = Vec::new();
                self.lists.for_each(|label, _| there.push(label));
                self.lists.remove(there.into_iter().filter(|label| !self.rows.contains_key(label)));
                let mut builder = self.lists.builder();
                for (label, (cell, code)) in &self.rows {
                    builder.push(*label, *cell, code).unwrap();
                }
                self.lists.add(builder.finish().unwrap()).unwrap();
            }
        }
    }
}

proptest! {
    // Each case syncs dozens of files.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn lists_hold_and_find_what_a_map_of_rows_would(
        space in space(), cells in 1u32..9, seed: u64, steps in prop::collection::vec(step(), 1..14)
    ) {
        let mut fixture = Fixture::new(space, cells, seed);
        for step in &steps {
            fixture.run(step);
            fixture.check();
        }
        // Nothing is left lying about.
        fixture.lists.save(1).unwrap();
        prop_assert_eq!(fixture.segments().len(), fixture.lists.info().segments);
        prop_assert_eq!(fixture.files().len(), fixture.lists.info().segments + 2);
    }
}
