//! Playbooks: what to do about a kind of case, step by step, and what to say.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sop::message::Person;

/// Steps for cases of some triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playbook {
    pub id: String,
    pub name: String,
    /// Ids of the triggers whose cases it is for.
    pub triggers: Vec<String>,
    /// At least one, each with a title of its own.
    pub steps: Vec<PlayStep>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlayStep {
    pub title: String,
    /// What to do.
    pub how: String,
    /// What to say to the customer.
    pub say: Option<String>,
}

/// Somebody did a step. It is known by its title, for steps may be put in another order later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepDone {
    pub by: Person,
    pub at: DateTime<Utc>,
    pub playbook: String,
    pub step: String,
}
