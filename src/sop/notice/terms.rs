//! What another version of the procedure would change about a case.

use serde::{Deserialize, Serialize};

use crate::sop::clock::{ClockKind, Limit};
use crate::sop::escalation::Escalation;
use crate::sop::team::{Rung, TeamId};
use crate::sop::trigger::Ownership;

/// A case under the version that it opened under, and under the one in use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    pub id: String,
    pub before: ShownTerms,
    pub after: ShownTerms,
    /// The team that would be paged anew, because the one it is with is not on the ladder any more.
    pub paged: Option<TeamId>,
}

/// What a version of the procedure says of a case, in minutes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownTerms {
    pub procedure: String,
    /// The catch-all last.
    pub ladder: Vec<ShownRung>,
    /// How often all but the last are climbed again.
    pub repeat: u32,
    pub ownership: Ownership,
    pub clocks: Vec<ShownClock>,
    pub confirm_minutes: i64,
    pub lower_when: Vec<String>,
    /// By when the team has to answer, or the next step is due.
    pub due: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownRung {
    pub team: TeamId,
    pub within_minutes: i64,
    /// The name of the calendar whose hours count; `None` is around the clock.
    pub hours: Option<String>,
    pub required_acks: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownClock {
    pub clock: ClockKind,
    pub within_minutes: i64,
}

/// `after` is the case as it would be once it has moved over.
pub fn difference(before: &Escalation, after: &Escalation) -> Difference {
    let is_paged_anew = after.pages.len() > before.pages.len();
    Difference {
        id: before.id.to_string(),
        before: terms(before),
        after: terms(after),
        paged: is_paged_anew.then(|| after.team().clone()),
    }
}

fn terms(case: &Escalation) -> ShownTerms {
    let plan = &case.opened.plan;
    let clock = |limit: &Limit| ShownClock { clock: limit.clock, within_minutes: limit.within.num_minutes() };
    ShownTerms {
        procedure: case.opened.procedure.to_string(),
        ladder: plan.rungs.iter().chain([&plan.catch_all]).map(rung).collect(),
        repeat: plan.repeat,
        ownership: case.opened.ownership,
        clocks: plan.clocks.limits.iter().map(clock).collect(),
        confirm_minutes: plan.confirm_within.num_minutes(),
        lower_when: plan.lower_when.clone(),
        due: case.step_deadline().map(|deadline| deadline.at.timestamp()),
    }
}

pub(in crate::sop) fn rung(rung: &Rung) -> ShownRung {
    ShownRung {
        team: rung.team.clone(),
        within_minutes: rung.respond_within.num_minutes(),
        hours: rung.calendar.as_ref().map(|calendar| calendar.id.clone()),
        required_acks: rung.required_acks,
    }
}
