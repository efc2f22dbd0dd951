//! A DHT in memory: what `must_get_action` and `must_get_entry` find, and an error when they find nothing.

use hdi::prelude::*;
use rose_forest_integrity::{EntryTypes, validate};
use rose_forest_rules::schema::Schema;
use std::collections::HashMap;

/// The zome's place in the DNA. Not 0, so that a forgotten look at it shows.
pub const ZOME: ZomeIndex = ZomeIndex(3);

/// A verdict, as tests compare it.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    Valid,
    /// The name of the broken rule.
    Broken(String),
    /// The host's error.
    Undecided(WasmError),
}

pub fn broken(rule: &str) -> Verdict {
    Verdict::Broken(rule.to_owned())
}

#[derive(Clone)]
pub struct Dht {
    pub properties: Vec<u8>,
    pub actions: HashMap<ActionHash, Action>,
    pub entries: HashMap<EntryHash, Entry>,
    /// Whether the host fails to say what the zome is.
    pub silent: bool,
}

impl Dht {
    pub fn new(schema: &Schema) -> Self {
        Self {
            properties: schema.to_bytes().unwrap(),
            actions: HashMap::new(),
            entries: HashMap::new(),
            silent: false,
        }
    }

    /// Stores an action under a hash made from its number.
    pub fn add(&mut self, action: Action) -> ActionHash {
        let hash = ActionHash::from_raw_32(vec![self.actions.len() as u8 + 1; 32]);
        self.actions.insert(hash.clone(), action);
        hash
    }

    /// Stores an entry of this zome and the action that creates it.
    pub fn create(&mut self, author: &AgentPubKey, entry: EntryTypes) -> ActionHash {
        let hash = EntryHash::from_raw_32(vec![self.entries.len() as u8 + 101; 32]);
        let entry_type = crate::ops::public(&entry);
        self.entries.insert(hash.clone(), Entry::try_from(entry).unwrap());
        self.add(crate::ops::action(author, ActionData::Create(CreateData { entry_type, entry_hash: hash })))
    }

    /// The entry that an action creates or updates to.
    pub fn entry_of(&mut self, hash: &ActionHash) -> &mut Entry {
        let entry_hash = self.actions[hash].data.entry_hash().unwrap();
        self.entries.get_mut(entry_hash).unwrap()
    }

    /// The verdict on the ops of one action, which must be the same on all of them; the record of a link may be found
    /// valid beside it, because only its form is looked at.
    pub fn verdict(&self, ops: Vec<Op>) -> Verdict {
        let mut verdicts = ops.into_iter().rev().map(|op| (op.clone(), self.verdict_on(op)));
        let (_, verdict) = verdicts.next().unwrap();
        for (op, other) in verdicts {
            let of_form = crate::ops::is_record_of_link(&op) && other == Verdict::Valid;
            assert!(of_form || other == verdict, "{verdict:?}, but {other:?} for {op:?}");
        }
        verdict
    }

    pub fn verdict_on(&self, op: Op) -> Verdict {
        self.install();
        match validate(op) {
            Ok(ValidateCallbackResult::Valid) => Verdict::Valid,
            Ok(ValidateCallbackResult::Invalid(reason)) => {
                let (rule, message) = reason.split_once(": ").unwrap();
                assert!(rule.chars().all(char::is_alphanumeric) && !message.is_empty(), "{reason}");
                broken(rule)
            }
            Ok(ValidateCallbackResult::UnresolvedDependencies(_)) => {
                panic!("the host says this, not the zome")
            }
            Err(error) => Verdict::Undecided(error),
        }
    }

    /// Makes this the host of the calling thread.
    pub fn install(&self) {
        set_hdi(self.clone());
    }
}

/// What the host answers when it has not got something: nothing that the zome could have made up.
pub fn miss(hash: impl Into<AnyDhtHash>) -> WasmError {
    let missing = UnresolvedDependencies::Hashes(vec![hash.into()]);
    let answer = ExternIO::encode(ValidateCallbackResult::UnresolvedDependencies(missing)).unwrap();
    WasmError {
        module_path: "host".into(),
        line: 7,
        error: WasmErrorInner::HostShortCircuit(answer.into_vec()),
    }
}

/// What the host answers when it cannot say what the zome is.
pub fn silence() -> WasmError {
    WasmError { module_path: "host".into(), line: 8, error: WasmErrorInner::Host("silence".into()) }
}

impl HdiT for Dht {
    fn must_get_entry(&self, input: MustGetEntryInput) -> ExternResult<EntryHashed> {
        let hash = input.into_inner();
        let entry = self.entries.get(&hash).cloned().ok_or_else(|| miss(hash.clone()))?;
        Ok(EntryHashed::with_pre_hashed(entry, hash))
    }

    fn must_get_action(&self, input: MustGetActionInput) -> ExternResult<SignedActionHashed> {
        let hash = input.into_inner();
        let action = self.actions.get(&hash).cloned().ok_or_else(|| miss(hash.clone()))?;
        Ok(crate::ops::signed(action, hash))
    }

    fn dna_info(&self, (): ()) -> ExternResult<DnaInfo> {
        Ok(DnaInfo {
            name: "rose_forest".into(),
            hash: DnaHash::from_raw_32(vec![9; 32]),
            modifiers: DnaModifiers {
                network_seed: "seed".into(),
                properties: UnsafeBytes::from(self.properties.clone()).into(),
            },
            zome_names: Vec::new(),
        })
    }

    fn zome_info(&self, (): ()) -> ExternResult<ZomeInfo> {
        if self.silent {
            return Err(silence());
        }
        Ok(ZomeInfo {
            name: "rose_forest_integrity".into(),
            id: ZOME,
            properties: SerializedBytes::default(),
            entry_defs: EntryDefs(Vec::new()),
            extern_fns: Vec::new(),
            zome_types: ScopedZomeTypesSet {
                entries: ScopedZomeTypes(vec![(ZOME, (0..3).map(EntryDefIndex).collect())]),
                links: ScopedZomeTypes(vec![(ZOME, (0..7).map(LinkType).collect())]),
            },
        })
    }

    fn verify_signature(&self, _: VerifySignature) -> ExternResult<bool> {
        unused()
    }
    fn must_get_valid_record(&self, _: MustGetValidRecordInput) -> ExternResult<Record> {
        unused()
    }
    fn must_get_agent_activity(&self, _: MustGetAgentActivityInput) -> ExternResult<Vec<AgentActivity>> {
        unused()
    }
    fn trace(&self, _: TraceMsg) -> ExternResult<()> {
        unused()
    }
    fn x_salsa20_poly1305_decrypt(
        &self,
        _: XSalsa20Poly1305Decrypt,
    ) -> ExternResult<Option<XSalsa20Poly1305Data>> {
        unused()
    }
    fn x_25519_x_salsa20_poly1305_decrypt(
        &self,
        _: X25519XSalsa20Poly1305Decrypt,
    ) -> ExternResult<Option<XSalsa20Poly1305Data>> {
        unused()
    }
    fn ed_25519_x_salsa20_poly1305_decrypt(
        &self,
        _: Ed25519XSalsa20Poly1305Decrypt,
    ) -> ExternResult<XSalsa20Poly1305Data> {
        unused()
    }
}

fn unused<T>() -> ExternResult<T> {
    panic!("validation has no use for this")
}
