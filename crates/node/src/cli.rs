//! The command line.

mod collection;
mod export;
mod http;
mod index;
mod insert;
mod node;
mod output;
mod search;
mod serve;
mod top;

use crate::background;
use crate::control::Door;
use crate::data_dir::DataDir;
use crate::node::Settings;
use crate::remote::Remote;
use anyhow::{Context, Result, ensure};
use clap::{Args, CommandFactory, Parser, Subcommand};
use output::Output;
pub(crate) use output::print;
use rose_forest_engine::local::Limits;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// A vector database without a server.
#[derive(Debug, Parser)]
#[command(name = "rose-forest", version, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of all commands.
#[derive(Clone, Debug, Args)]
struct Global {
    /// Where this node keeps its keys and data [default: $XDG_DATA_HOME/rose-forest]
    #[arg(long, global = true, env = "ROSE_FOREST_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A file with the passphrase; otherwise ROSE_FOREST_PASSPHRASE, or a prompt
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Ask the node at this address, over its HTTP API (`rose-forest serve --http`), instead of one on this machine
    #[arg(long, global = true, env = "ROSE_FOREST_URL", value_name = "URL")]
    url: Option<String>,
    /// A file with the key of the API, readable by you alone: with --url the key to send, with `serve --http` the one to ask
    /// for, which is needed for other addresses than this machine's own. That one also signs tokens (JWT, HS256) with rights to
    /// single collections; a token may be sent as a key
    #[arg(long, global = true, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// With an https address: a file with certificates in PEM of whom to trust, instead of those that the system trusts
    #[arg(long, global = true, value_name = "FILE")]
    ca_cert: Option<PathBuf>,
    /// Print JSON, one object a line
    #[arg(long, global = true)]
    json: bool,
    /// What to log, as in RUST_LOG [default: warn]
    #[arg(long, global = true, env = "ROSE_FOREST_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// Milliseconds between two rounds of gossip
    #[arg(long, global = true, env = "ROSE_FOREST_GOSSIP_MS", hide = true,
          default_value_t = crate::conductor::DEFAULT_GOSSIP_MS,
          value_parser = clap::value_parser!(u32).range(100..))]
    gossip_ms: u32,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create, list, join and leave collections
    #[command(subcommand)]
    Collection(collection::Command),
    /// Insert or overwrite points from a file: JSON lines, .npy or Parquet
    Insert(insert::Insert),
    /// Find the nearest points
    Search(search::Search),
    /// Delete own points by id
    Delete(export::Delete),
    /// Print all points as JSON lines
    Export(export::Export),
    /// The index that searches are answered from
    #[command(subcommand)]
    Index(index::Command),
    /// This node
    #[command(subcommand)]
    Node(node::Command),
    /// Stay in the networks of all collections until interrupted
    Serve(serve::Serve),
    /// Watch the node that serves, in the terminal
    Top(top::Top),
    /// Print what makes a shell complete commands: for bash, `source <(rose-forest completions bash)`
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Run a server where peers find each other
    Bootstrap(Bootstrap),
    /// See it work: two peers share 5,000 WordNet senses, and a third one lies
    Demo(crate::demo::Demo),
    /// Take part in a collection and forge a block (for the demo)
    #[command(hide = true)]
    Lie(crate::demo::Lie),
}

