//! Whether a payload is a JSON object that every reader can take in.
//!
//! A scanner of its own and not a library's: the verdict belongs to the rules, and may not change with the
//! version or the features of a parser. It follows RFC 8259 and refuses, beside what that refuses, what common
//! readers choke on: nesting deeper than [`limits::MAX_PAYLOAD_DEPTH`], numbers beyond 1e308, half of a
//! surrogate pair. Repeated keys are left to the reader.

use crate::limits;

/// The largest magnitude of a number: a little less than the largest double, where parsers round alike.
const MAX_NUMBER: f64 = 1e308;

/// Checks one object, with white space around it. The error says what is wrong and at which byte.
/// Cost: one pass, no allocation.
pub(crate) fn check_object(payload: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(payload).map_err(|e| e.to_string())?;
    let mut scanner = Scanner { rest: text.as_bytes() };
    scanner.document().map_err(|what| format!("{what} at byte {}", payload.len() - scanner.rest.len()))
}

struct Scanner<'a> {
    rest: &'a [u8],
}

type Scan = Result<(), &'static str>;

impl Scanner<'_> {
    fn document(&mut self) -> Scan {
        match self.after_space() {
            Some(b'{') => self.value(0)?,
            _ => return Err("expected `{`"),
        }
        match self.after_space() {
            None => Ok(()),
            Some(_) => Err("expected the end"),
        }
    }

    /// Any value, `depth` levels down.
    fn value(&mut self, depth: usize) -> Scan {
        match self.after_space() {
            Some(b'{') => self.items(depth, b'}', |scanner| {
                if scanner.after_space() != Some(b'"') {
                    return Err("expected a key");
                }
                scanner.skip(1);
                scanner.string()?;
                match scanner.after_space() {
                    Some(b':') => scanner.skip(1),
                    _ => return Err("expected `:`"),
                }
                scanner.value(depth + 1)
            }),
            Some(b'[') => self.items(depth, b']', |scanner| scanner.value(depth + 1)),
            Some(b'"') => {
                self.skip(1);
                self.string()
            }
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err("expected a value"),
            None => Err("expected a value, found the end"),
        }
    }

    /// The items of an object or an array, commas between them, up to `close`.
    fn items(&mut self, depth: usize, close: u8, item: impl Fn(&mut Self) -> Scan) -> Scan {
        if depth >= limits::MAX_PAYLOAD_DEPTH {
            return Err("nested too deep");
        }
        self.skip(1);
        if self.after_space() == Some(close) {
            self.skip(1);
            return Ok(());
        }
        loop {
            item(self)?;
            match self.after_space() {
                Some(b',') => self.skip(1),
                Some(byte) if byte == close => {
                    self.skip(1);
                    return Ok(());
                }
                _ => return Err("expected `,` or the end of an object or array"),
            }
        }
    }

    /// A string behind its opening quote.
    fn string(&mut self) -> Scan {
        loop {
            let plain = self.rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f));
            self.skip(plain.ok_or("expected the end of a string")?);
            match self.next() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.escape()?,
                _ => return Err("control character in a string"),
            }
        }
    }

    fn escape(&mut self) -> Scan {
        match self.next() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => match self.hex()? {
                0xd800..=0xdbff => {
                    self.word(b"\\u")?;
                    match self.hex()? {
                        0xdc00..=0xdfff => Ok(()),
                        _ => Err("half of a surrogate pair"),
                    }
                }
                0xdc00..=0xdfff => Err("half of a surrogate pair"),
                _ => Ok(()),
            },
            _ => Err("unknown escape"),
        }
    }

    fn hex(&mut self) -> Result<u32, &'static str> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.next().and_then(|b| char::from(b).to_digit(16));
            code = code * 16 + digit.ok_or("expected four hexadecimal digits")?;
        }
        Ok(code)
    }

    fn number(&mut self) -> Scan {
        let start = self.rest;
        if self.rest.first() == Some(&b'-') {
            self.skip(1);
        }
        match (self.rest.first(), self.digits()) {
            (_, 0) => return Err("expected a digit"),
            (Some(b'0'), 2..) => return Err("a number begins with 0"),
            (_, whole) => {
                let mut large = whole > 300;
                if self.rest.first() == Some(&b'.') {
                    self.skip(1);
                    if self.digits() == 0 {
                        return Err("expected a digit");
                    }
                }
                if let Some(b'e' | b'E') = self.rest.first() {
                    self.skip(1);
                    if let Some(b'+' | b'-') = self.rest.first() {
                        self.skip(1);
                    }
                    if self.digits() == 0 {
                        return Err("expected a digit");
                    }
                    large = true;
                }
                if !large {
                    return Ok(());
                }
            }
        }
        let text = start.get(..start.len() - self.rest.len()).and_then(|t| std::str::from_utf8(t).ok());
        match text.and_then(|text| text.parse::<f64>().ok()) {
            Some(number) if number.abs() <= MAX_NUMBER => Ok(()),
            _ => Err("number out of range"),
        }
    }

    /// Skips digits and counts them.
    fn digits(&mut self) -> usize {
        let count = self.rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(self.rest.len());
        self.skip(count);
        count
    }

    fn word(&mut self, word: &[u8]) -> Scan {
        self.rest = self.rest.strip_prefix(word).ok_or("unknown word")?;
        Ok(())
    }

    /// The next byte that is not white space; it is not taken.
    fn after_space(&mut self) -> Option<u8> {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }
}
