//! What the store is given: blocks as they come from the DHT or from a signal.

use rose_forest_rules::{
    block::{BlockView, Meta},
    id::PointId,
    reference::{CellId, HashRef},
};

/// What a row holds that is not a tombstone.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// Its code. The store does not keep it; it tells versions apart by it.
    pub code: &'a [u8],
    /// Its payload, JSON text.
    pub payload: Option<&'a [u8]>,
}

/// A row of a block.
#[derive(Clone, Copy, Debug)]
pub struct IncomingRow<'a> {
    /// The point's id.
    pub id: &'a PointId,
    /// When the row was written, in microseconds since 1970.
    pub written_at_micros: i64,
    /// What it holds; nothing for a tombstone.
    pub content: Option<Content<'a>>,
}

/// A block to take in. It has been checked: the store believes what it says.
#[derive(Clone, Debug)]
pub struct IncomingBlock<'a> {
    /// The action that carries it.
    pub action: HashRef,
    /// The time of that action, in microseconds since 1970: of several copies of a row, the store notes the last
    /// written one as the place where it is.
    pub action_micros: i64,
    /// Who wrote it.
    pub author: HashRef,
    /// The cell that it belongs to; nothing for a fresh block.
    pub cell: Option<CellId>,
    /// Whether the DHT has delivered it. One that only a signal has brought can be withdrawn, see
    /// [`crate::Batch::withdraw`].
    pub confirmed: bool,
    /// Its rows: live ones in the order of their codes, then tombstones.
    pub rows: Vec<IncomingRow<'a>>,
}

impl<'a> IncomingBlock<'a> {
    /// The block that these bytes are. `meta` is [`BlockView::meta`] of the same view.
    pub fn new(
        (action, action_micros): (HashRef, i64),
        author: HashRef,
        confirmed: bool,
        view: &BlockView<'a>,
        meta: &'a Meta,
    ) -> Self {
        let rows = meta.rows().iter().enumerate().map(|(row, said)| {
            let content = view.code(row).map(|code| Content { code, payload: meta.payload(row) });
            let content = content.filter(|_| !said.is_tombstone());
            IncomingRow { id: &said.id, written_at_micros: said.written_at_micros, content }
        });
        Self { action, action_micros, author, cell: view.cell(), confirmed, rows: rows.collect() }
    }
}

/// Odd numbers with as many ones as zeros, to multiply by.
const MIX: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93, 0xa3b1_9535_4a39_b70d];

/// 64 bits that tell versions of one point apart: all nodes compute the same. Not proof against whoever looks for two
/// contents of one fingerprint; those would be two versions of one time of that author's own point, of which one is
/// shown.
pub(crate) fn fingerprint(content: &Content<'_>) -> u64 {
    let code = mix_bytes(MIX[0], content.code);
    mix_bytes(code, content.payload.unwrap_or_default())
}

fn mix_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut hash = multiply(seed ^ bytes.len() as u64, MIX[1]);
    for word in words {
        hash = multiply(hash ^ u64::from_le_bytes(*word), MIX[2]);
    }
    let mut last = [0; 8];
    last.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
    multiply(hash ^ u64::from_le_bytes(last), MIX[1])
}

/// A product of 128 bits, folded; the sum keeps a zero from staying one.
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    ((product >> 64) as u64 ^ product as u64).wrapping_add(a.rotate_left(32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rose_forest_rules::{
        block::BlockBuilder,
        schema::{Distance, Encoding, Schema},
    };
    use std::collections::HashSet;

    #[test]
    fn fingerprints_tell_small_changes_apart() {
        let mut seen = HashSet::new();
        let mut count = 0;
        for length in 0..40 {
            let plain = vec![0u8; length];
            for bit in 0..=length * 8 {
                let mut code = plain.clone();
                if bit > 0 {
                    code[(bit - 1) / 8] ^= 1 << ((bit - 1) % 8);
                }
                for payload in [None, Some(&b"{}"[..]), Some(b"{ }"), Some(b"{\"a\":1}")] {
                    count += 1;
                    assert!(seen.insert(fingerprint(&Content { code: &code, payload })));
                }
            }
        }
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn a_block_of_the_rules_becomes_rows_with_codes_and_payloads() {
        let schema = Schema::new("test", 2, Distance::Dot, Encoding::F32).unwrap();
        let cell = CellId { founding: HashRef([5; 39]), index: 3 };
        let mut builder = BlockBuilder::new(&schema, Some(cell));
        let ids = [PointId::Int(1), PointId::text("two").unwrap(), PointId::Int(3)];
        let codes = [[1.0f32, 2.0], [3.0, 4.0]].map(|row| row.map(f32::to_le_bytes).concat());
        builder.push(&ids[0], 10, &codes[0], b"{\"a\":1}").unwrap();
        builder.push(&ids[1], 20, &codes[1], b"").unwrap();
        builder.push_tombstone(&ids[2], 30).unwrap();
        let bytes = builder.finish().unwrap();
        let view = BlockView::parse(&bytes).unwrap();
        let meta = view.meta().unwrap();
        let block = IncomingBlock::new((HashRef([1; 39]), 99), HashRef([2; 39]), false, &view, &meta);
        assert_eq!((block.action, block.action_micros), (HashRef([1; 39]), 99));
        assert_eq!((block.author, block.cell, block.confirmed), (HashRef([2; 39]), Some(cell), false));
        for (row, (id, time)) in ids.iter().zip([10, 20, 30]).enumerate() {
            let found = block.rows.iter().find(|found| found.id == id).unwrap();
            assert_eq!(found.written_at_micros, time);
            let content = found.content.map(|content| (content.code, content.payload));
            let expected =
                [Some((codes[0].as_slice(), Some(&b"{\"a\":1}"[..]))), Some((&codes[1], None)), None];
            assert_eq!(content, expected[row]);
        }
        assert!(block.rows[2].content.is_none(), "tombstones follow");
    }

    /// Two nodes must agree, so the function may not change with the program.
    #[test]
    fn a_fingerprint_is_the_same_for_ever() {
        let content = Content { code: b"0123456789", payload: Some(b"{\"a\":1}") };
        assert_eq!(fingerprint(&content), 5_529_132_124_289_175_556);
    }
}
