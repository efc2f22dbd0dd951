//! What a failed zome call says, without what only developers of Holochain need.

use holochain::conductor::api::error::ConductorApiError;

/// What was asked for was refused, and would be again: by the zome, or by this node's own validation of what the zome
/// would have written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

/// [`Refused`] with the sentence of the zome if it refused, or else everything that is known.
pub fn of_call(function: &str, error: &ConductorApiError) -> anyhow::Error {
    let full = format!("{error:?}");
    if let Some(said) = said_by_zome(&full) {
        return Refused(said).into();
    }
    tracing::debug!(%full, function, "a call failed");
    let said = format!("{function} failed: {error}");
    if full.contains("InvalidCommit") { Refused(said).into() } else { anyhow::anyhow!(said) }
}

/// Whether a call came before the cell had joined its network. Nothing was written then.
pub fn is_joining(error: &ConductorApiError) -> bool {
    let full = format!("{error:?}");
    full.contains("K2SpaceNotFound") || full.contains("The K2 Space")
}

/// A zome's own error is printed as `Guest("…")`, whatever it is wrapped in.
fn said_by_zome(full: &str) -> Option<String> {
    let at = full.rfind("Guest(")?;
    let rest = full.get(at + "Guest(".len()..)?;
    // How many layers of quoting: Guest("…") or, inside another printed string, Guest(\"…\").
    let quote_at = rest.find('"')?;
    let layers = rest.get(..quote_at)?;
    if !layers.chars().all(|c| c == '\\') {
        return None;
    }
    let end = format!("{layers}\")");
    let said = rest.get(quote_at + 1..)?;
    let said = said.get(..said.find(&end)?)?;
    let mut said = said.to_owned();
    for _ in 0..3 {
        said = said.replace("\\\"", "\"").replace("\\\\", "\\");
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_of_a_zome_is_found_in_what_wraps_it() {
        let plain = r#"Other(WasmRuntimeError(WasmError { file: "a.rs", line: 6, error: Guest("expected 3, got 2") }))"#;
        assert_eq!(said_by_zome(plain).as_deref(), Some("expected 3, got 2"));
        let quoted = r#"Other("WasmError { error: Guest(\"row \\\"a\\\" is wrong\") }")"#;
        assert_eq!(said_by_zome(quoted).as_deref(), Some("row \"a\" is wrong"));
        assert_eq!(said_by_zome("CellMissing"), None);
    }
}
