//! What a ticket system knows of a ticket, as far as rules ask for it.

use serde::{Deserialize, Serialize};

/// The fields of a ticket. Known only where its system has told them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketFields {
    pub priority: Option<String>,
    /// What the customer has bought.
    pub plan: Option<String>,
    pub organisation: Option<String>,
    pub tags: Vec<String>,
}

/// A field that a rule can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketField {
    Priority,
    Plan,
    Organisation,
    Tag,
}

/// What a field has to be, whatever its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketTest {
    Equals(String),
    Contains(String),
}

impl TicketField {
    pub const ALL: [Self; 4] = [Self::Priority, Self::Plan, Self::Organisation, Self::Tag];

    pub fn name(self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::Plan => "plan",
            Self::Organisation => "organisation",
            Self::Tag => "tag",
        }
    }
}

impl TicketFields {
    /// What stands in a field; a ticket has any number of tags.
    pub fn values(&self, field: TicketField) -> Vec<&str> {
        match field {
            TicketField::Priority => self.priority.as_deref().into_iter().collect(),
            TicketField::Plan => self.plan.as_deref().into_iter().collect(),
            TicketField::Organisation => self.organisation.as_deref().into_iter().collect(),
            TicketField::Tag => self.tags.iter().map(String::as_str).collect(),
        }
    }
}

impl TicketTest {
    pub fn holds(&self, value: &str) -> bool {
        let value = value.to_lowercase();
        match self {
            Self::Equals(asked) => value == asked.to_lowercase(),
            Self::Contains(asked) => value.contains(&asked.to_lowercase()),
        }
    }
}

impl std::fmt::Display for TicketTest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Equals(asked) => write!(out, "{asked}"),
            Self::Contains(asked) => write!(out, "…{asked}…"),
        }
    }
}
