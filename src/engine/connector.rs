//! The one trait: how a notice reaches people. A connector translates and sends; it decides nothing and does not
//! try again by itself.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use crate::sop::desk::Sop;
use crate::sop::escalation::EscalationId;
use crate::sop::message::{MessageId, PersonId, PlaceId, TicketRef};
use crate::sop::notice::{Answer, Card, DigestFacts, HistoryFacts, Line, LineFacts, PostFacts, ReplyTo, Section, Verb};
use crate::sop::team::Severity;
use crate::sop::ticket::Reading;

/// Something to be sent, decided in full.
#[derive(Debug)]
pub struct Outgoing {
    /// The same for every attempt at the same sending, across restarts: what a receiver can know a repetition by.
    pub key: String,
    pub to: Destination,
    pub telling: Telling,
    /// When it was decided, in SOP time.
    pub created: DateTime<Utc>,
    /// An earlier attempt may have arrived: look for it before sending again.
    pub maybe_sent: bool,
    /// Only cleared people may read it: the connector makes sure that the place is closed to others.
    pub confidential: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A new message in a place.
    Place(PlaceId),
    /// A message of ours that is to show something new.
    Message { place: PlaceId, message: MessageId },
    /// The thread of a message of ours, opened where there is none.
    Thread { place: PlaceId, message: MessageId },
    /// Whoever asked.
    Asker(ReplyTo),
    /// A ticket system.
    Ticket(TicketRef),
}

/// What is told. The words are made of it by the connector, from `templates/`.
#[derive(Debug)]
pub enum Telling {
    Card {
        card: Box<Card>,
        case: EscalationId,
        /// The page the card stands for, from 0.
        page: usize,
        buttons: Vec<Verb>,
        /// The version of the case it shows; its buttons carry it.
        version: u64,
        /// Who is to be pinged.
        ping: Option<Ping>,
    },
    Line {
        facts: serde_json::Value,
        /// It must stand for itself, whatever else is said at the moment: it is severe, or of a confidential case.
        is_grave: bool,
        /// The person who is to be pinged.
        ping: Option<PersonId>,
        /// Whether what is owed can be told by a button under it.
        asks: bool,
        /// What can be pressed below it, about which case, as of which version.
        buttons: &'static [Verb],
        case: EscalationId,
        version: u64,
    },
    Answer(Box<Answer>),
    /// What the procedure says to a customer: its own markup stays, and it pings nobody.
    Word(String),
    Post {
        facts: Box<PostFacts>,
        ping: Vec<PersonId>,
    },
    /// Something about the procedure as a whole; pings nobody.
    Sop(Sop),
    /// Nothing: the ticket is read.
    Reading,
    TicketNote(Box<TicketNote>),
    /// What happened to a case; pings nobody.
    History(Box<HistoryFacts>),
    /// Pings nobody.
    Digest(Box<DigestFacts>),
    DigestSection(Box<DigestFacts>, Section),
}

/// A note for staff in the ticket of a case, and what else becomes of the ticket then.
#[derive(Debug)]
pub struct TicketNote {
    /// What its template sees of the case; when it was decided is added to that.
    pub facts: serde_json::Value,
    /// Tells this note from every other of this log, with when it was decided from all others: `ESC-12 acknowledged #3`.
    pub marker: String,
    pub tag: Option<String>,
    /// What the ticket system calls the team, and the person, who has it now.
    pub group: Option<String>,
    pub agent: Option<String>,
}

/// Who hears a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ping {
    /// Everybody in a group.
    Group(String),
    People(Vec<PersonId>),
}

impl Telling {
    /// A line's facts as its template sees them.
    pub fn line(facts: &LineFacts<'_>, line: &Line, case: EscalationId, version: u64) -> Self {
        let ping = facts.detail.and_then(Line::calls).map(|person| person.id.clone());
        let owes = facts.case.as_ref().is_some_and(|card| card.owed.is_some());
        let asks = owes && facts.detail.is_some_and(Line::asks);
        let severity = facts.case.as_ref().map(|card| card.severity);
        let is_grave = facts.confidential || severity.is_none_or(|severity| severity == Severity::Sev1);
        let facts = serde_json::to_value(facts).expect("facts of a line are plain data");
        Self::Line { facts, is_grave, ping, asks, buttons: line.buttons(), case, version }
    }

    /// Nobody has to act on it, and it may stand with others.
    pub fn is_quiet(&self) -> bool {
        matches!(self, Self::Line { is_grave: false, ping: None, asks: false, buttons: [], .. })
    }
}

/// Where a message can be found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub place: PlaceId,
    pub message: MessageId,
}

/// It arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    Posted(Posted),
    /// What was read.
    Ticket(Box<Reading>),
    /// Nobody looks it up again.
    Done,
}

/// It did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Worth trying again: not before `after`, if the receiver said so.
    #[error("{why}")]
    Retry { after: Option<Duration>, why: String },
    /// Trying again will not help without a person.
    #[error("{why}")]
    GiveUp { why: String },
}

pub trait Connector: Send + Sync + 'static {
    /// Makes the words ready and returns the sending, which does nothing until it is awaited: the outbox awaits it
    /// once it is recorded. Sends once.
    fn deliver(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Receipt, Undelivered>>;
}
