//! Errors that reach the caller: sentences that say what was expected and what came.

use hdk::prelude::*;

/// An error for the caller.
pub fn fail(message: impl std::fmt::Display) -> WasmError {
    wasm_error!(WasmErrorInner::Guest(message.to_string()))
}

/// Turns an error of ours into one for the caller.
pub trait OrFail<T> {
    /// The value, or the error as a sentence.
    fn or_fail(self) -> ExternResult<T>;
}

impl<T, E: std::fmt::Display> OrFail<T> for Result<T, E> {
    fn or_fail(self) -> ExternResult<T> {
        self.map_err(fail)
    }
}
