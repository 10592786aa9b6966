//! A ticket as its system tells of it, in the words of the procedure.
//!
//! Whatever stands in one was written by others: customers, agents, programs. It is data, never markup.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sop::trigger::TicketFields;

/// What a ticket system knows of one ticket at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Customer,
    Agent,
    /// A program: a rule, a bot, the ticket system itself.
    System,
}

/// Who can read a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    Public,
    /// Staff only.
    Internal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
    /// What rules ask for. The tags of the requester count as the ticket's.
    pub fn fields(&self) -> TicketFields {
        TicketFields {
            priority: self.priority.map(|priority| priority.word().to_owned()),
            plan: self.requester.plan.clone(),
            organisation: self.requester.organisation.clone(),
            tags: self.tags.iter().chain(&self.requester.tags).cloned().collect(),
        }
    }

    /// What the customer said, the oldest first.
    pub fn said_by_customer(&self) -> impl DoubleEndedIterator<Item = &Comment> {
        self.comments.iter().filter(|comment| comment.role == Role::Customer)
    }

    /// Whether a comment holds this text, however its spaces and lines came back.
    pub fn mentions(&self, text: &str) -> bool {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = squeezed(text);
        self.comments.iter().any(|comment| squeezed(&comment.text).contains(&text))
    }
}
