//! The steps of `cargo verify`, in the order in which they run.
//!
//! What links the conductor is always built with `--release` and with the same selection of packages, so
//! that all of it shares one build of the conductor.

use crate::cargo::{CONDUCTOR_PACKAGES, LIGHT_PACKAGES, cargo};
use crate::layout::Layout;
use crate::watch::run;
use crate::{browser, clients, demo, hc, integrity, javascript, pack, release, typescript};
use anyhow::Result;

/// One thing that must hold.
pub struct Step {
    /// How the step is chosen.
    pub name: &'static str,
    /// What it does, in a few words.
    pub what: &'static str,
    /// Whether it compiles or runs a conductor.
    pub conductor: bool,
    /// Does it.
    pub run: fn(&Layout) -> Result<()>,
}

/// Every step: the quick ones first, and last the one that compiles most and finds least.
pub const STEPS: &[Step] = &[
    light("format", "rustfmt leaves every file as it is", |layout| {
        run(&mut cargo(layout, &["fmt", "--all", "--check"]))
    }),
    light("clippy", "no warning in what needs no conductor", |layout| {
        run(cargo(layout, &["clippy", "--locked", "--all-targets", "--keep-going"])
            .args(LIGHT_PACKAGES)
            .args(DENY_WARNINGS))
    }),
    light("test", "native tests of rules, core, api, the zomes and xtask", |layout| {
        run(cargo(layout, &["test", "--locked", "--no-fail-fast"]).args(LIGHT_PACKAGES))
    }),
    light("docs", "the documentation builds without a warning", |layout| {
        let mut command = cargo(layout, &["doc", "--locked", "--no-deps", "--keep-going"]);
        run(command.args(LIGHT_PACKAGES).env("RUSTDOCFLAGS", "-D warnings"))
    }),
    light("js-types", "the TypeScript of the wire is what the Rust sources say", typescript::check),
    light("reproducible", "the integrity wasm is the same from two folders", integrity::check_reproducible),
    light("network", "the integrity wasm is the released one", release::check),
    light("pack", "the wasms and the web page build and pack", pack::pack_all),
    heavy("build", "the program, its tests and the benchmarks build", |layout| {
        demo::build_programs(layout)?;
        run(&mut conductor_tests(layout, &["--no-run"]))
    }),
    heavy("node", "unit tests of what links the conductor", |layout| {
        run(&mut conductor_tests(layout, &["--lib", "--bins"]))
    }),
    heavy("sweettest", "several conductors in one process, and the node's integration tests", |layout| {
        run(&mut conductor_tests(layout, &["--test", "*"]))
    }),
    heavy("demo", "a short demo runs to its end", |layout| {
        run(demo::program(layout, "rose-forest").arg("demo"))
    }),
    heavy("clients", "Qdrant's own clients get from a node what they get from Qdrant", clients::check),
    heavy(
        "tryorama",
        "the JavaScript package, and agents in several conductors through it",
        javascript::check,
    ),
    heavy("page", "the web page in a browser, against nodes and a conductor", browser::check),
    heavy("hc", "hc accepts the manifests and makes the same bundles", hc::check_manifests),
    heavy("clippy-node", "no warning in what links the conductor", |layout| {
        let mut command =
            cargo(layout, &["clippy", "--release", "--locked", "--all-targets", "--keep-going"]);
        run(command.args(CONDUCTOR_PACKAGES).args(DENY_WARNINGS))
    }),
];

const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

const fn light(name: &'static str, what: &'static str, run: fn(&Layout) -> Result<()>) -> Step {
    Step { name, what, conductor: false, run }
}

const fn heavy(name: &'static str, what: &'static str, run: fn(&Layout) -> Result<()>) -> Step {
    Step { name, what, conductor: true, run }
}

fn conductor_tests(layout: &Layout, targets: &[&str]) -> std::process::Command {
    let mut command = cargo(layout, &["test", "--release", "--locked", "--no-fail-fast"]);
    command.args(CONDUCTOR_PACKAGES).args(targets).env(demo::DNA_VARIABLE, demo::packed_dna(layout));
    command
}
