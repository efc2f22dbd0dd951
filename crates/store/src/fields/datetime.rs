//! Times in payloads and filters: RFC 3339, and the shorter forms that Qdrant takes, without a time of day or a zone.

/// Reads a time as microseconds since 1970. `2026-11-21T16:30:00.5+01:00`, `2026-11-21 16:30`, `2026-11-21`; without a
/// zone it is UTC. Digits beyond microseconds are dropped. Cost: linear in the text, no allocation.
pub(crate) fn parse_micros(text: &str) -> Option<i64> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    literal(&mut rest, b"-")?;
    let month = digits(&mut rest, 2)?;
    literal(&mut rest, b"-")?;
    let day = digits(&mut rest, 2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let mut seconds = days_since_1970(year, month, day) * 86_400;
    let mut micros = 0;
    if !rest.is_empty() {
        literal(&mut rest, b"Tt ")?;
        let hour = digits(&mut rest, 2)?;
        literal(&mut rest, b":")?;
        let minute = digits(&mut rest, 2)?;
        // A minute may have a leap second, which counts as the next one's first.
        let second = if literal(&mut rest, b":").is_some() { digits(&mut rest, 2)? } else { 0 };
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        seconds += hour * 3_600 + minute * 60 + second;
        if literal(&mut rest, b".").is_some() {
            micros = fraction(&mut rest)?;
        }
        seconds -= zone_seconds(rest)?;
    }
    seconds.checked_mul(1_000_000)?.checked_add(micros)
}

fn literal(rest: &mut &[u8], any_of: &[u8]) -> Option<u8> {
    let (first, tail) = rest.split_first()?;
    any_of.contains(first).then(|| {
        *rest = tail;
        *first
    })
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    head.iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (head, tail) = rest.split_at_checked(count).filter(|(head, _)| !head.is_empty())?;
    *rest = tail;
    Some((0..6).fold(0, |micros, at| micros * 10 + head.get(at).map_or(0, |byte| i64::from(byte - b'0'))))
}

/// How far a zone is ahead of UTC: `Z`, `+01:00`, `+0100`, `+01`, or nothing.
fn zone_seconds(mut rest: &[u8]) -> Option<i64> {
    if rest.is_empty() || matches!(rest, b"Z" | b"z") {
        return Some(0);
    }
    let sign = if literal(&mut rest, b"+-")? == b'-' { -1 } else { 1 };
    let hours = digits(&mut rest, 2)?;
    let _colon = literal(&mut rest, b":");
    let minutes = if rest.is_empty() { 0 } else { digits(&mut rest, 2)? };
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar, with years that begin in March (Hinnant, "chrono-compatible low-level date
/// algorithms", 2013). The year is not negative.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times_are_read() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01", 0),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2001-09-09T01:46:40Z", 1_000_000_000_000_000),
            ("2001-09-09 01:46:40.5", 1_000_000_000_500_000),
            ("2001-09-09t03:46:40.123456789+02:00", 1_000_000_000_123_456),
            ("2001-09-08T20:16:40-0530", 1_000_000_000_000_000),
            ("2001-09-09T02:46+01", 999_999_960_000_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ] {
            assert_eq!(parse_micros(text), Some(micros), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2001",
            "2001-13-01",
            "2001-02-29",
            "2001-00-10",
            "2001-01-01T",
            "2001-01-01T24:00:00Z",
            "x",
            "2001-01-01T01",
            "2001-01-01T01:60",
            "2001-01-01T01:01:61Z",
            "2001-01-01T01:01:01.Z",
            "2001-01-01T01:01:01+1",
            "2001-01-01T01:01:01Zz",
            "2001-1-01",
            "+001-01-01",
            "2001-01-01T01:01:01+25:00",
        ] {
            assert_eq!(parse_micros(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = days_since_1970(0, 1, 1);
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    assert_eq!(days_since_1970(year, month, day), expected);
                    expected += 1;
                }
            }
        }
        assert_eq!(days_since_1970(1970, 1, 1), 0);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9TZ:.+-]{0,40}|\\PC*") {
            let _ = parse_micros(&text);
        }
    }
}
