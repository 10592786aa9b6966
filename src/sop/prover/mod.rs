//! The prover: what a procedure comes to over a year that nobody has lived yet.
//!
//! It looks for what its author would not want: hours in which a page finds nobody, answers that are due after weeks,
//! rules that can never fire. Each [`Finding`] comes with an example: what would happen, when. Nothing here decides
//! anything for a case; it only looks.
//!
//! It is exact about time: whoever is on call, and whether a team works, changes only at the edges of shifts and of
//! opening hours, so looking at each stretch between two edges is looking at every moment (`reach`). About conditions
//! it is careful: what it calls impossible is impossible, but it does not find everything that is (`rules`).

mod reach;
mod rules;

#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::sop::calendar::Span;
use crate::sop::message::{PersonId, PlaceId};
use crate::sop::procedure::Procedure;
use crate::sop::signal::Kind;
use crate::sop::team::{Severity, TeamId};
use crate::sop::trigger::Condition;

/// Something that the author of a procedure should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub gravity: Gravity,
    pub place: Place,
    pub defect: Defect,
    /// How it shows, in order of time. Empty where it does not depend on time.
    pub timeline: Vec<Moment>,
    /// The zone in which the timeline is told.
    pub zone: Tz,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// The procedure does not do what it is there for.
    Error,
    /// It may be meant so.
    Warning,
}

/// The part of the procedure that a finding is about. Indexes count in the procedure's own lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Rota(usize),
    Calendar(usize),
    /// Who is paged, in which order.
    Ladder {
        plan: String,
    },
    /// The time of one rung.
    Rung {
        plan: String,
        index: usize,
    },
    /// The time of the catch-all.
    CatchAll,
    /// Which plan a trigger names.
    PlanOf(usize),
    /// The condition of a trigger.
    When(usize),
    /// One of the alternatives of a condition.
    Alternative {
        trigger: usize,
        index: usize,
    },
}

/// What is not as its author would want it.
#[derive(Clone, Debug, PartialEq)]
pub enum Defect {
    /// There are hours in which nobody of a team is on call.
    Gap {
        team: TeamId,
        times: usize,
        length: TimeDelta,
        /// The team is the catch-all: it is paged as a whole, with nobody on call.
        is_last: bool,
    },
    /// There are hours in which a case finds nobody on call on any rung. The catch-all is paged at once …
    OnlyCatchAll { plan: String, times: usize },
    /// … and nobody of it is on call either.
    Nobody { plan: String, times: usize },
    /// The page of a severe case goes to a team that is not at work, and nobody else is paged until it is.
    Waits { severity: Severity, calendar: String, wait: TimeDelta },
    /// A calendar without a minute of work.
    NeverOpen { calendar: String },
    /// An answer may be due after more than `reach::LATE`; without a time, after more than ten years.
    Late { within: TimeDelta, wait: Option<TimeDelta> },
    /// A condition that nothing can fulfil.
    NeverHolds(Contradiction),
    /// A condition that everything fulfils.
    AlwaysHolds,
    /// Whenever it fires, another one does that silences it.
    Silenced { by: String },
    /// Whenever it fires, another one does that has the same plan and leads the case.
    Shadowed { by: String },
    /// A place that is not among those that are read.
    Unwatched(PlaceId),
}

/// Why a condition cannot hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Contradiction {
    /// No term that counts shows the kind.
    NoTerm(Kind),
    /// There are no terms in the language, so nothing is ever read as written in it.
    NoLanguage(String),
    /// Two parts exclude each other; each with whether it must hold.
    Between((Condition, bool), (Condition, bool)),
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub at: DateTime<Utc>,
    pub happens: Happens,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happens {
    /// A case comes up.
    Fires,
    /// A rung's team has nobody on call; the next rung is paged at once.
    NobodyOnCall(TeamId),
    /// The catch-all is paged as a whole, though nobody of it is on call.
    PagedOffDuty(TeamId),
    /// The catch-all is paged.
    PagedLast(TeamId),
    /// A team is paged outside its hours.
    PagedClosed {
        team: TeamId,
        calendar: String,
    },
    /// A page's time begins to run.
    Delivered(TeamId),
    Opens {
        calendar: String,
    },
    AnswerDue(TeamId),
    BackOnCall {
        team: TeamId,
        person: PersonId,
    },
    /// What was looked at ends here, without a change.
    StillNobody(TeamId),
}

/// Everything that is to be said about a procedure over a span of time. `watched` are the places that are read; threads
/// in them may be others.
pub fn judge(procedure: &Procedure, watched: &[PlaceId], year: Span) -> Vec<Finding> {
    let mut findings = reach::findings(procedure, year);
    findings.extend(rules::findings(procedure, watched));
    findings
}
