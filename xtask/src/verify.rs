//! `cargo verify`: everything that must hold before a change is accepted, in one command.
//!
//! Steps run in order, the quick ones first. A failed step does not stop the others, so that one run
//! shows everything that is wrong. The last line is `N passed, N failed`.

mod steps;

use crate::layout::Layout;
use anyhow::{Result, ensure};
use std::process::ExitCode;
use std::time::Instant;
use steps::{STEPS, Step};

/// What to check.
#[derive(clap::Args)]
pub struct Options {
    /// Only these steps, by name (see --list).
    steps: Vec<String>,
    /// Leave out what compiles or runs a conductor.
    #[arg(long)]
    light: bool,
    /// Name the steps and end.
    #[arg(long)]
    list: bool,
}

/// Runs the chosen steps and fails if one of them does.
pub fn run(layout: &Layout, options: &Options) -> Result<ExitCode> {
    let chosen = choose(options)?;
    if options.list {
        for step in chosen {
            println!("{:13} {}", step.name, step.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    println!("target directory: {}", layout.target.display());
    let whole = Instant::now();
    let mut outcomes = Vec::new();
    for (index, step) in chosen.iter().enumerate() {
        println!("\n[{}/{}] {}: {}", index + 1, chosen.len(), step.name, step.what);
        let start = Instant::now();
        let outcome = (step.run)(layout);
        let took = duration(start.elapsed().as_secs());
        match &outcome {
            Ok(()) => println!("{} passed in {took}", step.name),
            Err(problem) => println!("{} failed after {took}: {problem:#}", step.name),
        }
        let problem = outcome.err().map(|problem| format!("{problem:#}"));
        outcomes.push(Outcome { step: step.name, problem, took });
    }
    println!("\n{}", summary(&outcomes, &duration(whole.elapsed().as_secs())));
    let failed = outcomes.iter().any(|outcome| outcome.problem.is_some());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn choose(options: &Options) -> Result<Vec<&'static Step>> {
    for name in &options.steps {
        ensure!(STEPS.iter().any(|step| step.name == name), "no step is called {name}: see --list");
    }
    let wanted = |step: &&Step| {
        (options.steps.is_empty() || options.steps.iter().any(|name| name == step.name))
            && !(options.light && step.conductor)
    };
    Ok(STEPS.iter().filter(wanted).collect())
}

/// How a step went.
struct Outcome {
    step: &'static str,
    /// What was wrong.
    problem: Option<String>,
    took: String,
}

/// Every step in a line, what was wrong with those that failed, and the counts.
fn summary(outcomes: &[Outcome], whole: &str) -> String {
    let mut lines = String::new();
    for Outcome { step, problem, took } in outcomes {
        lines += &format!("{} {step:13} {took}\n", if problem.is_none() { "passed" } else { "FAILED" });
    }
    let failed = outcomes.iter().filter_map(|outcome| Some((outcome.step, outcome.problem.as_ref()?)));
    for (step, problem) in failed.clone() {
        lines += &format!("{step}: {problem}\n");
    }
    let failed = failed.count();
    lines += &format!("in {whole}\n{} passed, {failed} failed", outcomes.len() - failed);
    lines
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(steps: &[&str], light: bool) -> Options {
        Options { steps: steps.iter().map(|&name| name.to_owned()).collect(), light, list: false }
    }

    #[test]
    fn every_step_has_a_name_of_its_own() {
        for (index, step) in STEPS.iter().enumerate() {
            assert!(STEPS[..index].iter().all(|other| other.name != step.name), "{}", step.name);
        }
    }

    #[test]
    fn named_steps_run_in_the_usual_order() {
        let chosen = choose(&options(&["clippy", "format"], false)).unwrap();
        assert_eq!(chosen.iter().map(|step| step.name).collect::<Vec<_>>(), ["format", "clippy"]);
    }

    #[test]
    fn light_leaves_out_the_conductor() {
        let chosen = choose(&options(&[], true)).unwrap();
        assert!(!chosen.is_empty() && chosen.iter().all(|step| !step.conductor));
    }

    #[test]
    fn a_step_that_does_not_exist_is_an_error() {
        assert!(choose(&options(&["spelling"], false)).is_err());
    }

    #[test]
    fn the_last_line_counts_the_steps_and_what_was_wrong_is_before_it() {
        let outcome = |step, problem: Option<&str>| Outcome {
            step,
            problem: problem.map(str::to_owned),
            took: "1 s".to_owned(),
        };
        let outcomes =
            [outcome("one", None), outcome("two", Some("cargo test ended")), outcome("three", None)];
        let summary = summary(&outcomes, "6 s");
        assert_eq!(summary.lines().last(), Some("2 passed, 1 failed"));
        assert!(summary.contains("FAILED two") && summary.contains("\ntwo: cargo test ended\n"));
    }

    #[test]
    fn a_duration_is_written_for_people() {
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(61), "1 min 1 s");
    }
}
