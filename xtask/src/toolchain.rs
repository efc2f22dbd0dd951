//! The pinned compiler, and the wasm target it needs.

use crate::layout::Layout;
use anyhow::{Context, Result, bail, ensure};
use std::process::Command;

/// What both zomes are compiled to.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// What is known of the compiler in use.
pub struct Toolchain {
    /// The channel in `rust-toolchain.toml`.
    pub channel: String,
    /// Where the compiler keeps its libraries.
    pub sysroot: String,
    /// The commit the compiler was built from, which its own library's paths carry.
    pub commit: String,
}

impl Toolchain {
    /// Asks the compiler, and refuses another one than the pinned one: it would make another wasm.
    pub fn find(layout: &Layout) -> Result<Self> {
        let pinned = layout.root.join("rust-toolchain.toml");
        let text = std::fs::read_to_string(&pinned).context("cannot read rust-toolchain.toml")?;
        let channel = channel(&text).context("rust-toolchain.toml has no channel")?.to_owned();
        let verbose = output(Command::new("rustc").arg("-vV").env("RUSTUP_TOOLCHAIN", &channel))?;
        let field = |name: &str| verbose.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let release = field("release:").context("rustc -vV names no release")?;
        ensure!(
            release == channel,
            "rustc is {release}, and rust-toolchain.toml pins {channel}: another compiler makes another wasm"
        );
        let commit = field("commit-hash:").context("rustc -vV names no commit")?.to_owned();
        let sysroot =
            output(Command::new("rustc").args(["--print", "sysroot"]).env("RUSTUP_TOOLCHAIN", &channel))?;
        Ok(Self { channel, sysroot: sysroot.trim().to_owned(), commit })
    }

    /// Installs the wasm target if it is missing, and says so.
    pub fn ensure_wasm_target(&self) -> Result<()> {
        let installed = std::path::Path::new(&self.sysroot).join("lib/rustlib").join(WASM_TARGET);
        if installed.join("lib").is_dir() {
            return Ok(());
        }
        let arguments = ["target", "add", WASM_TARGET, "--toolchain", &self.channel];
        println!("the wasm target is missing: rustup {}", arguments.join(" "));
        let status = Command::new("rustup").args(arguments).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => bail!("rustup ended with {status}: install the target {WASM_TARGET} by hand"),
            Err(e) => Err(e).context(format!("cannot run rustup: install the target {WASM_TARGET} by hand")),
        }
    }
}

/// The standard output of a command that must succeed.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

fn channel(text: &str) -> Option<&str> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix("channel"))?;
    value.trim().strip_prefix('=')?.trim().strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_is_read_past_comments() {
        let text = "# channel of the pinned compiler\n[toolchain]\nchannel = \"1.95.0\" # exact\n";
        assert_eq!(channel(text), Some("1.95.0"));
    }

    #[test]
    fn a_file_without_a_channel_has_none() {
        assert_eq!(channel("[toolchain]\n"), None);
    }
}
