//! The JavaScript package and the scenarios that use it: `clients/js` and `tests/tryorama`.

use crate::cargo::shown;
use crate::demo::{DNA_VARIABLE, packed_dna};
use crate::layout::Layout;
use crate::stage::write_if_changed;
use crate::watch::run;
use crate::{hc, pack};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// What is run of `package.json`, in this order; the last one starts conductors.
const CHECKS: [&str; 3] = ["build", "check", "test:unit"];

/// The oldest Node that will do: it has Ed25519 of WebCrypto.
const NODE: u32 = 20;

/// Formatting, lints, types and unit tests of the package, then scenarios with conductors of `hc sandbox`. Without Node 20 and
/// npm, or without the packages, it says so and leaves them out.
pub fn check(layout: &Layout) -> Result<()> {
    if !is_ready(layout)? {
        return Ok(());
    }
    for script in CHECKS {
        run(&mut npm(layout, &["run", script]))?;
    }
    // Only what is to be published, and all of it.
    run(&mut npm(layout, &["pack", "--dry-run", "--workspace", "clients/js"]))?;
    pack::pack_if_stale(layout)?;
    run(&mut with_programs(layout, "test:scenarios")?)
}

/// A script that finds `hc`, `holochain` and `rose-forest` first, this one with the zomes of the sources.
pub fn with_programs(layout: &Layout, script: &str) -> Result<Command> {
    let hc = hc::hc(layout)?;
    let folders = [hc.parent().context("hc is in a folder")?.to_owned(), hc::conductor(layout)?];
    let mut command = npm(layout, &["run", script]);
    command.env("PATH", path_with(&folders)?).env(DNA_VARIABLE, packed_dna(layout));
    Ok(command)
}

/// Whether there are Node and npm, and the packages, which are installed if need be. If not, it says what is missing.
pub fn is_ready(layout: &Layout) -> Result<bool> {
    if !has_node() {
        println!("left out: this needs Node {NODE} or later with npm, and they are not here");
        return Ok(false);
    }
    if !install(layout)? {
        println!("left out: the packages that this needs could not be installed");
        return Ok(false);
    }
    Ok(true)
}

/// Installs what `package-lock.json` pins, unless it is what is installed. False if it cannot be had.
fn install(layout: &Layout) -> Result<bool> {
    let lock =
        std::fs::read(layout.root.join("package-lock.json")).context("package-lock.json is missing")?;
    let installed = layout.root.join("node_modules/.installed-lock.json");
    if std::fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(true);
    }
    let mut command = npm(layout, &["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    println!("$ {}", shown(&command));
    let status = command.status().with_context(|| format!("cannot run {}", shown(&command)))?;
    if status.success() {
        write_if_changed(&installed, &lock)?;
    }
    Ok(status.success())
}

/// A command of npm, in the repository.
pub fn npm(layout: &Layout, arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(&layout.root);
    command
}

/// Whether Node and npm are here, and new enough.
fn has_node() -> bool {
    let said = |program: &str| {
        let output = Command::new(program).arg("--version").output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    said("npm").is_some() && said("node").as_deref().and_then(major).is_some_and(|major| major >= NODE)
}

/// The first number of what `node --version` says, such as `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The search path with these folders before it.
fn path_with(folders: &[PathBuf]) -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(std::env::split_paths(&path));
    std::env::join_paths(all).context("a folder's name cannot be in PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_programs_are_found_first() {
        let path = path_with(&[PathBuf::from("/ours")]).unwrap();
        assert_eq!(std::env::split_paths(&path).next(), Some(PathBuf::from("/ours")));
    }

    #[test]
    fn node_says_its_version() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v9.1.0"), Some(9));
        assert_eq!(major("node: not found"), None);
    }

    #[test]
    fn every_script_that_is_run_is_in_package_json() {
        let root = Layout::find().unwrap().root;
        let package = std::fs::read_to_string(root.join("package.json")).unwrap();
        for script in CHECKS.iter().chain(&["test:scenarios"]) {
            assert!(package.contains(&format!("\"{script}\":")), "{script}");
        }
    }
}
