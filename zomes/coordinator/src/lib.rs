//! The coordinator zome: what an agent can do with a collection.
//!
//! Every function here reads its input, calls what does the work and returns. Nothing survives between calls;
//! what an earlier call began is found again on the agent's own chain. Calls that write must come one after the
//! other: two at once, and the slower one fails with `HeadMoved` and has written nothing.

mod atlas;
mod blocks;
mod bulk;
mod cells;
mod chain;
mod collection;
mod fail;
mod fresh;
mod insert;
mod look;
mod nodes;
mod own;
mod points;
mod routes;
mod search;
mod settle;
mod shares;
mod signals;
mod trace;
mod upkeep;
mod versions;

use hdk::prelude::*;
use rose_forest_api::GetInput;
use rose_forest_api::*;

/// Lets peers send signals. A peer has no secret to show, so the grant is for everybody, and the only thing it
/// grants is to be told something.
#[hdk_extern]
pub fn init(_: ()) -> ExternResult<InitCallbackResult> {
    signals::grant()?;
    Ok(InitCallbackResult::Pass)
}

/// Tells clients and peers of new blocks.
#[hdk_extern(infallible)]
pub fn post_commit(actions: Vec<SignedActionHashed>) {
    if let Err(error) = signals::after_commit(actions) {
        warn!("no word was sent of new blocks, peers will find them by their links: {error}");
    }
}

/// A peer's word of new blocks, or what a peer's program says to this node's.
#[hdk_extern]
pub fn recv_remote_signal(message: PeerMessage) -> ExternResult<()> {
    signals::received(message)
}

/// Sends something to the programs of other nodes. It is not known whether it arrives.
#[hdk_extern]
pub fn send_to_nodes(input: SendInput) -> ExternResult<()> {
    signals::send(input)
}

/// Inserts or overwrites up to 10,000 points. They can be found when the call returns.
/// Cost: one block and one link.
#[hdk_extern]
pub fn insert(input: InsertInput) -> ExternResult<WriteOutput> {
    insert::insert(&input)
}

/// Inserts many points, sorted into cells before they are written. They can be found once `settle` is done.
/// Cost: a block for every cell that gets rows; if the caller does not say which ids were used before, reads all blocks of
/// this author.
#[hdk_extern]
pub fn bulk_insert(input: BulkInsertInput) -> ExternResult<WriteOutput> {
    bulk::bulk_insert(input)
}

/// Deletes points of this author by id.
/// Cost: one block and one link; if the caller does not say which of the points are there, reads all blocks of this author.
#[hdk_extern]
pub fn delete(input: FoundDeleteInput) -> ExternResult<WriteOutput> {
    insert::delete(&input)
}

/// Reads points by id.
#[hdk_extern]
pub fn get(input: GetInput) -> ExternResult<GetOutput> {
    points::get(&input)
}

/// Reads a page of points.
#[hdk_extern]
pub fn scroll(input: ScrollInput) -> ExternResult<ScrollOutput> {
    points::scroll(&input)
}

/// Counts points.
#[hdk_extern]
pub fn count(input: CountInput) -> ExternResult<CountOutput> {
    points::count(&input)
}

/// Searches the nearest points.
#[hdk_extern]
pub fn search(input: SearchInput) -> ExternResult<SearchOutput> {
    search::search(&input)
}

/// Moves this author's fresh rows into cells, step by step: call again until `done`.
/// Cost: linear in the rows that it moves and links, and in the blocks that hold older versions of them; if the caller does
/// not say which those are, reads all blocks of this author.
#[hdk_extern]
pub fn settle(input: SettleInput) -> ExternResult<SettleOutput> {
    settle::settle(&input)
}

/// Keeps cells in shape: splits crowded ones, lets small ones give way, gathers scattered blocks.
#[hdk_extern]
pub fn upkeep(input: UpkeepInput) -> ExternResult<UpkeepOutput> {
    upkeep::upkeep(&input)
}

/// Says something of this node, if it is new. Returns the action that says it.
#[hdk_extern]
pub fn announce(input: AnnounceInput) -> ExternResult<ActionHash> {
    nodes::announce(input)
}

/// The nodes that announced themselves, as this node knows.
#[hdk_extern]
pub fn list_nodes(_: ()) -> ExternResult<Vec<NodeInfo>> {
    nodes::list()
}

/// The collection as this node sees it.
#[hdk_extern]
pub fn collection_info(_: ()) -> ExternResult<CollectionInfo> {
    collection::info()
}

/// A page of the regions and cells that exist, as this node knows them: their centres, and what lies in them.
/// Cost: reads the entries of all regions and cells, and the links of those on the page; opens no block.
#[hdk_extern]
pub fn cells(input: CellsInput) -> ExternResult<CellsOutput> {
    atlas::page(&input)
}
