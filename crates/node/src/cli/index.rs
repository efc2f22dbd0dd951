//! `index verify`.

use super::output::Output;
use crate::control::Door;
use crate::live::Verified;
use crate::requests::Request;
use crate::text::harmless;
use anyhow::Result;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compare the index of a collection with what this node holds of the DHT, block by block; fails if they differ
    Verify { collection: String },
}

impl Command {
    pub async fn run(self, door: &Door, output: Output) -> Result<ExitCode> {
        let Self::Verify { collection } = self;
        let verified: Verified = door.ask(Request::Verify(collection)).await?;
        output.say(&serde_json::to_value(&verified)?, || as_text(&verified));
        Ok(if verified.same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn as_text(verified: &Verified) -> String {
    let Verified { same, blocks, rows, differences, damage } = verified;
    if *same {
        return format!("the same: {rows} points, compared with {blocks} blocks");
    }
    let mut lines = vec![format!("compared {rows} points with {blocks} blocks")];
    for deviation in differences {
        let first: Vec<_> = deviation.first.iter().map(|name| harmless(name)).collect();
        lines.push(format!("{} {}, such as {}", deviation.count, deviation.what, first.join(", ")));
    }
    lines.extend(damage.iter().map(|file| format!("damaged: {file}")));
    lines.push(
        "Stop the node and remove the folder `indexes` in its data directory: it is built anew".to_owned(),
    );
    lines.join("\n")
}
