//! `top`: the node at work, in the terminal.

mod screen;

use super::output::{self, Output};
use crate::control::Door;
use crate::requests::{Pulse, Request};
use anyhow::{Context, Result};
use clap::Args;
use ratatui::Terminal;
use ratatui::backend::TermionBackend;
use screen::Screen;
use std::fs::File;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use termion::event::Key;
use termion::input::TermRead;
use termion::raw::{IntoRawMode, RawTerminal};
use termion::screen::{AlternateScreen, IntoAlternateScreen};

/// Watch the node that serves: q ends.
#[derive(Debug, Args)]
pub(super) struct Top {
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=3_600))]
    interval: u16,
    /// Look once and end
    #[arg(long)]
    once: bool,
}

impl Top {
    pub async fn run(self, door: &Door, output: Output) -> Result<()> {
        let interval = Duration::from_secs(self.interval.into());
        if output.json || self.once {
            return self.print(door, output, interval).await;
        }
        let (mut shown, keys) = (begin()?, keys());
        let mut screen = Screen::default();
        loop {
            match look(door).await {
                Ok(pulses) => screen.saw(pulses, Instant::now()),
                Err(problem) => screen.problem(format!("{problem:#}")),
            }
            shown.draw(|frame| screen.draw(frame)).context("cannot draw")?;
            if is_over(&keys, Instant::now() + interval) {
                return shown.show_cursor().context("cannot use the terminal");
            }
        }
    }

    /// As lines: of JSON, or for people where the screen is not wanted.
    async fn print(self, door: &Door, output: Output, interval: Duration) -> Result<()> {
        loop {
            let pulses = look(door).await?;
            output.say(&serde_json::to_value(&pulses)?, || screen::lines(&pulses));
            if self.once {
                return Ok(());
            }
            tokio::time::sleep(interval).await;
        }
    }
}

async fn look(door: &Door) -> Result<Vec<Pulse>> {
    door.ask(Request::Pulses).await
}

/// What keeps the terminal ours: dropped, it is as it was, whatever happened.
type Shown = Terminal<TermionBackend<AlternateScreen<RawTerminal<File>>>>;

fn begin() -> Result<Shown> {
    let out = output::out()?.into_raw_mode();
    let out = out.context("`top` needs a terminal: use --json or --once elsewhere")?;
    let out = out.into_alternate_screen().context("cannot use the terminal")?;
    Terminal::new(TermionBackend::new(out)).context("cannot use the terminal")
}

/// The keys that are pressed. The thread that reads them ends with the program.
fn keys() -> Receiver<Key> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for key in std::io::stdin().keys().map_while(std::io::Result::ok) {
            if sender.send(key).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Waits until a time, or for the key that ends. Whether that came.
fn is_over(keys: &Receiver<Key>, until: Instant) -> bool {
    // The other threads of the runtime go on meanwhile.
    tokio::task::block_in_place(|| {
        loop {
            match keys.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Key::Char('q') | Key::Esc | Key::Ctrl('c')) => return true,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return false,
                // Nobody can say that it is over: the terminal is gone.
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
    })
}
