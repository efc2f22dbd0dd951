//! Two sets of blocks, and what one learns of the other.

use super::*;
use proptest::prelude::*;
use rose_forest_api::blocks_digest;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a message may have beside its blocks.
const MAX_MESSAGE_BYTES: usize = 125_000;

/// Blocks in memory: of each author those at these times, and whose and when each is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Blocks {
    by_author: BTreeMap<AgentPubKey, BTreeMap<u32, ActionHash>>,
    by_name: HashMap<ActionHash, (AgentPubKey, u32)>,
}

fn author(number: u32) -> AgentPubKey {
    AgentPubKey::from_raw_32(hashed(u64::from(number) << 32).to_vec())
}

/// The block that an author wrote at a time.
fn block(author: &AgentPubKey, time: u32) -> ActionHash {
    let seed = author.get_raw_32().first_chunk().copied().map_or(0, u64::from_le_bytes);
    ActionHash::from_raw_32(hashed(seed ^ u64::from(time)).to_vec())
}

fn hashed(seed: u64) -> Digest {
    let mut state = seed;
    let mut out = Digest::default();
    for chunk in out.as_chunks_mut::<8>().0 {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        *chunk = (word ^ (word >> 31)).to_le_bytes();
    }
    out
}

impl Blocks {
    fn of(all: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut blocks = Self::default();
        all.into_iter().for_each(|(by, time)| blocks.add(by, time));
        blocks
    }

    fn add(&mut self, by: u32, time: u32) {
        self.insert(author(by), time);
    }

    fn insert(&mut self, author: AgentPubKey, time: u32) {
        let name = block(&author, time);
        self.by_author.entry(author.clone()).or_default().insert(time, name.clone());
        self.by_name.insert(name, (author, time));
    }

    fn remove(&mut self, by: u32, time: u32) {
        let name = self.by_author.get_mut(&author(by)).and_then(|times| times.remove(&time)).unwrap();
        self.by_name.remove(&name);
    }

    fn names(&self) -> BTreeSet<ActionHash> {
        self.by_name.keys().cloned().collect()
    }
}

impl Known for Blocks {
    fn authors(&self) -> Result<Vec<Summary>, IndexError> {
        let summary = |(author, times): (&AgentPubKey, &BTreeMap<u32, ActionHash>)| Summary {
            author: author.clone(),
            count: times.len() as u64,
            digest: blocks_digest(times.values()),
        };
        Ok(self.by_author.iter().map(summary).collect())
    }

    fn newest(&self, author: &AgentPubKey, at_most: usize) -> Result<Vec<ActionHash>, IndexError> {
        let newest = self.by_author.get(author).into_iter().flat_map(|times| times.values().rev());
        Ok(newest.take(at_most).cloned().collect())
    }

    fn knows(&self, name: &ActionHash) -> Result<bool, IndexError> {
        Ok(self.by_name.contains_key(name))
    }
}

/// What was said.
#[derive(Debug, Default, PartialEq)]
struct Said {
    questions: usize,
    largest_bytes: usize,
    names: usize,
}

/// Has one ask the other until it has all; `brings` says how many blocks come with an answer.
fn reconcile(asker: &mut Blocks, other: &Blocks, brings: usize) -> Result<Said, Unreconciled> {
    let (mut session, mut said) = (Session::default(), Said::default());
    while let Some(question) = session.next(asker)? {
        let answer = answer(other, &question)?.expect("a question that is answered");
        let sizes = [rmp_serde::to_vec(&question).unwrap().len(), rmp_serde::to_vec(&answer).unwrap().len()];
        said.questions += 1;
        said.largest_bytes = sizes.into_iter().fold(said.largest_bytes, usize::max);
        let brought = match (&question, &answer) {
            (Question::Blocks(names), _) => names.iter().take(brings).cloned().collect(),
            (_, Answer::Authors { differing, .. }) => {
                differing.iter().flat_map(|differing| &differing.newest).take(brings).cloned().collect()
            }
            _ => Vec::new(),
        };
        said.names += match &answer {
            Answer::Authors { differing, .. } => {
                differing.iter().map(|differing| differing.newest.len()).sum()
            }
            Answer::Buckets { names, .. } => names.len(),
            Answer::Blocks => 0,
        };
        session.hear(asker, answer)?;
        for name in brought {
            if let Some((author, time)) = other.by_name.get(&name).filter(|_| session.wants(&name)) {
                asker.insert(author.clone(), *time);
            }
        }
    }
    Ok(said)
}

