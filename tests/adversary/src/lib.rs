//! A coordinator zome that obeys no rule.
//!
//! Coordinator zomes are not part of a network's identity, so anyone may run this one beside the honest
//! integrity zome and, with self-validation switched off, sign and publish whatever it is told to. It names no
//! type of the integrity zome: entry and link types are numbers, and entries are bytes. Only tests use it, and
//! it is in no packed DNA.

use hdk::prelude::*;
use serde_bytes::ByteBuf;

/// The only integrity zome of the DNA.
const ZOME: ZomeIndex = ZomeIndex(0);

/// One action to sign. `tests/sweettest` has the same type.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Creates an entry.
    Entry {
        /// Its place among the entry types.
        entry_type: u8,
        /// Its serialized content, true or not.
        bytes: ByteBuf,
        /// Whether to keep it from all others.
        #[serde(default)]
        private: bool,
    },
    /// Updates the entry of an action, whoever signed that.
    Update {
        /// The action.
        original: ActionHash,
        /// The new content.
        bytes: ByteBuf,
    },
    /// Deletes the entry of an action, whoever signed that.
    Delete {
        /// The action.
        original: ActionHash,
    },
    /// Creates a link.
    Link {
        /// Its place among the link types.
        link_type: u8,
        /// Where it starts.
        base: AnyLinkableHash,
        /// Where it leads.
        target: AnyLinkableHash,
        /// What it says.
        tag: ByteBuf,
    },
    /// Deletes a link, whoever signed it.
    DeleteLink {
        /// The action that created it.
        link: ActionHash,
    },
}

/// Signs all these actions in one commit, and returns their hashes in the same order.
#[hdk_extern]
pub fn act(acts: Vec<Act>) -> ExternResult<Vec<ActionHash>> {
    acts.into_iter().map(sign).collect()
}

fn sign(act: Act) -> ExternResult<ActionHash> {
    match act {
        Act::Entry { entry_type, bytes, private } => create(CreateInput::new(
            EntryDefLocation::app(ZOME, EntryDefIndex(entry_type)),
            if private { EntryVisibility::Private } else { EntryVisibility::Public },
            entry(bytes),
            ChainTopOrdering::default(),
        )),
        Act::Update { original, bytes } => {
            update(UpdateInput::new(original, entry(bytes), ChainTopOrdering::default()))
        }
        Act::Delete { original } => delete(DeleteInput::new(original, ChainTopOrdering::default())),
        Act::Link { link_type, base, target, tag } => HDK.with(|hdk| {
            hdk.borrow().create_link(CreateLinkInput::new(
                base,
                target,
                ZOME,
                LinkType(link_type),
                LinkTag(tag.into_vec()),
                ChainTopOrdering::default(),
            ))
        }),
        Act::DeleteLink { link } => delete_link(link, GetOptions::local()),
    }
}

fn entry(bytes: ByteBuf) -> Entry {
    Entry::App(AppEntryBytes(SerializedBytes::from(UnsafeBytes::from(bytes.into_vec()))))
}
