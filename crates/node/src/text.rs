//! Small helpers for what people read.

/// The last eight characters of a hash: the first ones are the same for all hashes of a kind.
pub fn short(hash: &str) -> String {
    let skip = hash.chars().count().saturating_sub(8);
    hash.chars().skip(skip).collect()
}

/// At most `max` characters, with an ellipsis where something was left out.
pub fn clip(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

/// Text from others, without characters that could take over a terminal.
pub fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The current time in microseconds since 1970.
pub fn now_micros() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_told_by_its_end() {
        assert_eq!(short("uhC0kABCDEFGHIJ"), "CDEFGHIJ");
        assert_eq!(short("abc"), "abc");
    }

    #[test]
    fn a_terminal_sees_no_control_characters() {
        assert_eq!(harmless("a\u{1b}[2Jb\n"), "a [2Jb ");
        assert_eq!(clip("äöü", 2), "ä…");
    }
}
