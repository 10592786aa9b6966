//! A ticket as its system tells of it, in the words of the procedure.
//!
//! Whatever stands in one was written by others: customers, agents, programs. It is data, never markup.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::message::cut;
use crate::sop::trigger::TicketFields;

/// What a ticket system knows of one ticket at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// What its system's interface calls it.
    pub id: String,
    /// What people call it; often the same.
    pub number: String,
    pub subject: String,
    pub status: TicketStatus,
    /// `None`: nobody has set one, or its system has none.
    pub priority: Option<TicketPriority>,
    pub requester: Requester,
    /// The name of who works on it, or their id where names are not told.
    pub assignee: Option<String>,
    /// The team, queue or inbox it lies in, by name or else by id.
    pub group: Option<String>,
    pub tags: Vec<String>,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    /// The oldest first; the first is what the ticket was opened with.
    pub comments: Vec<Comment>,
    /// There are more comments than were read.
    pub is_cut: bool,
}

/// Who asks for help.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    pub id: String,
    pub name: String,
    pub email: Option<String>,
    pub organisation: Option<String>,
    /// What they have bought.
    pub plan: Option<String>,
    /// Of the person or the organisation, not of the ticket.
    pub tags: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    pub id: String,
    /// Empty where only an id is told.
    pub author: String,
    pub role: Role,
    pub visibility: Visibility,
    /// Without markup.
    pub text: String,
    pub at: DateTime<Utc>,
}

/// Who wrote a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Customer,
    Agent,
    /// A program: a rule, a bot, the ticket system itself.
    System,
}

/// Who can read a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    Public,
    /// Staff only.
    Internal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// Staff have to do something.
    Open,
    /// The customer has to answer.
    Waiting,
    /// Somebody or something else is waited for.
    OnHold,
    /// An answer of the customer opens it again.
    Solved,
    Closed,
}

/// The word for it is what rules compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketPriority {
    /// P1.
    Urgent,
    High,
    Normal,
    Low,
}

impl TicketStatus {
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::OnHold => "on hold",
            Self::Solved => "solved",
            Self::Closed => "closed",
        }
    }
}

impl TicketPriority {
    pub fn word(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

impl Ticket {
    /// What the customer said, the oldest first.
    pub fn said_by_customer(&self) -> impl DoubleEndedIterator<Item = &Comment> {
        self.comments.iter().filter(|comment| comment.role == Role::Customer)
    }

    /// Staff have to answer: what the customer said last stands alone.
    fn is_open(&self) -> bool {
        !matches!(self.status, TicketStatus::Solved | TicketStatus::Closed)
    }
}

impl Comment {
    /// Whether it holds this text, however its spaces and lines came back.
    pub fn says(&self, text: &str) -> bool {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        squeezed(&self.text).contains(&squeezed(text))
    }
}

/// A ticket as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub ticket: Ticket,
    /// How many tickets its requester opened within [`RECENT_DAYS`], this one among them; `None` where nobody can say.
    pub recent: Option<u32>,
}

/// Days back that the tickets of a requester are counted.
pub const RECENT_DAYS: i64 = 30;
/// Things a customer said that are kept of a ticket …
const SAID_MAX: usize = 3;
/// … and characters of each.
const SAID_CHARS_MAX: usize = 200;

/// What is kept of a ticket until it is read again: what a card shows, what rules ask for, and how far it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub number: String,
    pub subject: String,
    pub status: TicketStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<TicketPriority>,
    /// Without an address: nobody is written to by us.
    pub requester: Requester,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    /// What the customer said last, the oldest first; empty while no case is open about the ticket.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Said>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent: Option<u32>,
    /// It was read for a form only: nothing that was said there was heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_glance: bool,
    /// The newest comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_to: Option<ReadTo>,
}

/// Something that the customer said in a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub at: DateTime<Utc>,
    pub text: String,
}

/// How far the comments of a ticket were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadTo {
    pub comment: String,
    pub at: DateTime<Utc>,
}

impl Reading {
    pub fn known(&self) -> Known {
        let Self { ticket, recent } = self;
        let said = |comment: &Comment| Said { at: comment.at, text: cut(&comment.text, SAID_CHARS_MAX) };
        let mut said: Vec<Said> = ticket.said_by_customer().rev().take(SAID_MAX).map(said).collect();
        said.reverse();
        let newest = ticket.comments.last();
        Known {
            number: ticket.number.clone(),
            subject: ticket.subject.clone(),
            status: ticket.status,
            priority: ticket.priority,
            requester: Requester { email: None, ..ticket.requester.clone() },
            assignee: ticket.assignee.clone(),
            group: ticket.group.clone(),
            tags: ticket.tags.clone(),
            created: ticket.created,
            updated: ticket.updated,
            said,
            recent: *recent,
            is_glance: false,
            read_to: newest.map(|comment| ReadTo { comment: comment.id.clone(), at: comment.at }),
        }
    }

    /// The comments that came after what is known. Of a ticket that is read for the first time: what the customer has
    /// said since anybody answered them, as long as the ticket is open.
    pub fn unheard(&self, before: Option<&Known>) -> &[Comment] {
        let comments = self.ticket.comments.as_slice();
        let is_answer = |comment: &Comment| comment.role == Role::Agent && comment.visibility == Visibility::Public;
        let from = match before.map(|known| known.read_to.as_ref()) {
            None if !self.ticket.is_open() => comments.len(),
            None => comments.iter().rposition(is_answer).map_or(0, |answer| answer + 1),
            Some(None) => 0,
            Some(Some(ReadTo { comment, at })) => match comments.iter().rposition(|known| known.id == *comment) {
                Some(known) => known + 1,
                // It was deleted.
                None => comments.partition_point(|comment| comment.at <= *at),
            },
        };
        &comments[from..]
    }
}

/// A part of a ticket that a form can be filled in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketPart {
    Subject,
    /// The requester's name, with organisation and plan.
    Customer,
    Priority,
    Tags,
}

impl Known {
    /// The same without what the customer said.
    #[must_use]
    pub fn without_words(&self) -> Self {
        Self { said: Vec::new(), ..self.clone() }
    }

    /// Whether a card shows the same of both.
    pub fn looks_like(&self, other: &Self) -> bool {
        let shown = |known: &Self| Self { updated: self.updated, read_to: None, ..known.clone() };
        shown(self) == shown(other)
    }

    /// A part, as one would type it; empty where it is not there.
    pub fn part(&self, part: TicketPart) -> String {
        match part {
            TicketPart::Subject => self.subject.clone(),
            TicketPart::Customer => {
                let Requester { name, organisation, plan, .. } = &self.requester;
                let parts = [Some(name), organisation.as_ref(), plan.as_ref()].into_iter().flatten();
                parts.filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
            }
            TicketPart::Priority => self.priority.map(|priority| priority.word().to_owned()).unwrap_or_default(),
            TicketPart::Tags => self.tags.join(", "),
        }
    }

    /// What rules ask for. The tags of the requester count as the ticket's.
    pub fn fields(&self) -> TicketFields {
        TicketFields {
            priority: self.priority.map(|priority| priority.word().to_owned()),
            plan: self.requester.plan.clone(),
            organisation: self.requester.organisation.clone(),
            tags: self.tags.iter().chain(&self.requester.tags).cloned().collect(),
        }
    }
}
