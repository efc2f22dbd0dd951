//! Blocks and metadata that break a rule.

use super::world::{D, LIES_FROM, Lie, World, metadata_entry};
use rose_forest_rules::{
    id::PointId,
    schema::{Distance, Encoding, Schema},
};
use rose_forest_sweettest::{Act, EntryKind, RawBlock, VectorEntry, entry_bytes, topic};

pub fn lies(world: &World) -> Vec<Lie> {
    let mut lies = Vec::new();
    let schema = &world.schema;
    let mut id = LIES_FROM;
    let mut true_block = |rows: u64| {
        id += 10;
        let rows: Vec<_> = (id..id + rows).map(|id| (id, topic(D, 0, id))).collect();
        RawBlock::of(schema, None, world.now, &rows)
    };
    let mut block = |name, bytes: Vec<u8>| lies.push(Lie::new(name, Act::block(bytes)));

    block("no block at all", b"nonsense".to_vec());
    block("a block cut short", {
        let mut bytes = true_block(1).bytes();
        bytes.pop();
        bytes
    });
    block("a block with bytes after its end", [true_block(1).bytes(), vec![0]].concat());
    block("no rows", true_block(0).but(|b| b.newest_micros = 0));
    block("reserved flags", true_block(1).but(|b| b.flags = 2));
    block("more rows than there are", true_block(1).but(|b| b.live = 2));
    block("vectors of another dimension", {
        let other = Schema::new("test", D + 1, Distance::Cosine, Encoding::Sq8).unwrap();
        RawBlock::of(&other, None, world.now, &[(LIES_FROM, topic(D + 1, 0, 0))]).bytes()
    });
    block("another encoding", {
        let other = Schema::new("test", D, Distance::Cosine, Encoding::F32).unwrap();
        RawBlock::of(&other, None, world.now, &[(LIES_FROM + 1, topic(D, 0, 0))]).bytes()
    });
    let scale = |value: f32| move |b: &mut RawBlock| b.codes[0][D..].copy_from_slice(&value.to_le_bytes());
    block("a scale that is no number", true_block(1).but(scale(f32::NAN)));
    block("an infinite scale", true_block(1).but(scale(f32::INFINITY)));
    block("a negative scale", true_block(1).but(scale(-1.0)));
    block("a scale that is not canonical", true_block(1).but(scale(1.0)));
    block("a code of -128", true_block(1).but(|b| b.codes[0][0] = 0x80));
    block("a zero vector under cosine", true_block(1).but(|b| b.codes[0] = vec![0; D + 4]));
    block("an id twice", {
        let mut double = true_block(2);
        double.ids[1] = double.ids[0];
        double.hashes[1] = double.hashes[0];
        double.bytes()
    });
    block("ids out of order", {
        let mut reversed = true_block(2);
        reversed.ids.reverse();
        reversed.hashes.reverse();
        reversed.bytes()
    });
    block("the hash of another id", true_block(1).but(|b| b.hashes[0] ^= 1));
    let hour = 3_600_000_000;
    block(
        "a time an hour ahead",
        true_block(1).but(|b| (b.times[0], b.newest_micros) = (b.times[0] + hour, b.times[0] + hour)),
    );
    block("a negative time", true_block(1).but(|b| (b.times[0], b.newest_micros) = (-1, -1)));
    block("a header with another newest time", true_block(1).but(|b| b.newest_micros -= 1));
    block("a payload that is no object", true_block(1).but(|b| b.payloads[0] = b"[1]".to_vec()));
    block("a payload that is no JSON", true_block(1).but(|b| b.payloads[0] = b"{".to_vec()));
    block("ids and payloads that claim a gigabyte", true_block(1).but(|b| b.meta_bytes = Some(1 << 30)));
    block("the point both alive and deleted", {
        let mut both = true_block(1);
        let id = both.ids[0];
        both.tombstones = 1;
        both.ids.push(id);
        both.times.push(world.now);
        both.hashes.push(PointId::Int(id).hash64());
        both.bytes()
    });

    lies.push(Lie::new(
        "an entry that does not decode as a block",
        Act::raw_entry(EntryKind::Vector, vec![0x93, 1, 2, 3]),
    ));
    lies.push(Lie::new(
        "a block and something behind it",
        Act::raw_entry(
            EntryKind::Vector,
            [entry_bytes(&VectorEntry { block: true_block(1).bytes().into() }), vec![0xc0]].concat(),
        ),
    ));
    let private = entry_bytes(&VectorEntry { block: true_block(1).bytes().into() });
    lies.push(Lie::new(
        "a block that only its author could read",
        Act::Entry { entry_type: EntryKind::Vector as u8, bytes: private.into(), private: true },
    ));
    lies.push(Lie::new(
        "the update of a block",
        Act::Update {
            original: world.own.block.clone(),
            bytes: entry_bytes(&VectorEntry { block: true_block(1).bytes().into() }).into(),
        },
    ));
    lies.push(Lie::new(
        "the update of another's block",
        Act::Update {
            original: world.theirs.block.clone(),
            bytes: entry_bytes(&VectorEntry { block: true_block(1).bytes().into() }).into(),
        },
    ));
    lies.push(Lie::new(
        "the deletion of another's block",
        Act::Delete { original: world.theirs.block.clone() },
    ));
    lies.extend(metadata(world));
    lies
}

fn metadata(world: &World) -> Vec<Lie> {
    let lie = |name, entry| Lie::new(name, Act::entry(EntryKind::NodeMetadata, &entry));
    let own = metadata_entry(&world.liar);
    let mut about_another = own.clone();
    about_another.agent.0[10] ^= 1;
    let mut wordy = own.clone();
    wordy.name = "x".repeat(129);
    let mut capable = own.clone();
    capable.capabilities = vec!["everything".to_owned(); 33];
    vec![
        lie("metadata about another", about_another),
        lie("metadata with a long name", wordy),
        lie("metadata with too many capabilities", capable),
        Lie::new(
            "the update of metadata",
            Act::Update { original: world.own.metadata.clone(), bytes: entry_bytes(&own).into() },
        ),
        Lie::new(
            "the deletion of another's metadata",
            Act::Delete { original: world.theirs.metadata.clone() },
        ),
    ]
}
