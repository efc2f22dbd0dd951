//! Word of new blocks, to this node's clients and to its peers; and what programs of nodes say to each other.

use crate::{blocks::Block, collection::schema, fail::OrFail, nodes};
use hdk::prelude::*;
use rose_forest_api::{BlockWritten, MAX_INLINE_BLOCK_BYTES, PeerMessage, SendInput, Signal};
use rose_forest_integrity::UnitEntryTypes;

/// Lets everybody send signals here.
pub fn grant() -> ExternResult<()> {
    let mut functions = std::collections::HashSet::new();
    functions.insert((zome_info()?.name, FunctionName::from("recv_remote_signal")));
    create_cap_grant(CapGrantEntry {
        tag: "signals".into(),
        constraint: GrantConstraint::Unrestricted,
        capability: Capability::ZomeCall(ZomeCallGrant { functions: GrantedFunctions::Listed(functions) }),
    })?;
    Ok(())
}

/// Tells clients, and the nodes that announced themselves, of the blocks among these actions.
pub fn after_commit(actions: Vec<SignedActionHashed>) -> ExternResult<()> {
    let vector = EntryType::try_from(UnitEntryTypes::Vector)?;
    let written = actions.iter().filter(|action| match &action.hashed.content.data {
        ActionData::Create(create) => create.entry_type == vector,
        _ => false,
    });
    let inputs: Vec<_> =
        written.map(|a| GetInput::new(a.as_hash().clone().into(), GetOptions::local())).collect();
    if inputs.is_empty() {
        return Ok(());
    }
    let schema = schema()?;
    let agent = agent_info()?.agent_initial_pubkey;
    let mut blocks = Vec::with_capacity(inputs.len());
    for record in HDK.with(|h| h.borrow().get(inputs))?.into_iter().flatten() {
        let signed = holochain_serialized_bytes::encode(&record).or_fail()?;
        let Some(block) = Block::from_record(record, &schema, &agent) else { continue };
        let view = block.view()?;
        let small = view.cell().is_none() && signed.len() <= MAX_INLINE_BLOCK_BYTES;
        blocks.push(BlockWritten {
            rows: view.live_rows() as u32,
            tombstones: view.tombstones() as u32,
            settled: view.cell().is_some(),
            record: small.then_some(signed),
            author: block.author.clone(),
            block: block.action.clone(),
        });
    }
    let peers = nodes::others()?;
    if !peers.is_empty() {
        send_remote_signal(PeerMessage::Wrote(blocks.clone()), peers)?;
    }
    emit_signal(Signal::Written { blocks })
}

/// See [`crate::send_to_nodes`].
pub fn send(input: SendInput) -> ExternResult<()> {
    send_remote_signal(PeerMessage::ToNode(input.message), input.to)
}

/// See [`crate::recv_remote_signal`].
pub fn received(message: PeerMessage) -> ExternResult<()> {
    let from = call_info()?.provenance;
    emit_signal(match message {
        PeerMessage::Wrote(blocks) => Signal::PeerWrote { from, blocks },
        PeerMessage::ToNode(message) => Signal::PeerSaid { from, message },
    })
}
