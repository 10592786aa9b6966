//! What somebody wrote, where, and who they are to us.

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// An id given by whoever owns the thing (a chat platform, a ticket system). Opaque: compared, stored, never parsed.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub CompactString);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A person: customer, staff or bot.
    PersonId
);
id!(
    /// Where people talk: a channel, a thread, or a ticket ([`TicketRef::place`]).
    PlaceId
);
id!(
    /// One message somebody wrote.
    MessageId
);

/// Who somebody is to the desk. Only what a customer says fires triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    Customer,
    Staff,
    Bot,
}

/// Somebody who speaks or presses a button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    /// As shown to other people. Hostile input like everything a customer writes.
    pub name: CompactString,
    pub standing: Standing,
}

/// A ticket in another system, recognised by a link in a message or typed by a rep.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TicketRef {
    /// The name of the configured pattern that recognised it, `"typed"` where a person typed it by hand.
    pub system: String,
    pub id: String,
    /// The link, if there was one.
    #[serde(default)]
    pub url: Option<String>,
}

impl TicketRef {
    /// The same ticket, however it was named.
    pub fn is_same(&self, other: &Self) -> bool {
        self.system == other.system && self.id == other.id
    }

    /// Where its comments are written, as if it were a place of the chat.
    pub fn place(&self) -> PlaceId {
        format!("{TICKET_PLACE}{}/{}", self.system, self.id).into()
    }

    /// Somebody who writes in tickets of this system, by what it calls them.
    pub fn person(&self, id: &str) -> PersonId {
        format!("{TICKET_PLACE}{}/{id}", self.system).into()
    }
}

/// What begins the ids of places and people that are known from tickets; no chat platform has ids that do.
const TICKET_PLACE: &str = "ticket/";

impl PersonId {
    /// Known from tickets only ([`TicketRef::person`]): nobody of the chat.
    pub fn is_of_ticket(&self) -> bool {
        self.0.starts_with(TICKET_PLACE)
    }
}

impl PlaceId {
    /// The ticket whose comments are written here, without its link.
    pub fn ticket(&self) -> Option<TicketRef> {
        let (system, id) = self.0.strip_prefix(TICKET_PLACE)?.split_once('/')?;
        Some(TicketRef { system: system.to_owned(), id: id.to_owned(), url: None })
    }
}

/// A message as it was posted or as it reads after an edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub place: PlaceId,
    pub author: Person,
    pub text: String,
    pub at: DateTime<Utc>,
    /// Edits are read again: they may fire, they never un-fire.
    pub edited: bool,
    /// Whom it names or answers, as far as the platform says so.
    pub to: Vec<PersonId>,
}

/// At most `chars_max` characters of a text; a cut is marked with an ellipsis.
pub fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) if chars_max == 0 => String::new(),
        Some(_) => text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect(),
    }
}
