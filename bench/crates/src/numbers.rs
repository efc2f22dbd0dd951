//! Numbers of times, and what Linux says of this process.

use anyhow::{Context, Result};
use std::{fs, path::Path, time::Duration};

/// Ticks of a second in `/proc/self/stat`, on every Linux.
const TICKS: f64 = 100.0;

/// The value in the middle. 0 of none.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// CPU time of all threads of this process so far.
pub fn cpu_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, after_name) = stat.rsplit_once(')').context("/proc/self/stat without a name")?;
    let mut numbers = after_name.split_whitespace().skip(11);
    let mut ticks = || -> Result<f64> { Ok(numbers.next().context("too few numbers")?.parse()?) };
    Ok(Duration::from_secs_f64((ticks()? + ticks()?) / TICKS))
}

/// Bytes of memory that this process allocated and touched, without mapped files and without what the allocator has and
/// nobody uses.
pub fn anonymous_bytes() -> Result<i64> {
    trim();
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).context("no RssAnon")?;
    let kilobytes = line.split_whitespace().next().context("RssAnon without a number")?;
    Ok(kilobytes.parse::<i64>()? * 1024)
}

/// The load averages of the last one and five minutes.
pub fn load() -> Result<String> {
    let load = fs::read_to_string("/proc/loadavg")?;
    Ok(load.split_whitespace().take(2).collect::<Vec<_>>().join(" and "))
}

/// Bytes on disk of the files in a folder.
pub fn disk_bytes(folder: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for file in fs::read_dir(folder)? {
        bytes += file?.metadata()?.blocks() * 512;
    }
    Ok(bytes)
}

/// Gives back to the system what was freed.
#[cfg(target_env = "gnu")]
fn trim() {
    unsafe extern "C" {
        fn malloc_trim(keep: usize) -> i32;
    }
    // SAFETY: glibc has this function, of this signature; it takes the allocator's own locks and touches free memory alone.
    unsafe { malloc_trim(0) };
}

#[cfg(not(target_env = "gnu"))]
fn trim() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_however_they_come() {
        assert_eq!(median(&mut [9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&mut []), 0.0);
    }

    #[test]
    fn memory_that_is_touched_is_counted() {
        let before = anonymous_bytes().unwrap();
        let block = vec![1u8; 64 << 20];
        let after = anonymous_bytes().unwrap();
        assert!(after - before > 60 << 20, "{before} and {after} with {} more", block.len());
    }
}
