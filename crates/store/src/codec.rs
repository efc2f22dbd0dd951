//! Bytes in tables: written by pushing, read by a cursor that never trusts them.
//!
//! Numbers in values are little-endian; in keys they are big-endian, so that their bytes are in their order.

use crate::StoreError;

/// Reads a value, part by part.
pub(crate) struct Bytes<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Bytes<'a> {
    /// Begins to read a value that must open with the byte of this version. `what` names it in errors.
    pub(crate) fn versioned(bytes: &'a [u8], what: &'static str, version: u8) -> Result<Self, StoreError> {
        let mut bytes = Self::plain(bytes, what);
        match bytes.u8()? {
            received if received == version => Ok(bytes),
            received => {
                Err(StoreError::damaged(what, format!("value of version {received}, expected {version}")))
            }
        }
    }

    /// Begins to read something without a version, a key for instance.
    pub(crate) fn plain(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    /// The next bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], StoreError> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.short(count))?;
        self.rest = rest;
        Ok(head)
    }

    /// An array.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.short(N))?;
        self.rest = rest;
        Ok(*head)
    }

    fn short(&self, expected: usize) -> StoreError {
        StoreError::damaged(
            self.what,
            format!("expected {expected} more bytes, received {}", self.rest.len()),
        )
    }

    /// A byte.
    pub(crate) fn u8(&mut self) -> Result<u8, StoreError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes.
    pub(crate) fn u16(&mut self) -> Result<u16, StoreError> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes.
    pub(crate) fn u32(&mut self) -> Result<u32, StoreError> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    pub(crate) fn u64(&mut self) -> Result<u64, StoreError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Eight bytes with a sign.
    pub(crate) fn i64(&mut self) -> Result<i64, StoreError> {
        self.array().map(i64::from_le_bytes)
    }

    /// All that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Whether all has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<(), StoreError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(StoreError::damaged(self.what, format!("{left} bytes too many"))),
        }
    }
}

/// Writes a string into a key so that it ends before whatever follows, in the order of strings: a zero byte becomes
/// `00 ff`, and two zero bytes are the end.
pub(crate) fn push_terminated(key: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        key.push(*byte);
        if *byte == 0 {
            key.push(0xff);
        }
    }
    key.extend_from_slice(&[0, 0]);
}

/// Reads what [`push_terminated`] wrote.
pub(crate) fn read_terminated(bytes: &mut Bytes<'_>) -> Result<Vec<u8>, StoreError> {
    let mut text = Vec::new();
    loop {
        match bytes.u8()? {
            0 => match bytes.u8()? {
                0 => return Ok(text),
                0xff => text.push(0),
                _ => return Err(StoreError::damaged(bytes.what, "a zero byte inside a string")),
            },
            byte => text.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn terminated_strings_come_back_and_keep_their_order(a: Vec<u8>, b: Vec<u8>) {
            let key = |text: &[u8]| {
                let mut key = Vec::new();
                push_terminated(&mut key, text);
                key
            };
            let (mut first, second) = (key(&a), key(&b));
            prop_assert_eq!(first.cmp(&second), a.cmp(&b));
            first.extend_from_slice(&second);
            let mut bytes = Bytes::plain(&first, "test");
            prop_assert_eq!(read_terminated(&mut bytes).unwrap(), a);
            prop_assert_eq!(read_terminated(&mut bytes).unwrap(), b);
            prop_assert!(bytes.is_empty());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let mut reader = Bytes::plain(&bytes, "test");
            while read_terminated(&mut reader).is_ok() {}
            let _ = (reader.u64(), reader.u16(), reader.end());
        }
    }

    #[test]
    fn a_value_of_another_version_is_refused() {
        assert!(Bytes::versioned(&[2, 0], "test", 1).is_err());
        assert!(Bytes::versioned(&[], "test", 1).is_err());
        assert!(Bytes::versioned(&[1], "test", 1).unwrap().end().is_ok());
    }
}