fn many(by: u32, times: std::ops::Range<u32>) -> impl Iterator<Item = (u32, u32)> {
    times.map(move |time| (by, time))
}

#[test]
fn what_is_alike_takes_one_small_question() {
    let other = Blocks::of(many(1, 0..500).chain(many(2, 0..500)));
    let said = reconcile(&mut other.clone(), &other, 100).unwrap();
    assert_eq!((said.questions, said.names), (1, 0));
    assert!(said.largest_bytes < 250, "{said:?}");
}

#[test]
fn the_newest_blocks_come_with_the_first_answer_whoever_has_them() {
    let mut asker = Blocks::of(many(1, 0..500).chain(many(2, 0..503)).chain(many(3, 0..7)));
    let other = Blocks::of(many(1, 0..502).chain(many(2, 0..500)).chain(many(3, 0..7)).chain(many(4, 0..3)));
    let all: BTreeSet<_> = asker.names().union(&other.names()).cloned().collect();
    let said = reconcile(&mut asker, &other, 100).unwrap();
    assert_eq!((said.questions, said.names), (1, 5));
    assert_eq!(asker.names(), all);
    // Those that do not come are asked for by name.
    let mut asker = Blocks::of(many(1, 0..500));
    assert_eq!(reconcile(&mut asker, &Blocks::of(many(1, 0..503)), 2).unwrap().questions, 2);
    assert_eq!(asker, Blocks::of(many(1, 0..503)));
}

#[test]
fn an_old_block_among_many_is_found_by_its_bucket() {
    let other = Blocks::of(many(1, 0..3_000));
    let mut asker = other.clone();
    asker.remove(1, 7);
    asker.add(1, 3_000);
    let said = reconcile(&mut asker, &other, 10).unwrap();
    assert_eq!(said.questions, 3, "authors, buckets, and the block");
    assert!(said.names < 60 && said.largest_bytes < 5_000, "{said:?}");
    assert_eq!(asker.names().difference(&other.names()).count(), 1);
    assert!(other.names().is_subset(&asker.names()));
}

#[test]
fn more_authors_than_a_question_has_room_for_are_asked_about_in_turn() {
    let authors = 2 * MAX_AUTHORS as u32 + 500;
    let other = Blocks::of((0..authors).map(|by| (by, 1)));
    let mut asker = other.clone();
    // Of one in three there is something new.
    let mut newer = other.clone();
    (0..authors).step_by(300).for_each(|by| newer.add(by, 2));
    let said = reconcile(&mut asker, &newer, 1_000).unwrap();
    assert_eq!((said.questions, asker == newer), (3, true));
    assert!(said.largest_bytes < MAX_MESSAGE_BYTES, "{said:?}");
    // One who knows nobody hears of all, part by part.
    let mut asker = Blocks::default();
    let said = reconcile(&mut asker, &newer, 1_000).unwrap();
    assert!(asker == newer && said.largest_bytes < MAX_MESSAGE_BYTES, "{said:?}");
}

#[test]
fn an_asker_that_takes_nothing_in_is_not_told_that_it_has_all() {
    let other = Blocks::of((0..5).flat_map(|by| many(by, 0..600)));
    let problem = reconcile(&mut Blocks::default(), &other, 0).unwrap_err();
    assert!(matches!(problem, Unreconciled::Withheld { .. }), "{problem}");
    // One that takes them in gets all of them, though they are more than fit into an answer.
    let mut asker = Blocks::default();
    let said = reconcile(&mut asker, &other, 1_000).unwrap();
    assert!(asker == other && said.largest_bytes < MAX_MESSAGE_BYTES, "{said:?}");
}

