//! The log on disk. No SQL outside this folder; a desk's id stands in every key.
//!
//! `sqlite` opens and appends, `past` reads back, `chain` says what a link is, `proof` finds where a chain is broken, and
//! `erase` rewrites lines without breaking it. A start reads the last link and proves nothing: that is for `bellhop verify`,
//! which takes as long as the log is.

mod chain;
mod erase;
mod past;
mod proof;
mod sqlite;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::engine::input::{InputId, Position};
use crate::sop::desk::{Desk, Fact};
use crate::sop::notice::Notice;

pub use crate::engine::store::chain::Link;
pub use crate::engine::store::erase::{Plan, Rewrote};
pub use crate::engine::store::past::LogAt;
pub use crate::engine::store::proof::{Broken, How, Proof};
pub use crate::engine::store::sqlite::SqliteStore;

/// Everything one batch of inputs leads to: recorded together or not at all.
#[derive(Debug, Default)]
pub struct Batch {
    pub facts: Vec<Recorded>,
    pub told: Vec<Told>,
    pub to_tell: Vec<ToTell>,
    pub inputs: Vec<(InputId, DateTime<Utc>)>,
    pub positions: Vec<Position>,
}

impl Batch {
    /// Adds a notice. One key has one row: what this batch said of an older one with the same key is no longer so.
    pub fn tell(&mut self, row: ToTell) {
        self.to_tell.retain(|waiting| waiting.key != row.key);
        self.told.retain(|told| told.key != row.key);
        self.to_tell.push(row);
    }

    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
            && self.told.is_empty()
            && self.to_tell.is_empty()
            && self.inputs.is_empty()
            && self.positions.is_empty()
    }
}

/// One line of the log, with what it was recorded for.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// As [`Entry::seq`].
    pub seq: i64,
    /// As [`Entry::at`].
    pub at: DateTime<Utc>,
    pub input: InputId,
    pub procedure: String,
    pub fact: Fact,
}

/// A line of the log, as a desk takes it in.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Counts up by one per desk, from 1.
    pub seq: i64,
    /// Whole milliseconds.
    pub at: DateTime<Utc>,
    pub fact: Fact,
}

/// A line of the log as it lies on the disk: nothing about it has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub seq: i64,
    /// Milliseconds since 1970 (UTC).
    pub at: i64,
    pub input: String,
    pub procedure: String,
    /// JSON.
    pub fact: String,
    pub salt: Vec<u8>,
    /// Of what it said at first.
    pub digest: Option<Link>,
    pub link: Option<Link>,
}

/// A notice that waits in the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct ToTell {
    pub key: String,
    pub generation: i64,
    pub created: DateTime<Utc>,
    pub notice: Notice,
}

/// A notice that is done with, unless a newer generation of it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub key: String,
    pub generation: i64,
}

/// What a desk finds when it starts.
#[derive(Debug, Default)]
pub struct Past {
    pub desk: Desk,
    /// The number of its last fact; 0 before the first.
    pub last: i64,
    /// In the order in which they were decided.
    pub to_tell: Vec<ToTell>,
    /// The latest ones, oldest first.
    pub inputs: Vec<InputId>,
    pub positions: Vec<Position>,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("another bellhop is running on {path}: stop it first, or give this one a log of its own")]
    InUse { path: String },
    #[error("the log {path} cannot be opened")]
    Open { path: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("the log could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the log could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the log {path} has no chain yet: start the bot on it once, or bellhop erase, with this version")]
    Unchained { path: String },
    #[error(
        "entry {seq} of the log is not one this version understands: another version wrote it, or somebody changed it, of \
         which `bellhop verify` says more"
    )]
    Foreign { seq: i64, source: serde_json::Error },
    #[error("{} of the log holds what this program does not write: `bellhop verify` says more", entry(*.seq))]
    Misshapen { seq: Option<i64> },
    #[error("entry {seq} of the log cannot have happened after those before it: `bellhop verify` says more")]
    Unfounded { seq: i64 },
    #[error("{path} is no log of Bellhop")]
    NoLog { path: String },
}

fn entry(seq: Option<i64>) -> String {
    seq.map_or_else(|| "an entry".to_owned(), |seq| format!("entry {seq}"))
}
