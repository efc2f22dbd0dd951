//! More memory for the conductor's databases.
//!
//! The conductor keeps everything in encrypted SQLite files, and every page that is not in a connection's page cache is
//! read, authenticated and decrypted anew. SQLite's default of 2 MB for each connection holds a few blocks, so that
//! nearly every search pays for all of its pages again. Holochain 0.7.1 has no setting for it; SQLite lets a program
//! put its own page cache in the place of the built-in one, and this one is the built-in one with more room.

use anyhow::{Result, ensure};
use libsqlite3_sys::{
    SQLITE_CONFIG_GETPCACHE2, SQLITE_CONFIG_PCACHE2, SQLITE_OK, sqlite3_config, sqlite3_pcache,
    sqlite3_pcache_methods2,
};
use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// Pages of 4 KiB that each connection may keep: 32 MB. A collection has up to nine connections, and memory is taken
/// only for pages that were read.
const PAGES: c_int = 8_192;

type SetSize = unsafe extern "C" fn(*mut sqlite3_pcache, c_int);

/// The built-in function that sets how many pages a cache may keep.
static BUILT_IN: OnceLock<SetSize> = OnceLock::new();

/// Lets every connection that is opened from now on keep more pages. Called once, before any database is opened.
///
/// # Errors
/// If a database was opened before.
pub fn enlarge() -> Result<()> {
    if BUILT_IN.get().is_some() {
        return Ok(());
    }
    let mut methods = MaybeUninit::<sqlite3_pcache_methods2>::zeroed();
    // SAFETY: SQLite writes the struct that it is given. A zeroed one is valid: its fields are numbers, pointers and
    // optional functions.
    let (code, mut methods) =
        unsafe { (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, methods.as_mut_ptr()), methods.assume_init()) };
    ensure!(code == SQLITE_OK, "SQLite does not say what its page cache is: error {code}");
    let Some(built_in) = methods.xCachesize else { return Ok(()) };
    BUILT_IN.get_or_init(|| built_in);
    methods.xCachesize = Some(set_size);
    // SAFETY: SQLite copies the struct, all of whose functions but one are its own.
    let code = unsafe { sqlite3_config(SQLITE_CONFIG_PCACHE2, &raw const methods) };
    ensure!(code == SQLITE_OK, "a database was opened before its cache was enlarged: SQLite's error {code}");
    Ok(())
}

/// In the place of the built-in function.
unsafe extern "C" fn set_size(cache: *mut sqlite3_pcache, pages: c_int) {
    if let Some(built_in) = BUILT_IN.get() {
        // SAFETY: SQLite passes a cache that the built-in functions made.
        unsafe { built_in(cache, pages.max(PAGES)) }
    }
}
