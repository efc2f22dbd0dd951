//! Properties: what is written is what is read, and nothing else is accepted.

use crate::{harness, make};
use proptest::prelude::*;
use rose_forest_rules::block::{BlockView, check_block};

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_block_reads_back_what_was_put_in(parts in make::blocks()) {
        let bytes = parts.build();
        let block = BlockView::parse(&bytes).unwrap();
        let meta = block.meta().unwrap();
        let rows = parts.sorted();
        prop_assert_eq!(block.encoding(), parts.schema.encoding);
        prop_assert_eq!(block.dimension(), parts.schema.dimension());
        prop_assert_eq!(block.cell(), parts.cell);
        prop_assert_eq!(block.replaces().collect::<Vec<_>>(), parts.replaces.clone());
        prop_assert_eq!(block.live_rows() + block.tombstones(), rows.len());
        prop_assert_eq!(Some(block.newest_micros()), rows.iter().map(|r| r.written_at_micros).max());
        for (number, row) in rows.iter().enumerate() {
            let read = &meta.rows()[number];
            prop_assert_eq!(&read.id, &row.id);
            prop_assert_eq!(read.id_hash(), row.id.hash64());
            prop_assert_eq!(read.written_at_micros, row.written_at_micros);
            prop_assert_eq!(read.is_tombstone(), row.live.is_none());
            let live = row.live.as_ref();
            prop_assert_eq!(block.code(number), live.map(|(code, _)| code.as_slice()));
            let payload = live.map(|(_, payload)| payload.as_slice()).filter(|p| !p.is_empty());
            prop_assert_eq!(meta.payload(number), payload);
            prop_assert!(block.rows_with_hash(row.id.hash64()).any(|r| r == number));
        }
        prop_assert_eq!(parts.build(), bytes, "the same rows give the same bytes");
    }

    #[test]
    fn a_block_that_the_builder_makes_is_accepted(parts in make::blocks()) {
        prop_assert_eq!(check_block(&parts.build(), &parts.schema, make::NOW), Ok(()));
    }

    #[test]
    fn a_block_that_is_cut_short_is_refused(parts in make::blocks(), cut in any::<prop::sample::Index>()) {
        let bytes = parts.build();
        let cut = &bytes[..cut.index(bytes.len())];
        harness::block(cut);
        prop_assert!(BlockView::parse(cut).is_err());
    }

    #[test]
    fn a_block_with_a_wrong_byte_never_panics(
        parts in make::blocks(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = parts.build();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        harness::block(&bytes);
    }
}
