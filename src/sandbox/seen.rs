//! What happened on the wire, in order, and which rules were broken.

use std::sync::Arc;
use std::time::Instant;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Entries kept unless told otherwise: about 50 MB of cards.
const SEEN_KEPT: usize = 20_000;
/// Violations kept: the first ones tell what went wrong.
const VIOLATIONS_KEPT: usize = 500;

/// One thing that anybody, the bot or a person, did to a message or an interaction. Every entry is one request.
///
/// `pinged` are the people who really got a notification: what the text mentions, cut by `allowed_mentions`,
/// by permissions and by who can see the channel, roles expanded. Edits never ping.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// A message in a channel, by the bot (with its token) or by a person: the author tells.
    Posted {
        channel: u64,
        #[serde(serialize_with = "shared")]
        message: Arc<Value>,
        pinged: Vec<u64>,
        pinged_roles: Vec<u64>,
        #[serde(skip)]
        at: Instant,
    },
    Edited {
        channel: u64,
        #[serde(serialize_with = "shared")]
        message: Arc<Value>,
        #[serde(skip)]
        at: Instant,
    },
    Deleted {
        channel: u64,
        message: u64,
        #[serde(skip)]
        at: Instant,
    },
    /// The first response to an interaction.
    Answer {
        interaction: u64,
        /// Who pressed or typed.
        user: u64,
        channel: u64,
        kind: AnswerKind,
        /// The message (also of an update), the form, the choices; null for a deferral.
        #[serde(serialize_with = "shared")]
        body: Arc<Value>,
        ephemeral: bool,
        pinged: Vec<u64>,
        #[serde(skip)]
        at: Instant,
    },
    /// A further message on an interaction's token.
    FollowUp {
        interaction: u64,
        user: u64,
        channel: u64,
        #[serde(serialize_with = "shared")]
        message: Arc<Value>,
        ephemeral: bool,
        pinged: Vec<u64>,
        #[serde(skip)]
        at: Instant,
    },
    /// A message edited on an interaction's token. Completing a deferred answer is one.
    AnswerEdited {
        interaction: u64,
        user: u64,
        channel: u64,
        #[serde(serialize_with = "shared")]
        message: Arc<Value>,
        ephemeral: bool,
        #[serde(skip)]
        at: Instant,
    },
    /// A message deleted on an interaction's token.
    AnswerDeleted {
        interaction: u64,
        user: u64,
        channel: u64,
        message: u64,
        #[serde(skip)]
        at: Instant,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// "Thinking…" (type 5).
    Deferred,
    /// Nothing to see yet (type 6).
    DeferredUpdate,
    Message,
    Update,
    Modal,
    Choices,
}

/// The log of everything, bounded.
pub(super) struct Record {
    seen: Vec<Seen>,
    /// How many entries are kept at least; when twice as many have gathered, the older half is dropped.
    pub kept: usize,
    /// How many entries were dropped before `seen[0]`.
    dropped: usize,
    violations: Vec<String>,
    /// REST calls so far.
    pub calls: u64,
}

impl Default for Record {
    fn default() -> Self {
        Self { seen: Vec::new(), kept: SEEN_KEPT, dropped: 0, violations: Vec::new(), calls: 0 }
    }
}

impl Record {
    pub fn seen(&mut self, seen: Seen) {
        if self.seen.len() >= 2 * self.kept {
            let old = self.seen.len() - self.kept;
            self.seen.drain(..old);
            self.dropped += old;
        }
        self.seen.push(seen);
    }

    /// Entries from number `from` on, counted from 0 since the start; those already dropped are left out.
    pub fn since(&self, from: usize) -> &[Seen] {
        &self.seen[from.saturating_sub(self.dropped).min(self.seen.len())..]
    }

    /// How many entries there were since the start.
    pub fn count(&self) -> usize {
        self.dropped + self.seen.len()
    }

    /// Something the real Discord would refuse, or that is an accident waiting to happen.
    pub fn violation(&mut self, what: String) {
        if self.violations.len() < VIOLATIONS_KEPT {
            self.violations.push(what);
        }
    }

    pub fn violations(&self) -> &[String] {
        &self.violations
    }
}

fn shared<S: Serializer>(value: &Arc<Value>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(serializer)
}
