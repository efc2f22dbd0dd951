//! The suites, each a section of the report.

mod authors;
mod bare;
mod chain;
mod load;
mod node;
mod operations;
mod overwrite;
mod peers;
mod raw;
mod sizes;
mod validators;

use crate::report::Section;
use anyhow::Result;
use clap::ValueEnum;
use std::path::PathBuf;

/// A suite.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Suite {
    /// WordNet: loading, recall, searching, single inserts.
    Wordnet,
    /// 100,000 synthetic rows, and 20,000 of them to compare with.
    Synthetic,
    /// Ten authors of 10,000 rows each.
    Authors,
    /// How soon two and five peers find what one of them inserts.
    Peers,
    /// What the conductor takes for the bytes of a bulk load.
    Bare,
    /// Inserting and searching with 10,000 actions on the chain.
    Chain,
    /// Bytes written when a tenth is overwritten twenty times.
    Overwrite,
    /// Bytes for each vector at each encoding, and of the wasms.
    Sizes,
    /// Actions for each operation.
    Operations,
    /// What a validator spends on each kind of entry and link.
    Validators,
    /// A whole node that answers from memory: searches and writes at once, reopening, catching up.
    Node,
    /// How soon a row that a peer announces is found from memory.
    Announced,
}

/// What applies to all suites.
#[derive(Clone)]
pub struct Options {
    /// The folder of the WordNet vectors.
    pub wordnet: Option<PathBuf>,
    /// At most so many queries or runs each.
    pub few: Option<usize>,
    /// Rows of the suites that drive a whole node.
    pub rows: usize,
    /// Seconds that they drive it for.
    pub seconds: u64,
}

impl Options {
    /// So many, or as few as were asked for.
    pub fn at_most(&self, number: usize) -> usize {
        self.few.map_or(number, |few| number.min(few))
    }
}

impl Suite {
    /// All of them, in the order of the report.
    pub fn all() -> Vec<Self> {
        Self::value_variants().to_vec()
    }

    /// Measures.
    pub async fn run(self, options: &Options) -> Result<Section> {
        match self {
            Self::Wordnet => load::wordnet(options).await,
            Self::Synthetic => load::synthetic(options).await,
            Self::Authors => authors::run(options).await,
            Self::Peers => peers::run(options).await,
            Self::Bare => bare::run(options).await,
            Self::Chain => chain::run(options).await,
            Self::Overwrite => overwrite::run(options).await,
            Self::Sizes => sizes::run().await,
            Self::Operations => operations::run().await,
            Self::Validators => validators::run(options).await,
            Self::Node => node::run(options).await,
            Self::Announced => node::announced::run(options).await,
        }
    }
}
