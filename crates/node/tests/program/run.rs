//! Running the program in a data directory of its own.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// A data directory, and the program in it.
pub struct Program {
    dir: tempfile::TempDir,
    passphrase: String,
}

/// A program that runs on, killed when dropped.
struct Running(Child);

/// A program that serves; stopped when dropped.
pub struct Serving {
    running: Running,
    url: Option<String>,
}

/// A server where peers find each other; stopped when dropped.
pub struct Bootstrap {
    _running: Running,
    pub url: String,
}

impl Running {
    /// Starts a program that prints JSON, and waits for a line that says this. Returns that and the earlier ones.
    fn start(mut command: Command, is_last: impl Fn(&Value) -> bool) -> (Self, Vec<Value>) {
        use std::io::{BufRead, BufReader};
        let mut running = Self(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut said = BufReader::new(running.0.stdout.take().unwrap()).lines();
        let mut first: Vec<Value> = Vec::new();
        while !first.last().is_some_and(&is_last) {
            let line = said.next().unwrap_or_else(|| panic!("it ended: {first:?}"));
            first.push(serde_json::from_str(&line.unwrap()).unwrap());
        }
        // Whatever else it says is read, or it would wait for us.
        std::thread::spawn(move || said.for_each(drop));
        (running, first)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Bootstrap {
    pub fn start(program: &Program) -> Self {
        let args = ["bootstrap", "--listen", "127.0.0.1:0", "--json"];
        let (running, said) = Running::start(program.command(&args), |_| true);
        Self { _running: running, url: said[0]["url"].as_str().unwrap().to_owned() }
    }
}

impl Program {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), passphrase: "a passphrase for tests".to_owned() }
    }

    pub fn with_passphrase(mut self, passphrase: &str) -> Self {
        self.passphrase = passphrase.to_owned();
        self
    }

    /// A file beside the data directory, with this content.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Moves the data directory elsewhere.
    pub fn moved(self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::rename(self.data_dir(), dir.path().join("data")).unwrap();
        Self { dir, passphrase: self.passphrase }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rose-forest"));
        command
            .args(args)
            .arg("--data-dir")
            .arg(self.data_dir())
            .env("ROSE_FOREST_PASSPHRASE", &self.passphrase)
            .env_remove("ROSE_FOREST_URL")
            .stdin(Stdio::null());
        if std::env::var_os("ROSE_FOREST_DNA").is_none() {
            // As cargo says now: a binary from a shared target directory may have been built elsewhere.
            let here =
                std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
            let packed = PathBuf::from(here).join("../../workdir/rose_forest.dna");
            if packed.is_file() {
                command.env("ROSE_FOREST_DNA", packed);
            }
        }
        command
    }

    /// Runs a command.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command that has to succeed, and reads the JSON lines that it prints.
    pub fn json(&self, args: &[&str]) -> Vec<Value> {
        let output = self.command(args).arg("--json").output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one object that a command prints.
    pub fn one(&self, args: &[&str]) -> Value {
        let mut lines = self.json(args);
        assert_eq!(lines.len(), 1, "{args:?}: {lines:?}");
        lines.remove(0)
    }

    /// What a command that has to fail says.
    pub fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Starts a command, and does not wait for it.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Waits until a load has noted a batch as written, and returns how many rows that are. The command goes on.
    pub fn written_when_a_batch_is_done(&self, load: &mut Child) -> u64 {
        let journals = self.data_dir().join("journals");
        loop {
            for file in std::fs::read_dir(&journals).into_iter().flatten().flatten() {
                let journal = std::fs::read(file.path()).unwrap_or_default();
                let journal: Value = serde_json::from_slice(&journal).unwrap_or_default();
                if let Some(rows @ 1..) = journal["rows_written"].as_u64() {
                    return rows;
                }
            }
            assert!(load.try_wait().unwrap().is_none(), "the load ended before a batch was noted");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Starts serving, and waits until it does.
    pub fn serve(&self) -> Serving {
        self.serve_with(&[])
    }

    /// The same with further options.
    pub fn serve_with(&self, options: &[&str]) -> Serving {
        self.serve_until(if options.contains(&"--http") { "listening" } else { "serving" }, options)
    }

    /// The same, and waits until it says this.
    pub fn serve_until(&self, event: &str, options: &[&str]) -> Serving {
        let args = [&["serve", "--json"], options].concat();
        let (running, said) = Running::start(self.command(&args), |line| line["event"] == event);
        let url = said.iter().find_map(|line| line["url"].as_str()).map(str::to_owned);
        Serving { running, url }
    }
}

impl Serving {
    /// Where its HTTP API is.
    pub fn url(&self) -> &str {
        self.url.as_deref().unwrap()
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        let child = &mut self.running.0;
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        assert!(child.wait().unwrap().success());
    }
}

/// The ids of the hits, as JSON.
pub fn ids(answer: &Value) -> Vec<Value> {
    answer["hits"].as_array().unwrap().iter().map(|hit| hit["id"].clone()).collect()
}

/// Three points in two dimensions.
pub const THREE: &str = r#"{"id": 1, "vector": [1, 0], "payload": {"word": "east"}}
{"id": "north", "vector": [0, 1], "payload": {"word": "north"}}
{"id": 3, "vector": [0.9, 0.1]}
"#;
