//! Medians and the like.

use std::time::{Duration, Instant};

/// Times of the same thing done several times.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<f64>);

impl Times {
    /// Adds one.
    pub fn push(&mut self, time: Duration) {
        self.0.push(ms(time));
    }

    /// Adds the time since `start`.
    pub fn since(&mut self, start: Instant) {
        self.push(start.elapsed());
    }

    /// Adds others.
    pub fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The time in milliseconds that a share of them stay within: 0.5 for the median. 0 when there are none.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        sorted.get((last as f64 * share).round() as usize).copied().unwrap_or(0.0)
    }

    /// The median, in milliseconds.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// How many took longer than so many milliseconds.
    pub fn over(&self, limit_ms: f64) -> usize {
        self.0.iter().filter(|time| **time > limit_ms).count()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// "median (p99)", in milliseconds.
    pub fn shown(&self) -> String {
        format!("{} ms (p99 {} ms)", short(self.median()), short(self.quantile(0.99)))
    }
}

/// Seconds of processor time that this process has used, on all cores; 0 where the system does not say.
pub fn processor_seconds() -> f64 {
    // Ticks of a hundredth of a second, fourteenth and fifteenth; the name before them ends with a bracket.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A number with about three digits.
pub fn short(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => grouped(number.round() as i64),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

/// A whole number with commas.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_ninety_ninth_stand_where_they_should() {
        let mut times = Times::default();
        for n in 0..=100u64 {
            times.push(Duration::from_millis(n));
        }
        assert_eq!(times.median(), 50.0);
        assert_eq!(times.quantile(0.99), 99.0);
        assert_eq!(times.over(98.5), 2);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(-100), "-100");
        assert_eq!(short(0.9512), "0.951");
    }
}
