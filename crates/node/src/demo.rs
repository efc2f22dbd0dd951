//! `demo`: two peers share 5,000 WordNet senses, and a third one lies.
//!
//! Everything runs in processes of its own on this machine, over loopback, and is cleaned up afterwards.

/// Prints a line.
macro_rules! say {
    ($($part:tt)*) => { crate::cli::print(&format!($($part)*)) };
}

mod children;
mod lie;
mod recall;
mod senses;

pub use lie::Lie;

use crate::collections::NewCollection;
use crate::control::Door;
use crate::data_dir::DataDir;
use crate::load::{Loaded, Plan, Progress, load};
use crate::network::Network;
use crate::readers::{BadRow, Options};
use crate::requests::{CollectionView, JoinedView, Overview, Request, Searched, Warranted};
use crate::serve::Stop;
use crate::text::{clip, harmless, short};
use anyhow::{Context, Result, ensure};
use children::{Child, Launcher};
use clap::Args;
use rose_forest_api::*;
use senses::Senses;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long the other peer may take to have everything: many times what it takes.
const SHARED_WITHIN: Duration = Duration::from_secs(300);
/// How long the peers may take to catch the liar.
const CAUGHT_WITHIN: Duration = Duration::from_secs(120);
/// Example words that are searched for.
const WORDS: [&str; 3] = ["forest", "rosewood", "music"];
const COLLECTION: &str = "wordnet";

/// See it work: two peers share 5,000 WordNet senses, and a third one lies.
#[derive(Debug, Args)]
pub struct Demo {
    /// Leave the peers' data in this folder instead of removing it
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Leave out the third peer
    #[arg(long)]
    without_lie: bool,
}

impl Demo {
    /// Runs the demo.
    pub async fn run(self, json: bool) -> Result<()> {
        ensure!(!json, "the demo is for people: it has no --json");
        let folder = tempfile::Builder::new().prefix("rose-forest-demo-").tempdir();
        let folder = folder.context("cannot make a folder for the demo")?;
        let root = match &self.keep {
            Some(keep) => {
                std::fs::create_dir_all(keep).with_context(|| format!("cannot create {}", keep.display()))?;
                keep.canonicalize().with_context(|| format!("cannot find {}", keep.display()))?
            }
            None => folder.path().to_owned(),
        };
        let mut stop = Stop::listen()?;
        // An interrupt ends the demo here, so that the children are stopped and the folder is removed.
        tokio::select! {
            done = self.play(root) => done,
            () = stop.asked() => anyhow::bail!("interrupted; everything the demo started is being stopped"),
        }
    }

    async fn play(&self, root: PathBuf) -> Result<()> {
        let begun = Instant::now();
        let senses = Senses::unpack(&root.join("senses"))?;
        let launcher = Launcher::new(&root)?;
        say!("Rose Forest demo: everything runs on this machine, and nothing leaves it.\n");

        say!("1. A bootstrap server, where peers find each other, and two peers, each a process of its own:");
        let bootstrap = launcher.bootstrap().await?;
        say!("   bootstrap at {}", bootstrap.url);
        let (a, b) = tokio::try_join!(launcher.peer("a"), launcher.peer("b"))?;
        say!("   peer A (process {}), peer B (process {})\n", a.child.id(), b.child.id());
        let doors = (a.door().await?, b.door().await?);

        let invite = self.fill(&doors.0, &senses, &bootstrap.url).await?;
        self.share(&doors.1, &invite, senses.count()).await?;
        search_words(&doors.1, &senses).await?;
        say!(
            "5. The {} shipped queries, usage examples in other words, searched from B:",
            senses.queries().len()
        );
        recall::measure(&doors.1, COLLECTION, &senses, true).await?;
        recall::measure(&doors.1, COLLECTION, &senses, false).await?;
        say!("");
        if !self.without_lie {
            refuse(&launcher, &invite, &doors.0, &doors.1).await?;
        }

        drop(doors);
        // Side by side, each in its own time.
        let (a, b) = tokio::join!(a.child.stop(), b.child.stop());
        a.and(b)?;
        bootstrap.child.stop().await?;
        say!("Done in {:.0} s. Everything the demo started is stopped.", begun.elapsed().as_secs_f64());
        if self.keep.is_some() {
            say!("The peers' data is in {}.", root.display());
        }
        Ok(())
    }

    async fn fill(&self, door: &Door, senses: &Senses, bootstrap: &str) -> Result<String> {
        say!("2. Peer A creates the collection `{COLLECTION}` and loads {} senses:", senses.count());
        let new = NewCollection {
            name: COLLECTION.to_owned(),
            dimension: senses.dimension,
            distance: Distance::Cosine,
            encoding: Encoding::Sq8,
            network: Some(Network::new(bootstrap, None)?),
            vector_name: String::new(),
        };
        let _: CollectionView = door.ask(Request::Create(new)).await?;
        let options = Options { payloads: Some(senses.lines.clone()), ..Options::default() };
        let plan = Plan {
            file: &senses.vectors,
            options: &options,
            max_errors: Some(0),
            journals: &senses.journals,
            anew: true,
            no_wait: false,
        };
        let loaded: Loaded = load(door, COLLECTION, &plan, &Quiet).await?;
        say!(
            "   {} rows in {:.2} s: {:.0} a second, checked, signed and stored",
            loaded.inserted,
            loaded.seconds,
            loaded.inserted as f64 / loaded.seconds
        );
        let invite: String = door.ask(Request::Invite(COLLECTION.to_owned())).await?;
        say!("   its invite: {}\n", clip(&invite, 72));
        Ok(invite)
    }

