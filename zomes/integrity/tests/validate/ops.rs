//! Actions, and the ops that each of them becomes.

use crate::{dht::ZOME, make::NOW};
use hdi::prelude::*;
use rose_forest_integrity::{EntryTypes, LinkTypes};

pub fn action(author: &AgentPubKey, data: ActionData) -> Action {
    let header = ActionHeader {
        author: author.clone(),
        timestamp: Timestamp::from_micros(NOW),
        action_seq: 7,
        prev_action: Some(ActionHash::from_raw_32(vec![6; 32])),
    };
    Action { header, data }
}

pub fn signed(action: Action, hash: ActionHash) -> SignedActionHashed {
    SignedActionHashed::with_presigned(HoloHashed::with_pre_hashed(action, hash), Signature([0; 64]))
}

fn sign(action: Action) -> SignedActionHashed {
    signed(action, ActionHash::from_raw_32(vec![200; 32]))
}

pub fn entry_type(index: u8, visibility: EntryVisibility) -> EntryType {
    EntryType::App(AppEntryDef { entry_index: EntryDefIndex(index), zome_index: ZOME, visibility })
}

/// The type of a public entry.
pub fn public(entry: &EntryTypes) -> EntryType {
    entry_type(index(entry), EntryVisibility::Public)
}

pub fn index(entry: &EntryTypes) -> u8 {
    match entry {
        EntryTypes::Vector(_) => 0,
        EntryTypes::Centroid(_) => 1,
        EntryTypes::NodeMetadata(_) => 2,
    }
}

/// The ops that check the content of a new entry.
pub fn create(author: &AgentPubKey, entry: EntryTypes) -> Vec<Op> {
    let entry_type = public(&entry);
    create_as(author, entry_type, Entry::try_from(entry).unwrap())
}

/// The same for an entry and a type that may not fit.
pub fn create_as(author: &AgentPubKey, entry_type: EntryType, entry: Entry) -> Vec<Op> {
    let visibility = *entry_type.visibility();
    let entry_hash = EntryHash::from_raw_32(vec![201; 32]);
    let signed = sign(action(author, ActionData::Create(CreateData { entry_type, entry_hash })));
    record_and_entry(signed, visibility, entry)
}

fn record_and_entry(signed: SignedActionHashed, visibility: EntryVisibility, entry: Entry) -> Vec<Op> {
    // The record of a private entry travels without it.
    let shown = (visibility == EntryVisibility::Public).then(|| entry.clone());
    let record = Record::new(signed.clone(), RecordEntry::new(Some(&visibility), shown));
    vec![Op::CreateRecord(CreateRecord { record }), Op::CreateEntry(CreateEntry { action: signed, entry })]
}

/// The ops of an update to this entry: of the record, of the new entry, and of the old one.
pub fn update(author: &AgentPubKey, visibility: EntryVisibility, entry: EntryTypes) -> Vec<Op> {
    let data = UpdateData {
        original_action_address: ActionHash::from_raw_32(vec![1; 32]),
        original_entry_address: EntryHash::from_raw_32(vec![101; 32]),
        entry_type: entry_type(index(&entry), visibility),
        entry_hash: EntryHash::from_raw_32(vec![201; 32]),
    };
    let signed = sign(action(author, ActionData::Update(data)));
    let entry = Entry::try_from(entry).unwrap();
    let new_entry = (visibility == EntryVisibility::Public).then(|| entry.clone());
    let mut ops = record_and_entry(signed.clone(), visibility, entry);
    ops.push(Op::Update(Update { update: signed, new_entry }));
    ops
}

/// The ops of a deletion: of the record, and of what it deletes.
pub fn delete(author: &AgentPubKey, deletes: &ActionHash) -> Vec<Op> {
    let data = DeleteData {
        deletes_address: deletes.clone(),
        deletes_entry_address: EntryHash::from_raw_32(vec![101; 32]),
    };
    let delete = sign(action(author, ActionData::Delete(data)));
    vec![bare_record(delete.clone()), Op::Delete(Delete { delete })]
}

pub fn bare_record(signed: SignedActionHashed) -> Op {
    Op::CreateRecord(CreateRecord { record: Record::new(signed, RecordEntry::NA) })
}

/// Whether an op stores the record of a new link.
pub fn is_record_of_link(op: &Op) -> bool {
    matches!(op, Op::CreateRecord(op) if matches!(op.record.action().data, ActionData::CreateLink(_)))
}

/// The record op of an action without an entry, and the op of its author's activity.
pub fn record_and_activity(author: &AgentPubKey, data: ActionData) -> Vec<Op> {
    let signed = sign(action(author, data));
    vec![bare_record(signed.clone()), Op::AgentActivity(AgentActivity { action: signed, cached_entry: None })]
}

/// A link that tests bend.
#[derive(Clone)]
pub struct Link {
    pub author: AgentPubKey,
    pub link_type: LinkTypes,
    pub base: AnyLinkableHash,
    pub target: AnyLinkableHash,
    pub tag: Vec<u8>,
}

impl Link {
    pub fn action(&self) -> Action {
        let data = CreateLinkData {
            base_address: self.base.clone(),
            target_address: self.target.clone(),
            zome_index: ZOME,
            link_type: LinkType(self.link_type as u8),
            tag: LinkTag(self.tag.clone()),
        };
        action(&self.author, ActionData::CreateLink(data))
    }

    /// The ops of creating it.
    pub fn create(&self) -> Vec<Op> {
        let create_link = sign(self.action());
        vec![bare_record(create_link.clone()), Op::CreateLink(CreateLink { create_link })]
    }

    /// The ops of deleting it, when it was created by the action `created`: of the record, which knows that
    /// hash alone, and of the link.
    pub fn delete(&self, author: &AgentPubKey, created: &ActionHash) -> Vec<Op> {
        let data = DeleteLinkData { base_address: self.base.clone(), link_add_address: created.clone() };
        let delete_link = sign(action(author, ActionData::DeleteLink(data)));
        vec![
            bare_record(delete_link.clone()),
            Op::DeleteLink(DeleteLink { delete_link, create_link: self.action() }),
        ]
    }
}
