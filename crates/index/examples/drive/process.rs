//! Memory of this process, as Linux tells it.

use crate::Result;

/// Bytes of memory.
pub struct Memory {
    /// What the program allocated and touched.
    pub anonymous: u64,
    /// Pages of mapped files.
    pub file: u64,
    /// The most of both together that there was.
    pub peak: u64,
}

impl Memory {
    /// What it is now, without what the allocator holds and nobody uses. Elsewhere than on Linux an error.
    pub fn now() -> Result<Self> {
        trim();
        let status = std::fs::read_to_string("/proc/self/status")?;
        let bytes = |name: &str| -> Result<u64> {
            let line = status.lines().find(|line| line.starts_with(name));
            let line = line.ok_or_else(|| format!("/proc/self/status has no {name}"))?;
            let kilobytes =
                line.split_whitespace().nth(1).ok_or_else(|| format!("{name} without a number"))?;
            Ok(kilobytes.parse::<u64>()? * 1024)
        };
        Ok(Self { anonymous: bytes("RssAnon:")?, file: bytes("RssFile:")?, peak: bytes("VmHWM:")? })
    }
}

/// Gives back to the system what was freed, as the other workers do.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    unsafe extern "C" {
        fn malloc_trim(keep: usize) -> i32;
    }
    // SAFETY: glibc has this function, of this signature; it takes the allocator's own locks and touches free memory
    // alone.
    unsafe { malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}
