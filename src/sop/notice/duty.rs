//! What is shown of duties: in `/oncall`, and to a team whose duty somebody takes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::message::Person;
use crate::sop::rota::{Cover, Span};
use crate::sop::team::TeamId;

/// Who has one duty, and who is next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Duty {
    pub team: TeamId,
    /// Where a team has several.
    pub rota: Option<String>,
    /// It has no rota: all of the team is on call.
    pub whole: bool,
    /// The moment this is about.
    pub at: Option<DateTime<Utc>>,
    /// `None`: nobody, a gap.
    pub who: Option<Person>,
    /// `None`: nothing changes.
    pub until: Option<DateTime<Utc>>,
    pub next: Option<Person>,
    /// Gaps that begin soon.
    pub gaps: Vec<Span>,
}

impl Duty {
    pub fn whole(team: TeamId) -> Self {
        Self { team, rota: None, whole: true, at: None, who: None, until: None, next: None, gaps: Vec::new() }
    }
}

/// What a team's place is told about its duty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "post", rename_all = "snake_case")]
pub enum Post {
    /// Somebody takes it for a while; `relieved` had it.
    Covered { cover: Cover, relieved: Vec<Person> },
}

impl Post {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Covered { .. } => "covered",
        }
    }
}
