//! The passphrase that opens the keystore and the databases: from a file, the environment, or a prompt.
//!
//! It is never an argument (other users can see those) and never logged.

use anyhow::{Context, Result, bail, ensure};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The variable that may hold the passphrase.
pub const PASSPHRASE_VARIABLE: &str = "ROSE_FOREST_PASSPHRASE";

/// A passphrase in memory that is not swapped out and is wiped when dropped.
pub type Passphrase = Arc<Mutex<sodoken::LockedArray>>;

/// The passphrase. It is asked for twice when `new`: there is no way back to what it locks without it.
///
/// # Errors
/// If it is empty, the two differ, the file cannot be read, or there is nobody to ask.
pub fn get(file: Option<&PathBuf>, new: bool) -> Result<Passphrase> {
    let text = if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the passphrase file {}", file.display()))?;
        trimmed(text)
    } else if let Some(text) = std::env::var_os(PASSPHRASE_VARIABLE) {
        text.into_string().map_err(|_| anyhow::anyhow!("{PASSPHRASE_VARIABLE} is not UTF-8"))?
    } else if std::io::stdin().is_terminal() {
        asked(new)?
    } else {
        bail!("a passphrase is needed: pass --passphrase-file or set {PASSPHRASE_VARIABLE}");
    };
    ensure!(!text.is_empty(), "the passphrase is empty");
    Ok(of(text))
}

/// This text as a passphrase.
pub fn of(text: String) -> Passphrase {
    Arc::new(Mutex::new(sodoken::LockedArray::from(text.into_bytes())))
}

fn asked(new: bool) -> Result<String> {
    if new {
        eprintln!(
            "This node is new. Choose a passphrase: it locks the keys and the data, and cannot be recovered."
        );
    }
    let text = rpassword::prompt_password("Passphrase: ").context("cannot read the passphrase")?;
    if new {
        let again = rpassword::prompt_password("Again: ").context("cannot read the passphrase")?;
        ensure!(text == again, "the two passphrases differ");
    }
    Ok(text)
}

/// Editors end a file with a line break, which is no part of the passphrase.
fn trimmed(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_at_the_end_is_no_part_of_it() {
        assert_eq!(trimmed("secret\r\n".to_owned()), "secret");
        assert_eq!(trimmed(" secret \n\n".to_owned()), " secret \n");
    }

    #[test]
    fn an_empty_file_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let problem = get(Some(&file.path().to_owned()), true).err().unwrap();
        assert_eq!(problem.to_string(), "the passphrase is empty");
    }
}
