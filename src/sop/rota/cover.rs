//! Covers that people agree on in the chat: facts, above everything that the config says of a rota.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Override, Rota, Span};
use crate::sop::message::Person;
use crate::sop::team::TeamId;

/// Somebody takes a team's duty for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    pub team: TeamId,
    pub who: Person,
    #[serde(flatten)]
    pub span: Span,
    /// Only the time that this person would have had; `None`: whoever had it.
    pub instead_of: Option<Person>,
    /// Who arranged it: the one who covers, or a manager.
    pub by: Person,
}

impl Cover {
    /// Both speak of the same time of the same person, or this one of everybody's.
    pub fn contradicts(&self, other: &Self) -> bool {
        let id = |cover: &Self| cover.instead_of.as_ref().map(|person| person.id.clone());
        self.team == other.team
            && self.span.common(other.span).is_some()
            && (self.instead_of.is_none() || id(self) == id(other))
    }
}

impl Rota {
    /// The rota with what was agreed on for its team, the newest last.
    pub fn with_covers(&self, covers: &[Cover]) -> Cow<'_, Self> {
        let mut ours = covers.iter().filter(|cover| cover.team == self.team).peekable();
        if ours.peek().is_none() {
            return Cow::Borrowed(self);
        }
        let mut rota = self.clone();
        rota.overrides.extend(ours.map(|cover| Override {
            person: cover.who.id.clone(),
            span: cover.span,
            covers: cover.instead_of.as_ref().map(|person| person.id.clone()),
        }));
        Cow::Owned(rota)
    }
}

/// Why nobody takes a duty, or why there is no answer about one. `templates/duty_refusal.md` makes the sentence of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "duty", rename_all = "snake_case")]
pub enum DutyRefusal {
    UnknownTeam {
        asked: String,
        /// The id or the name of the one that was probably meant, whichever is closer.
        meant: Option<String>,
    },
    /// All of the team is on call: there is no duty to take.
    NoRota {
        team: TeamId,
    },
    NotATime {
        typed: String,
    },
    InThePast {
        to: DateTime<Utc>,
    },
    EndsBeforeItBegins {
        span: Span,
    },
    TooLong {
        days: i64,
    },
    /// Not somebody on staff.
    UnknownPerson {
        who: Person,
    },
    /// Only managers arrange it for others.
    OnlyManagers,
    NotAMember {
        who: Person,
        team: TeamId,
    },
    Themselves {
        who: Person,
    },
    IsAway {
        who: Person,
        span: Span,
    },
    /// The person has no duty in that time.
    NothingToCover {
        who: Person,
        team: TeamId,
    },
    AlreadyTheirs {
        who: Person,
        team: TeamId,
    },
    /// Somebody covers in that time already.
    Overlaps {
        who: Person,
        span: Span,
    },
}
