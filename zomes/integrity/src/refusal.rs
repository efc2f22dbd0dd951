//! Why an op is not valid, and what Holochain is told.

use hdi::prelude::*;
use rose_forest_rules::Violation;

/// Why an op is not valid.
#[derive(Debug, PartialEq)]
pub enum Refusal {
    /// It breaks a rule, for all time: peers warrant its author.
    Broken(Violation),
    /// The host could not answer, most often because what the op refers to has not arrived. The host's error
    /// must reach the host as it is: wrapped in another one it would count as invalid, and warrant an honest
    /// author.
    Undecided(WasmError),
}

/// The outcome of a check.
pub(crate) type Checked = Result<(), Refusal>;

impl Refusal {
    /// What it means that an entry or a link cannot be taken for what its action says it is. Holochain reports
    /// this as errors of ours, apart from what the host itself could not answer.
    pub(crate) fn of_type(error: WasmError) -> Self {
        match error.error {
            WasmErrorInner::Guest(reason) => Violation::WrongType { reason }.into(),
            WasmErrorInner::Serialize(reason) => Violation::EntryUnreadable { reason: reason.into() }.into(),
            _ => Self::Undecided(error),
        }
    }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self::Broken(violation)
    }
}

impl From<WasmError> for Refusal {
    fn from(error: WasmError) -> Self {
        Self::Undecided(error)
    }
}

/// What Holochain is told. The message begins with the name of the rule.
pub(crate) fn verdict(checked: Checked) -> ExternResult<ValidateCallbackResult> {
    match checked {
        Ok(()) => Ok(ValidateCallbackResult::Valid),
        Err(Refusal::Broken(violation)) => {
            Ok(ValidateCallbackResult::Invalid(format!("{}: {violation}", violation.name())))
        }
        Err(Refusal::Undecided(error)) => Err(error),
    }
}