    async fn share(&self, door: &Door, invite: &str, rows: usize) -> Result<()> {
        say!("3. Peer B joins by the invite and waits until it has them:");
        let begun = Instant::now();
        let _: JoinedView = door.ask(Request::Join(invite.to_owned())).await?;
        let mut shown = 0;
        let counted = children::until("peer B has everything", SHARED_WITHIN, async || {
            let counted: CountOutput =
                door.ask(Request::Count(COLLECTION.to_owned(), CountInput::default())).await?;
            if counted.points > shown {
                shown = counted.points;
                say!("   {:>5.1} s  {shown} rows", begun.elapsed().as_secs_f64());
            }
            Ok((counted.points == rows as u64).then_some(counted))
        })
        .await?;
        children::until("peer B's index has everything", SHARED_WITHIN, async || {
            let info: Overview = door.ask(Request::Info(COLLECTION.to_owned())).await?;
            Ok(info.index.filter(|index| index.in_graph == rows as u64))
        })
        .await?;
        say!(
            "   peer B holds {} rows after {:.1} s, each signed by A and checked by B\n",
            counted.points,
            begun.elapsed().as_secs_f64()
        );
        Ok(())
    }
}

async fn search_words(door: &Door, senses: &Senses) -> Result<()> {
    say!(
        "4. Peer B searches what it holds itself, through the zome: the cells nearest to the query, block by block:"
    );
    for word in WORDS {
        let Some(row) = senses.find(word) else { continue };
        say!("   near to `{}` ({}):", senses.words(row), clip(&senses.definition(row), 60));
        let begun = Instant::now();
        let answer = search(door, senses.vector(row), 5).await?;
        let ms = begun.elapsed().as_secs_f64() * 1e3;
        for hit in answer.hits.iter().filter(|hit| hit.id != PointId::Int(row as u64)).take(4) {
            let (words, definition) = senses::of_payload(hit.payload.as_deref());
            say!(
                "     {:.3}  {:<24} {}  (by {})",
                hit.score,
                clip(&harmless(&words), 24),
                clip(&harmless(&definition), 56),
                short(&hit.author.to_string())
            );
        }
        let stats = &answer.stats;
        say!(
            "     {ms:.1} ms; read {} of {} rows in {} of {} cells{}",
            stats.settled_rows + stats.fresh_rows,
            senses.count(),
            stats.cells_probed,
            stats.cells_considered.max(stats.cells_probed),
            if answer.complete { "" } else { "; B says that it may not have everything yet" }
        );
    }
    say!("");
    Ok(())
}

/// Through the zome, which says what it read.
async fn search(door: &Door, vector: &[f32], k: u32) -> Result<SearchOutput> {
    let input = SearchInput { vector: floats_to_bytes(vector), k, ..SearchInput::default() };
    let request = Request::Search { collection: COLLECTION.to_owned(), by_zome: true, input, filter: None };
    let searched: Searched = door.ask(request).await?;
    Ok(searched.answer)
}

async fn refuse(launcher: &Launcher, invite: &str, a: &Door, b: &Door) -> Result<()> {
    say!(
        "6. A third peer joins with a changed program that does not check what it writes. It signs a block with"
    );
    say!("   a vector a thousand times too long: if it were let in, it would come first in every search.");
    let begun = Instant::now();
    let mut liar = launcher.liar(invite).await?;
    let agent = liar.said("agent").await?;
    say!("   the third peer is {}", short(&agent));
    liar.said("forged").await?;
    for (name, door) in [("A", a), ("B", b)] {
        let caught = children::until("the liar is caught", CAUGHT_WITHIN, async || {
            let warrants: Vec<Warranted> = door.ask(Request::Warrants(COLLECTION.to_owned())).await?;
            Ok(warrants.into_iter().find(|warranted| warranted.agent.to_string() == agent))
        })
        .await?;
        say!(
            "   {:>5.1} s  peer {name} refused it, and holds a warrant: proof for everybody that {} broke a rule:",
            begun.elapsed().as_secs_f64(),
            short(&agent)
        );
        say!("            \"{}\"", harmless(&caught.reason));
    }
    liar.stop().await?;
    say!("   No search shows the forged row, and both peers no longer talk to {}.\n", short(&agent));
    Ok(())
}

/// The demo prints its own lines.
struct Quiet;

impl Progress for Quiet {
    fn opening(&self, _: bool) {}
    fn begin(&self, _total: Option<u64>) {}
    fn rows(&self, _done: u64) {}
    fn resuming(&self, _rows: u64) {}
    fn refused(&self, place: &str, bad: &BadRow) {
        eprintln!("{place} {}: {}", bad.place, bad.reason);
    }
    fn settling(&self) {}
}

/// A peer of the demo.
struct Peer {
    child: Child,
    dir: DataDir,
}

impl Peer {
    async fn door(&self) -> Result<Door> {
        Door::connect(&self.dir).await
    }
}

/// The bootstrap server of the demo.
struct Meeting {
    child: Child,
    url: String,
}
