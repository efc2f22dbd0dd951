//! The values that second labels take: enums, so that there are never more series than this file says.

use std::fmt::Debug;

/// A label with a fixed set of values.
pub(super) trait Label: Copy + Debug + 'static {
    /// Its name.
    const NAME: &'static str;
    /// Its values, each at the place that [`Label::place`] says.
    const ALL: &'static [Self];

    /// The value as text.
    fn text(self) -> &'static str;

    /// Where it stands in [`Label::ALL`].
    fn place(self) -> usize;
}

macro_rules! label {
    ($(#[$doc:meta])* $visibility:vis $enum:ident is $name:literal {
        $($(#[$value_doc:meta])* $value:ident: $text:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visibility enum $enum {
            $($(#[$value_doc])* $value,)+
        }

        impl Label for $enum {
            const NAME: &'static str = $name;
            const ALL: &'static [Self] = &[$(Self::$value,)+];

            fn text(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }

            fn place(self) -> usize {
                self as usize
            }
        }
    };
}

label! {
    /// Who answered a search.
    pub AnsweredBy is "answered_by" {
        /// This node's index.
        Memory: "memory",
        /// The zome, from the conductor's database.
        Zome: "zome",
    }
}

label! {
    /// What became of a block that a peer announced or gave when it was asked, before or after the DHT delivered it.
    pub PeerBlock is "outcome" {
        /// Its rows are shown as unconfirmed.
        Taken: "taken",
        /// It breaks a rule, or its signature does not fit.
        Refused: "refused",
        /// Its author, or who brought it, has too many unconfirmed ones here.
        NoRoom: "no_room",
        /// The DHT has not delivered it in time: its rows are no longer shown.
        Withdrawn: "withdrawn",
        /// The DHT has delivered it.
        Confirmed: "confirmed",
    }
}

label! {
    /// What an insert was waited for.
    pub Until is "until" {
        /// It is in the log, and survives the end of the process.
        Log: "log",
        /// It is on the chain, and this node's searches find it.
        Chain: "chain",
    }
}

label! {
    /// What turned a write away.
    pub RefusedBy is "reason" {
        /// Too much waits for the chain already.
        QueueFull: "queue_full",
        /// The log could not be written: a full disk, for instance.
        Log: "log",
        /// The chain, for what is in it; it is not tried again.
        Chain: "chain",
    }
}

label! {
    /// Whether another agent can be reached.
    pub Peer is "state" {
        /// It can.
        Reachable: "reachable",
        /// It cannot at present.
        Unreachable: "unreachable",
    }
}

label! {
    /// Where rows lie.
    pub(super) RowPlace is "place" {
        /// In the graph.
        Memory: "memory",
        /// In the lists.
        Disk: "disk",
        /// Nowhere, until their blocks have been read again.
        Missing: "missing",
    }
}

label! {
    /// Where bytes lie.
    pub(super) BytePlace is "place" {
        /// In memory.
        Memory: "memory",
        /// On disk.
        Disk: "disk",
    }
}
