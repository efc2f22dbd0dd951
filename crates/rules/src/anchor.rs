//! The bases that links hang on. An anchor is 32 bytes that anyone can compute: nothing is stored under it, so
//! a validator compares bytes and looks nothing up.

/// Bytes of the hash part of a base.
pub const ANCHOR_BYTES: usize = 32;

/// What hangs on the anchors of the collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The epochs in which authors have fresh blocks.
    Fresh,
    /// The Centroid entries of level 0.
    Routing,
    /// Each author's newest shares.
    Shares,
    /// The nodes that announced themselves.
    Nodes,
}

impl Anchor {
    /// The 32 bytes of this anchor: its name, filled up with zeros.
    pub fn bytes(self) -> [u8; ANCHOR_BYTES] {
        let name: &[u8] = match self {
            Self::Fresh => b"rose-forest/fresh",
            Self::Routing => b"rose-forest/routing",
            Self::Shares => b"rose-forest/shares",
            Self::Nodes => b"rose-forest/nodes",
        };
        let mut bytes = [0; ANCHOR_BYTES];
        for (to, from) in bytes.iter_mut().zip(name) {
            *to = *from;
        }
        bytes
    }
}

/// The base of an author's fresh blocks in one epoch: the first 28 bytes of the author's public key and the
/// epoch, little-endian. To share a base, two authors would have to share 224 bits of their keys.
pub fn epoch_base(author_key: &[u8; ANCHOR_BYTES], epoch: u32) -> [u8; ANCHOR_BYTES] {
    let mut bytes = *author_key;
    for (to, from) in bytes.iter_mut().skip(ANCHOR_BYTES - 4).zip(epoch.to_le_bytes()) {
        *to = from;
    }
    bytes
}
