//! A cursor over bytes from others: every read is checked.

use crate::Violation;

pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `n` bytes, or a violation that names `what` they should have been.
    pub(crate) fn take(&mut self, n: usize, what: &'static str) -> Result<&'a [u8], Violation> {
        let (head, tail) = self.rest.split_at_checked(n).ok_or(Violation::Truncated {
            what,
            expected: n,
            received: self.rest.len(),
        })?;
        self.rest = tail;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Violation> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or(Violation::Truncated {
            what,
            expected: N,
            received: self.rest.len(),
        })?;
        self.rest = tail;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Violation> {
        self.array::<1>(what).map(|[b]| b)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, Violation> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Violation> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(crate) fn i64(&mut self, what: &'static str) -> Result<i64, Violation> {
        self.array(what).map(i64::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, Violation> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(crate) fn hash(&mut self, what: &'static str) -> Result<crate::reference::HashRef, Violation> {
        self.array(what).map(crate::reference::HashRef)
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Nothing may follow what has been read.
    pub(crate) fn end(&self) -> Result<(), Violation> {
        match self.rest.len() {
            0 => Ok(()),
            received => Err(Violation::TrailingBytes { received }),
        }
    }
}