#[test]
fn questions_that_no_asker_asks_get_no_answer() {
    let known = Blocks::of(many(1, 0..10));
    let name = block(&author(1), 1);
    let summary = known.authors().unwrap().remove(0);
    let buckets = |bits, first, cells| Question::Buckets {
        author: author(1),
        bits,
        first,
        cells: vec![Cell::default(); cells],
    };
    let unasked = [
        Question::Authors { after: None, through: None, known: vec![summary; MAX_AUTHORS + 1] },
        buckets(13, 0, 1 << 13),
        buckets(200, 0, 1),
        buckets(2, 3, 4),
        buckets(2, 0, 3),
        buckets(2, u32::MAX, 4),
        Question::Blocks(vec![name; MAX_ASKED_BLOCKS + 1]),
    ];
    for question in unasked {
        assert_eq!(answer(&known, &question).unwrap(), None, "{question:?}");
    }
    assert!(answer(&known, &buckets(2, 0, 4)).unwrap().is_some());
}

/// Blocks of two sides: of few authors, near in time, so that they have much in common.
fn two_sides() -> impl Strategy<Value = (Blocks, Blocks)> {
    let side = || proptest::collection::vec((0..4_u32, 0..60_u32), 0..150);
    (side(), side(), side()).prop_map(|(one, two, both)| {
        (Blocks::of(one.into_iter().chain(both.clone())), Blocks::of(two.into_iter().chain(both)))
    })
}

/// What a liar may answer: made of true names and false ones.
fn lies() -> impl Strategy<Value = Answer> {
    let names = || {
        proptest::collection::vec((0..4_u32, 0..200_u32), 0..20)
            .prop_map(|all| all.into_iter().map(|(by, time)| block(&author(by), time)).collect::<Vec<_>>())
    };
    let summary = (0..4_u32, 0..100_u64, any::<u64>()).prop_map(|(by, count, seed)| Summary {
        author: author(by),
        count,
        digest: hashed(seed),
    });
    let differing = (summary, names()).prop_map(|(summary, newest)| Differing { summary, newest });
    let through = proptest::option::of((0..6_u32).prop_map(author));
    prop_oneof![
        (proptest::collection::vec(differing, 0..4), through).prop_map(|(mut differing, through)| {
            differing.sort_by(|a, b| a.summary.author.cmp(&b.summary.author));
            Answer::Authors { differing, through }
        }),
        (names(), 0..5_u32).prop_map(|(names, end)| Answer::Buckets { names, end }),
        Just(Answer::Blocks),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever both have: afterwards the asker has all of it, and the other is as it was.
    #[test]
    fn the_asker_has_what_the_other_has((mut asker, other) in two_sides(), brings in 5..50_usize) {
        let all: BTreeSet<_> = asker.names().union(&other.names()).cloned().collect();
        let said = reconcile(&mut asker, &other, brings).unwrap();
        prop_assert_eq!(asker.names(), all);
        prop_assert!(said.largest_bytes < MAX_MESSAGE_BYTES);
        // And now nothing is left to bring.
        let mut again = asker.clone();
        reconcile(&mut again, &other, 0).unwrap();
        prop_assert_eq!(again, asker);
    }

    /// A liar's answers bring nothing, and names that no block follows are never taken for blocks.
    #[test]
    fn what_a_liar_names_is_not_had((asker, _) in two_sides(), lies in proptest::collection::vec(lies(), 1..20)) {
        let mut session = Session::default();
        let named: BTreeSet<_> = lies.iter().flat_map(names_in).collect();
        let mut lies = lies.into_iter();
        let ended = loop {
            let question = match session.next(&asker) {
                Ok(Some(question)) => question,
                Ok(None) => break true,
                Err(_) => break false,
            };
            prop_assert!(rmp_serde::to_vec(&question).unwrap().len() < MAX_MESSAGE_BYTES);
            let lie = match question {
                Question::Blocks(names) => {
                    prop_assert!(names.iter().all(|name| named.contains(name) && session.wants(name)));
                    Answer::Blocks
                }
                Question::Authors { .. } | Question::Buckets { .. } => lies.next().unwrap_or(Answer::Blocks),
            };
            if session.hear(&asker, lie).is_err() {
                break false;
            }
        };
        let had = asker.names();
        for name in &named {
            prop_assert!(!session.wants(name) || (!ended && !had.contains(name)));
        }
    }
}

fn names_in(answer: &Answer) -> Vec<ActionHash> {
    match answer {
        Answer::Authors { differing, .. } => {
            differing.iter().flat_map(|differing| differing.newest.clone()).collect()
        }
        Answer::Buckets { names, .. } => names.clone(),
        Answer::Blocks => Vec::new(),
    }
}
