//! A place in the events, as clients keep it.

use std::{fmt, str::FromStr};

/// Where an event stands. As text it is `number-opening`, the latter in sixteen hexadecimal digits.
///
/// A crash may take back the last events, and their numbers are then given to others: so a cursor says, too, in which opening
/// of the file its event was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventCursor {
    /// Its number, from 1 on; 0 before the first.
    pub number: u64,
    /// What was drawn when the file was opened; 0 before the first event.
    pub opening: u64,
}

/// Why a text is no cursor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a cursor such as `42-00000000deadbeef`, received `{received}`")]
pub struct CursorError {
    /// The beginning of it.
    pub received: String,
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.number, self.opening)
    }
}

/// Characters of an opening.
const OPENING_CHARS: usize = 16;
/// Characters of a wrong cursor that are said again.
const SAID_CHARS: usize = 40;

impl FromStr for EventCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let wrong = || CursorError { received: text.chars().take(SAID_CHARS).collect() };
        let (number, opening) = text.split_once('-').ok_or_else(wrong)?;
        // Parsing takes a sign, too.
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit())
            && opening.len() == OPENING_CHARS
            && opening.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_plain {
            return Err(wrong());
        }
        let number = number.parse().map_err(|_| wrong())?;
        Ok(Self { number, opening: u64::from_str_radix(opening, 16).map_err(|_| wrong())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cursors_come_back_from_their_text(number: u64, opening: u64) {
            let cursor = EventCursor { number, opening };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in [
            "",
            "7",
            "7-",
            "-0000000000000000",
            "+7-0000000000000000",
            "7-000000000000000",
            "7-+000000000000000",
        ] {
            let refused = text.parse::<EventCursor>().unwrap_err();
            assert_eq!(refused.received, text);
        }
        assert!("18446744073709551616-0000000000000000".parse::<EventCursor>().is_err());
        assert_eq!("é".repeat(99).parse::<EventCursor>().unwrap_err().received.chars().count(), 40);
    }
}