/// A server where peers find each other.
#[derive(Debug, Args)]
struct Bootstrap {
    /// Where to listen; port 0 takes a free one. Others must be able to reach it: 0.0.0.0:4040 for a LAN
    #[arg(long, default_value = "127.0.0.1:4040", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output { json: cli.global.json };
    match start(cli) {
        Ok(code) => code,
        Err(problem) => {
            output.problem(&problem);
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> Result<ExitCode> {
    output::keep_stdout()?;
    log_to_stderr(cli.global.log.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    let done = runtime.block_on(run(cli));
    // Tasks of the conductor that ignore its shutdown are not waited for.
    background::stop();
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    done
}

async fn run(cli: Cli) -> Result<ExitCode> {
    let output = Output { json: cli.global.json };
    match cli.command {
        Command::Serve(serve) => {
            cli.global.ensure_here("serve")?;
            serve.run(&cli.global, output).await?;
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "rose-forest", &mut script);
            print(String::from_utf8_lossy(&script).trim_end());
        }
        Command::Top(top) => {
            cli.global.ensure_here("top")?;
            let dir = cli.global.dir()?;
            top.run(&Door::connect(&dir).await.context("`rose-forest serve` makes a node to watch")?, output)
                .await?;
        }
        Command::Bootstrap(bootstrap) => bootstrap.run(output).await?,
        Command::Demo(demo) => {
            cli.global.ensure_here("demo")?;
            demo.run(cli.global.json).await?;
        }
        Command::Lie(lie) => {
            cli.global.ensure_here("lie")?;
            lie.run(cli.global.settings()?).await?;
        }
        command => {
            let door = cli.global.door().await?;
            let done = with_node(command, &cli.global, &door, output).await;
            // The node is stopped whatever happened; what happened first is what is told.
            let closed = door.close().await;
            let code = done?;
            closed?;
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn with_node(command: Command, global: &Global, door: &Door, output: Output) -> Result<ExitCode> {
    match command {
        Command::Collection(command) => command.run(door, output).await?,
        Command::Insert(insert) => return insert.run(door, &global.dir()?, output).await,
        Command::Search(search) => search.run(door, output).await?,
        Command::Delete(delete) => delete.run(door, output).await?,
        Command::Export(export) => export.run(door).await?,
        Command::Index(command) => return command.run(door, output).await,
        Command::Node(command) => command.run(door, output).await?,
        Command::Serve(_)
        | Command::Top(_)
        | Command::Completions { .. }
        | Command::Bootstrap(_)
        | Command::Demo(_)
        | Command::Lie(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

impl Global {
    fn dir(&self) -> Result<DataDir> {
        let root = match &self.data_dir {
            Some(root) => root.clone(),
            None => DataDir::default_path()?,
        };
        DataDir::open(&root)
    }

    fn settings(&self) -> Result<Settings> {
        let dir = self.dir()?;
        let passphrase = crate::passphrase::get(self.passphrase_file.as_ref(), dir.is_new())?;
        // Only a node that serves keeps its index within limits: rows that were moved to disk stay there.
        let (gossip_ms, index_limits) = (self.gossip_ms, Limits::NONE);
        Ok(Settings { dir, passphrase, gossip_ms, self_validation: true, index_limits })
    }

    async fn door(&self) -> Result<Door> {
        let Some(url) = &self.url else {
            ensure!(self.api_key_file.is_none(), "--api-key-file goes with --url, or with `serve --http`");
            ensure!(self.ca_cert.is_none(), "--ca-cert goes with --url");
            return Door::open(&self.dir()?, || self.settings()).await;
        };
        let remote = Remote::new(url, self.api_key_file.as_deref(), self.ca_cert.as_deref())?;
        if remote.shows_its_key() {
            eprintln!("note: whoever is on the way to {} can read the key: use https there", remote.url());
        }
        Ok(Door::Elsewhere(remote))
    }

    /// Refuses to do something elsewhere that is done on this machine.
    fn ensure_here(&self, command: &str) -> Result<()> {
        ensure!(
            self.url.is_none() && self.ca_cert.is_none(),
            "`{command}` works on this machine alone: leave out --url and --ca-cert, and unset ROSE_FOREST_URL"
        );
        Ok(())
    }
}

impl Bootstrap {
    async fn run(self, output: Output) -> Result<()> {
        let mut stop = crate::serve::Stop::listen()?;
        let server = crate::bootstrap::Bootstrap::start(self.listen).await?;
        let url = server.url().context("the server listens nowhere")?;
        output.say(&serde_json::json!({ "url": url }), || {
            format!("Peers find each other at {url}\nGive it to `collection create --bootstrap`. Interrupt to stop.")
        });
        stop.asked().await;
        tokio::task::spawn_blocking(move || drop(server)).await.context("the bootstrap server panicked")
    }
}

/// Warnings, without those that say nothing to a user: a node on its own tries to publish, finds nobody, and is
/// told so for every piece of data, every five minutes; cells that stop say so twice; and what the keystore says
/// of a wrong passphrase is told in words of ours.
fn log_to_stderr(filter: Option<&str>) -> Result<()> {
    const QUIET: &str = "warn,holochain::core::workflow::publish_dht_ops_workflow=error,\
        holochain::conductor::manager=error,holochain::conductor::conductor::builder=off,\
        holochain::core::ribosome=off,holochain_types::share=error,sqlx=error,holochain_p2p=error,kitsune2_core=error,\
        kitsune2_gossip=error,kitsune2_transport_iroh=off,iroh=off,iroh_relay=off,\
        noq_proto=off,hickory_resolver=off,\
        kitsune2_bootstrap_srv=error";
    let filter =
        tracing_subscriber::EnvFilter::try_new(filter.unwrap_or(QUIET)).context("--log cannot be read")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_passphrase_is_never_an_argument() {
        assert!(Cli::try_parse_from(["rose-forest", "--passphrase", "x", "node", "info"]).is_err());
    }

    #[test]
    fn options_of_all_commands_may_stand_anywhere() {
        let cli = Cli::try_parse_from(["rose-forest", "collection", "list", "--json", "--data-dir", "/x"]);
        assert!(cli.unwrap().global.json);
    }

    #[test]
    fn a_node_elsewhere_is_named_before_or_after_the_command() {
        for args in [
            ["--url", "http://a", "--api-key-file", "k", "node", "info"],
            ["node", "info", "--url", "http://a", "--api-key-file", "k"],
            ["--url", "http://a", "node", "info", "--api-key-file", "k"],
        ] {
            let cli = Cli::try_parse_from(["rose-forest"].into_iter().chain(args)).unwrap();
            assert_eq!(cli.global.url.as_deref(), Some("http://a"), "{args:?}");
            assert_eq!(cli.global.api_key_file.as_deref(), Some(std::path::Path::new("k")), "{args:?}");
        }
        assert!(
            Cli::try_parse_from(["rose-forest", "--api-key", "x", "node", "info"]).is_err(),
            "never an argument"
        );
    }

    #[test]
    fn shells_are_told_every_command() {
        let mut script = Vec::new();
        clap_complete::generate(clap_complete::Shell::Bash, &mut Cli::command(), "rose-forest", &mut script);
        let script = String::from_utf8(script).unwrap();
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            assert!(script.contains(command.get_name()), "{}", command.get_name());
        }
    }

    #[test]
    fn limits_are_told_on_the_command_line() {
        for k in ["0", "1001"] {
            let parsed = Cli::try_parse_from(["rose-forest", "search", "a", "--id", "1", "-k", k]);
            let problem = parsed.unwrap_err().to_string();
            assert!(problem.contains("1..=1000"), "{problem}");
        }
        let create = ["rose-forest", "collection", "create", "a", "--dimension", "4097"];
        let problem = Cli::try_parse_from(create).unwrap_err().to_string();
        assert!(problem.contains("1..=4096"), "{problem}");
        assert!(Cli::try_parse_from(["rose-forest", "search", "a"]).is_err(), "something to search for");
    }
}
