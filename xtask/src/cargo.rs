//! How xtask starts cargo.
//!
//! Cargo tells its children about the package that it runs, here xtask; build scripts that watch those
//! variables would run again, and rebuild what depends on them, each time the caller changes. So they are
//! removed. For a wasm, nothing of the user's own settings stays that could change its bytes.

use crate::layout::Layout;
use std::process::Command;

/// Always this selection for what links the conductor: another one may mean other features, and so another
/// twenty minutes.
pub const CONDUCTOR_PACKAGES: [&str; 6] =
    ["-p", "rose-forest", "-p", "rose-forest-sweettest", "-p", "rose-forest-bench"];

/// What links no conductor and compiles in a minute or two.
pub const LIGHT_PACKAGES: [&str; 22] = [
    "-p",
    "rose-forest-rules",
    "-p",
    "rose-forest-core",
    "-p",
    "rose-forest-api",
    "-p",
    "rose-forest-index",
    "-p",
    "rose-forest-store",
    "-p",
    "rose-forest-engine",
    "-p",
    "rose-forest-http",
    "-p",
    "rose_forest_integrity",
    "-p",
    "rose_forest_coordinator",
    "-p",
    "rose_forest_adversary",
    "-p",
    "xtask",
];

/// A cargo command in the repository, with the shared target directory.
pub fn cargo(layout: &Layout, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(describes_xtask) {
            command.env_remove(name);
        }
    }
    command.args(arguments).current_dir(&layout.root).env("CARGO_TARGET_DIR", &layout.target);
    command
}

/// A cargo command that builds a wasm: only `rustflags` apply, and no setting of the user's that could
/// change the bytes.
pub fn cargo_for_wasm(layout: &Layout, channel: &str, arguments: &[&str], rustflags: &[String]) -> Command {
    let mut command = cargo(layout, arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(may_change_a_wasm) {
            command.env_remove(name);
        }
    }
    command.env("RUSTUP_TOOLCHAIN", channel).env("CARGO_ENCODED_RUSTFLAGS", rustflags.join("\u{1f}"));
    command
}

/// A command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn describes_xtask(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "CARGO",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_CRATE_NAME",
        "CARGO_BIN_NAME",
        "OUT_DIR",
    ];
    NAMES.contains(&name) || name.starts_with("CARGO_PKG_") || name == "CARGO_PRIMARY_PACKAGE"
}

fn may_change_a_wasm(name: &str) -> bool {
    const KEPT: [&str; 8] = [
        "CARGO_HOME",
        "CARGO_TARGET_DIR",
        "CARGO_TERM_",
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTRIES_",
        "CARGO_REGISTRY_",
        "CARGO_SOURCE_",
    ];
    const COMPILER: [&str; 7] = [
        "RUSTFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_BOOTSTRAP",
        "CFLAGS",
        "RUSTC_FORCE_INCREMENTAL",
    ];
    COMPILER.contains(&name) || (name.starts_with("CARGO") && !KEPT.iter().any(|kept| name.starts_with(kept)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_of_xtask_is_not_passed_on() {
        assert!(["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "OUT_DIR"].into_iter().all(describes_xtask));
        assert!(!["CARGO_HOME", "PATH", "RUSTFLAGS"].into_iter().any(describes_xtask));
    }

    #[test]
    fn no_setting_that_changes_bytes_reaches_a_wasm() {
        let dangerous = [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_PROFILE_RELEASE_DEBUG",
            "CARGO_INCREMENTAL",
            "RUSTC_WRAPPER",
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        ];
        for name in dangerous {
            assert!(may_change_a_wasm(name), "{name}");
        }
    }

    #[test]
    fn how_to_reach_the_registry_is_kept() {
        for name in ["CARGO_HOME", "CARGO_HTTP_CAINFO", "CARGO_NET_OFFLINE", "PATH", "HOME"] {
            assert!(!may_change_a_wasm(name), "{name}");
        }
    }
}
