//! `multipart/form-data` (RFC 7578, RFC 2046), as far as an upload of one file needs it: finds the field that is wanted and
//! hands on its bytes as they come, with no more of them in memory than came at once.
//!
//! Our own and not axum's, because axum's would be another feature of a crate that the conductor is built with.

/// Bytes that the headers of one field may have.
const MAX_HEADER_BYTES: usize = 16 << 10;
/// Characters that a boundary may have (RFC 2046).
const MAX_BOUNDARY: usize = 70;
/// Spaces that may stand between a boundary and the end of its line.
const MAX_PADDING: usize = 64;

/// Why an upload cannot be taken apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// The request's type is another.
    #[error(
        "expected content-type: multipart/form-data with a boundary of 1 to 70 characters, received {received:?}"
    )]
    ContentType {
        /// The type that was received.
        received: String,
    },
    /// After a boundary comes something else.
    #[error("expected the end of the line or of the form after a boundary, received something else")]
    Boundary,
    /// The headers of a field do not end.
    #[error("expected at most {max} bytes of headers of a field, received more")]
    Headers {
        /// Bytes that they may have.
        max: usize,
    },
    /// The form ends before its end.
    #[error("expected the last boundary of the form, received its end before")]
    CutOff,
    /// The form does not have the field exactly once.
    #[error("expected one field {expected:?} in the form, received {received}")]
    Fields {
        /// Its name.
        expected: &'static str,
        /// How many there are.
        received: usize,
    },
}

/// Where in a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the first boundary, or in a field that is not wanted.
    Other,
    /// In the field that is wanted.
    Wanted,
    /// Behind a boundary.
    Boundary,
    /// In the headers of a field, whose first line begins with the end of the line before.
    Headers,
    /// Behind the last boundary.
    End,
}

/// Takes a form apart.
pub(crate) struct Multipart {
    field: &'static str,
    delimiter: Vec<u8>,
    /// What came and cannot be told yet: less than a delimiter, or headers.
    buffer: Vec<u8>,
    at: At,
    found: usize,
}

/// The boundary that a content type names.
///
/// # Errors
/// [`MultipartError::ContentType`].
pub(crate) fn boundary(content_type: &str) -> Result<&str, MultipartError> {
    let refused = || MultipartError::ContentType { received: content_type.to_owned() };
    let (kind, parameters) = content_type.split_once(';').ok_or_else(refused)?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return Err(refused());
    }
    let boundary = parameter(parameters, "boundary").ok_or_else(refused)?;
    let is_right = (1..=MAX_BOUNDARY).contains(&boundary.len())
        && boundary.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"')
        && !boundary.ends_with(' ');
    if is_right { Ok(boundary) } else { Err(refused()) }
}

/// A parameter of a header, with or without quotes. Quoted values with escapes are not what any client sends as a name or
/// boundary, and are cut at the first quote.
fn parameter<'h>(parameters: &'h str, name: &str) -> Option<&'h str> {
    let mut rest = parameters;
    loop {
        let (key, after) = rest.trim_start_matches([' ', '\t', ';']).split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => {
                let (value, next) = after.split_once(';').unwrap_or((after, ""));
                (value.trim_end(), next)
            }
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = next;
    }
}

impl Multipart {
    /// A form with this boundary, of which the field of this name is wanted.
    pub(crate) fn new(boundary: &str, field: &'static str) -> Self {
        // The first boundary may stand at the very beginning, as if a line ended before it.
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        Self { field, delimiter, buffer: b"\r\n".to_vec(), at: At::Other, found: 0 }
    }

    /// Takes in the next bytes of the form, and appends those of the field to `out`.
    ///
    /// # Errors
    /// What is wrong with the form.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), MultipartError> {
        self.buffer.extend_from_slice(bytes);
        let mut done = 0;
        while let Some(used) = self.step(done, out)? {
            done += used;
        }
        self.buffer.drain(..done.min(self.buffer.len()));
        Ok(())
    }

    /// One step behind the first `done` bytes of the buffer: how many more are done with, or nothing if more have to come.
    fn step(&mut self, done: usize, out: &mut Vec<u8>) -> Result<Option<usize>, MultipartError> {
        let rest = self.buffer.get(done..).unwrap_or_default();
        match self.at {
            At::Other | At::Wanted => {
                let (content, used, next) = match find(rest, &self.delimiter) {
                    Some(place) => (place, place + self.delimiter.len(), At::Boundary),
                    None => {
                        // All but what may be the beginning of a delimiter.
                        let told = rest.len().saturating_sub(self.delimiter.len() - 1);
                        (told, told, self.at)
                    }
                };
                if self.at == At::Wanted {
                    out.extend_from_slice(rest.get(..content).unwrap_or_default());
                }
                self.at = next;
                Ok(Some(used).filter(|used| *used > 0))
            }
            At::Boundary => {
                if rest.len() < 2 {
                    return Ok(None);
                }
                if rest.starts_with(b"--") {
                    self.at = At::End;
                    return Ok(Some(2));
                }
                let spaces = rest.iter().take_while(|byte| b" \t".contains(byte)).count();
                let line = rest.get(spaces..).unwrap_or_default();
                if line.starts_with(b"\r\n") && spaces <= MAX_PADDING {
                    self.at = At::Headers;
                    return Ok(Some(spaces));
                }
                if (line.is_empty() || line == b"\r") && spaces <= MAX_PADDING {
                    return Ok(None);
                }
                Err(MultipartError::Boundary)
            }
            At::Headers => {
                let end = find(rest, b"\r\n\r\n");
                if end.unwrap_or(rest.len()) > MAX_HEADER_BYTES {
                    return Err(MultipartError::Headers { max: MAX_HEADER_BYTES });
                }
                let Some(end) = end else { return Ok(None) };
                let is_wanted = is_of_field(rest.get(..end).unwrap_or_default(), self.field);
                self.at = if is_wanted { At::Wanted } else { At::Other };
                self.found += usize::from(is_wanted);
                if self.found > 1 {
                    return Err(MultipartError::Fields { expected: self.field, received: self.found });
                }
                Ok(Some(end + 4))
            }
            At::End => Ok(Some(rest.len()).filter(|used| *used > 0)),
        }
    }

    /// Ends the form.
    ///
    /// # Errors
    /// [`MultipartError::CutOff`] and [`MultipartError::Fields`].
    pub(crate) fn finish(self) -> Result<(), MultipartError> {
        if self.at != At::End {
            return Err(MultipartError::CutOff);
        }
        if self.found != 1 {
            return Err(MultipartError::Fields { expected: self.field, received: self.found });
        }
        Ok(())
    }
}

/// Whether these headers belong to a field of this name.
fn is_of_field(headers: &[u8], field: &str) -> bool {
    // File names may be in any encoding.
    String::from_utf8_lossy(headers).lines().any(|line| {
        let Some((header, value)) = line.split_once(':') else { return false };
        let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
        header.trim().eq_ignore_ascii_case("content-disposition")
            && kind.trim().eq_ignore_ascii_case("form-data")
            && parameter(parameters, "name") == Some(field)
    })
}

/// Where `wanted` is first.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    let mut start = 0;
    loop {
        let rest = bytes.get(start..)?;
        start += rest.iter().position(|byte| byte == first)?;
        if bytes.get(start..)?.starts_with(wanted) {
            return Some(start);
        }
        start += 1;
    }
}

#[cfg(test)]
mod tests;
