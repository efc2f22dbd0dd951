//! Memory from the system: zeros until written, in large pages where the system has them.

use memmap2::{MmapMut, MmapRaw};
use std::{
    io,
    ops::{Deref, DerefMut},
    sync::atomic::AtomicU32,
};

/// A large page of x86-64, and of aarch64 with small pages of 4 kB.
const LARGE_PAGE_BYTES: usize = 2 << 20;

/// Bytes.
#[derive(Debug)]
pub(crate) struct Bytes(MmapMut);

impl Bytes {
    /// Zeros. With `begins_small`, the first 2 MB are in small pages, so that a few rows do not take a large one.
    pub(crate) fn zeroed(bytes: usize, begins_small: bool) -> io::Result<Self> {
        let map = MmapMut::map_anon(bytes.max(1).next_multiple_of(LARGE_PAGE_BYTES))?;
        #[cfg(target_os = "linux")]
        {
            let from = if begins_small { LARGE_PAGE_BYTES } else { 0 };
            if map.len() > from {
                // A wish: a system without large pages goes on with small ones.
                let _ = map.advise_range(memmap2::Advice::HugePage, from, map.len() - from);
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = begins_small;
        Ok(Self(map))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Bytes {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Numbers that several threads read and write.
#[derive(Debug)]
pub(crate) struct Words {
    map: MmapRaw,
    len: usize,
}

impl Words {
    /// So many zeros; `begins_small` as for [`Bytes::zeroed`].
    pub(crate) fn zeroed(len: usize, begins_small: bool) -> io::Result<Self> {
        let map = Bytes::zeroed(len * size_of::<AtomicU32>(), begins_small)?.0;
        Ok(Self { map: map.into(), len })
    }
}

impl Deref for Words {
    type Target = [AtomicU32];

    #[inline(always)]
    fn deref(&self) -> &[AtomicU32] {
        // SAFETY: the mapping is at least `len` numbers long, starts at a page, is zeroed and so initialised, lives as
        // long as `self`, and is never seen as anything but atomics: `MmapRaw` gives out no references.
        unsafe { std::slice::from_raw_parts(self.map.as_mut_ptr().cast_const().cast(), self.len) }
    }
}
