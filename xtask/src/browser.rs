//! The web page in a real browser: `tests/browser`, against nodes and a conductor.

use crate::cargo::shown;
use crate::javascript::{is_ready, npm, with_programs};
use crate::layout::Layout;
use crate::pack;
use crate::watch::run;
use anyhow::Result;
use std::path::Path;
use std::process::{Command, Stdio};

/// Where Debian's package puts it; `CHROMIUM` says where another one is.
const CHROMIUM: &str = "/usr/bin/chromium";
const VARIABLE: &str = "CHROMIUM";

/// What installs the browser where there is none.
const INSTALL: &[&str] = &["apt-get", "install", "--yes", "--no-install-recommends", "chromium"];

/// Runs the tests. Without Node, its packages or a browser it says so and leaves them out.
pub fn check(layout: &Layout) -> Result<()> {
    if !is_ready(layout)? {
        return Ok(());
    }
    if !has_browser() {
        println!("left out: the tests of the page need Chromium; {VARIABLE} says where it is");
        return Ok(());
    }
    // The tests call the zome by the package themselves.
    run(&mut npm(layout, &["run", "build"]))?;
    pack::pack_if_stale(layout)?;
    // For people: what each view looks like, and what a test that failed had before it.
    let (pictures, failures) =
        (layout.target.join("browser/screenshots"), layout.target.join("browser/failures"));
    let mut command = with_programs(layout, "test:browser")?;
    let outcome = run(command.env("BROWSER_SCREENSHOTS", &pictures).env("BROWSER_FAILURES", &failures));
    println!("screenshots of every view: {}", pictures.display());
    outcome
}

/// Whether there is a browser, or one could be installed from the distribution's packages.
fn has_browser() -> bool {
    if std::env::var_os(VARIABLE).is_some() || Path::new(CHROMIUM).is_file() {
        return true;
    }
    // As root, or as somebody who may become root without being asked.
    for before in [&[][..], &["sudo", "--non-interactive"]] {
        let words: Vec<_> = before.iter().chain(INSTALL).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive");
        println!("$ {}", shown(&command));
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
        if status.is_ok_and(|status| status.success()) && Path::new(CHROMIUM).is_file() {
            return true;
        }
    }
    false
}
