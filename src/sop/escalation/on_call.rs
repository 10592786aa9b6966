//! Whom a page rings: who is on call for its team at that moment, and where it goes when nobody is.

use std::collections::BTreeMap;

use crate::sop::escalation::{Escalation, Event, PageReason, RaiseReason, Refusal};
use crate::sop::message::{Person, PersonId};
use crate::sop::team::{Plan, Step, TeamId};

/// Who is on call at one moment, for each team that has a rota; nobody is a gap. A team that is not here is on call as
/// a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnCall(pub BTreeMap<TeamId, Vec<Person>>);

impl OnCall {
    pub fn is_gap(&self, team: &TeamId) -> bool {
        self.0.get(team).is_some_and(Vec::is_empty)
    }

    /// The people that a page of this step rings; none where it rings the whole team: where more have to acknowledge
    /// than are on call, and at the catch-all, for behind it there is nobody else.
    fn people(&self, plan: &Plan, step: Step) -> Vec<Person> {
        let rung = plan.rung(step);
        let people = self.0.get(&rung.team).filter(|people| people.len() >= rung.required_acks as usize);
        people.filter(|_| step != Step::CatchAll).cloned().unwrap_or_default()
    }

    /// The first step from this one on with somebody on call, and the teams before it that have nobody.
    fn past_gaps(&self, plan: &Plan, mut step: Step) -> (Step, Vec<TeamId>) {
        let mut gaps: Vec<TeamId> = Vec::new();
        while step != Step::CatchAll && self.is_gap(&plan.rung(step).team) {
            let team = &plan.rung(step).team;
            if !gaps.contains(team) {
                gaps.push(team.clone());
            }
            step = plan.next(step);
        }
        (step, gaps)
    }
}

/// A team is to be paged; [`ring`] finds out who that is.
pub(super) fn paged(step: Step, reason: PageReason) -> Event {
    Event::Paged { step, reason, on_call: Vec::new() }
}

/// Gives each page the people it rings. A team with nobody on call is on record and passed over at once.
pub(super) fn ring(events: Vec<Event>, plan: &Plan, on_call: &OnCall) -> Vec<Event> {
    let mut rung: Vec<Event> = Vec::new();
    for event in events {
        let Event::Paged { step: wanted, reason, .. } = event else {
            rung.push(event);
            continue;
        };
        let (step, gaps) = on_call.past_gaps(plan, wanted);
        if !gaps.is_empty() {
            let raised = match rung.pop_if(|before| matches!(before, Event::Raised { .. })) {
                Some(Event::Raised { from, why, .. }) => Event::Raised { from, to: step, why },
                _ => Event::Raised { from: wanted, to: step, why: RaiseReason::Gap },
            };
            rung.extend(gaps.into_iter().map(|team| Event::GapFound { team }));
            rung.push(raised);
        }
        rung.push(Event::Paged { step, reason, on_call: on_call.people(plan, step) });
    }
    rung
}

impl Escalation {
    /// Going up passes a gap over; going down there is nobody to take it.
    pub(super) fn refuse_gap_below(&self, on_call: &OnCall) -> Result<(), Refusal> {
        let below = self.opened.plan.before(self.step).map(|step| &self.opened.plan.rung(step).team);
        match below.filter(|team| on_call.is_gap(team)) {
            Some(team) => Err(Refusal::NobodyOnCall { id: self.id, team: team.clone() }),
            None => Ok(()),
        }
    }

    /// A page rang this person by name. They may act on the case even if they are not of the team.
    pub fn was_rung(&self, person: &PersonId) -> bool {
        self.pages.iter().flat_map(|page| &page.on_call).any(|rung| rung.id == *person)
    }
}
