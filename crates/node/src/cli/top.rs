//! `top`: the node at work, in the terminal.

mod screen;

use super::output::{self, Output};
use crate::control::Door;
use crate::requests::{Pulse, Request};
use anyhow::{Context, Result};
use clap::Args;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use screen::Screen;
use std::fs::File;
use std::time::{Duration, Instant};

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
        let mut shown = Shown::begin()?;
        let mut screen = Screen::default();
        loop {
            match look(door).await {
                Ok(pulses) => screen.saw(pulses, Instant::now()),
                Err(problem) => screen.problem(format!("{problem:#}")),
            }
            let until = Instant::now() + interval;
            while Instant::now() < until {
                shown.terminal.draw(|frame| screen.draw(frame)).context("cannot draw")?;
                if is_over(until)? {
                    return Ok(());
                }
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

/// Waits for a key or a change of the window's size until a time. Whether that is the end.
fn is_over(until: Instant) -> Result<bool> {
    // The other threads of the runtime go on meanwhile.
    tokio::task::block_in_place(|| {
        if !event::poll(until.saturating_duration_since(Instant::now()))
            .context("cannot read the keyboard")?
        {
            return Ok(false);
        }
        let Event::Key(key) = event::read().context("cannot read the keyboard")? else { return Ok(false) };
        let is_interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        let is_end = matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) || is_interrupt;
        Ok(is_end && key.kind == KeyEventKind::Press)
    })
}

/// The terminal while it is ours; given back when dropped, whatever happened.
struct Shown {
    terminal: Terminal<CrosstermBackend<File>>,
}

impl Shown {
    fn begin() -> Result<Self> {
        let mut out = output::out()?;
        enable_raw_mode().context("`top` needs a terminal: use --json or --once elsewhere")?;
        if let Err(problem) = execute!(out, EnterAlternateScreen) {
            let _ = disable_raw_mode();
            return Err(problem).context("cannot use the terminal");
        }
        let terminal = Terminal::new(CrosstermBackend::new(out)).context("cannot use the terminal")?;
        Ok(Self { terminal })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.terminal.show_cursor();
        let _ = execute!(self.terminal.backend_mut(), LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}
