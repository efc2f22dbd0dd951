//! What the zome has no say in: the system's own actions, and what is said of an agent's activity.

use crate::{
    dht::{Dht, Verdict},
    make::{self, forest, rose},
    ops,
};
use hdi::prelude::*;
use rose_forest_integrity::LinkTypes;

/// A DHT that has nothing: any look-up would leave the op undecided.
fn empty() -> Dht {
    Dht::new(&make::schema())
}

#[test]
fn the_actions_that_begin_and_end_a_chain_are_valid() {
    for data in [
        ActionData::Dna(DnaData { dna_hash: DnaHash::from_raw_32(vec![9; 32]) }),
        ActionData::AgentValidationPkg(AgentValidationPkgData { membrane_proof: None }),
        ActionData::InitZomesComplete(InitZomesCompleteData {}),
        ActionData::CloseChain(CloseChainData { new_target: None }),
    ] {
        let ops = ops::record_and_activity(&rose(), data.clone());
        assert_eq!(empty().verdict(ops), Verdict::Valid, "{data:?}");
    }
}

#[test]
fn an_agent_key_and_a_capability_grant_are_valid() {
    let grant = CapGrantEntry::new_zome_call_grant(
        "remote signals".into(),
        GrantConstraint::Unrestricted,
        GrantedFunctions::All,
    );
    assert_eq!(
        empty().verdict(ops::create_as(&rose(), EntryType::AgentPubKey, Entry::Agent(rose()))),
        Verdict::Valid
    );
    assert_eq!(
        empty().verdict(ops::create_as(&rose(), EntryType::CapGrant, Entry::CapGrant(grant))),
        Verdict::Valid
    );
}

#[test]
fn activity_is_valid_without_a_look_up_whatever_it_is() {
    let forest = forest();
    let created = forest.dht.actions.values().map(|action| action.data.clone());
    let linked = LinkTypes::iter().map(|link_type| forest.link(link_type).action().data);
    let deleted = ActionData::Delete(DeleteData {
        deletes_address: forest.cells.clone(),
        deletes_entry_address: EntryHash::from_raw_32(vec![1; 32]),
    });
    for data in created.chain(linked).chain([deleted]) {
        let activity = ops::record_and_activity(&rose(), data).pop().unwrap();
        assert_eq!(empty().verdict_on(activity), Verdict::Valid);
    }
}
