//! An open case goes over to another version of the procedure: what changes, and what stays.
//!
//! Its plan and its owner are those of the new version from then on. A page that is out is counted in the new time
//! from its delivery on; where its team is not on the new ladder, that ladder begins anew, even if somebody has it. Running clocks keep their
//! beginning and take the new limits. What was promised, and how severe it is, stays.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::sop::escalation::on_call::{paged, ring};
use crate::sop::escalation::{Actor, Escalation, Event, OnCall, PageReason, Refusal};
use crate::sop::message::Person;
use crate::sop::team::{Plan, Rung, Step};
use crate::sop::trigger::Ownership;

/// What a version of the procedure says of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    pub procedure: CompactString,
    pub plan: Arc<Plan>,
    pub ownership: Ownership,
    pub confidential: bool,
}

/// A case follows another version of the procedure from then on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    pub by: Person,
    pub procedure: CompactString,
    pub plan: Arc<Plan>,
    pub ownership: Ownership,
    /// Where it stands on the ladder of the new plan.
    pub step: Step,
}

impl Escalation {
    /// Moves it over. What was shown to everybody cannot become confidential, and what is confidential stays so.
    pub fn move_over(
        &self,
        by: &Actor,
        terms: Terms,
        on_call: &OnCall,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        if terms.procedure == self.opened.procedure {
            return Err(Refusal::AlreadySo { id: self.id });
        }
        if terms.confidential != self.opened.confidential {
            return Err(Refusal::OtherReaders { id: self.id });
        }
        let Terms { procedure, plan, ownership, .. } = terms;
        let step = self.step_on(&plan);
        let anew = step.is_none().then(|| paged(Step::FIRST, PageReason::MovedOver));
        let step = step.unwrap_or(Step::FIRST);
        let taken = self.taken_already(plan.rung(step), now).filter(|_| anew.is_none());
        let moved = Moved { by: by.person.clone(), procedure, plan: plan.clone(), ownership, step };
        let moved = [Event::MovedOver(Box::new(moved))].into_iter().chain(taken.into_iter().flatten()).chain(anew);
        Ok(ring(moved.collect(), &plan, on_call))
    }

    /// As many have answered as the new rung asks for.
    fn taken_already(&self, rung: &Rung, now: DateTime<Utc>) -> Option<[Event; 2]> {
        let responder = self.answered.first().filter(|_| self.awaiting.is_some())?.clone();
        let is_enough = self.answered.len() >= rung.required_acks as usize;
        let until = rung.due(now);
        is_enough.then(|| [Event::Acknowledged { by: responder.clone() }, Event::Promised { by: responder, until }])
    }

    /// Where its team stands on another ladder: as high as now, if it is there twice.
    fn step_on(&self, plan: &Plan) -> Option<Step> {
        let team = self.team();
        let mut of_team = plan.rungs.iter().enumerate().filter(|(_, rung)| rung.team == *team).map(|(index, _)| index);
        match self.step {
            Step::Rung { index, round } => {
                let nearest = of_team.min_by_key(|other| other.abs_diff(index))?;
                Some(Step::Rung { index: nearest, round: round.min(plan.repeat) })
            }
            Step::CatchAll if plan.catch_all.team == *team => Some(Step::CatchAll),
            Step::CatchAll => of_team.next_back().map(|index| Step::Rung { index, round: plan.repeat }),
        }
    }

    /// The fact's effect: see the top.
    pub(super) fn take_terms(&mut self, terms: Moved, at: DateTime<Utc>) {
        let Moved { procedure, plan, ownership, step, .. } = terms;
        let before = std::mem::replace(&mut self.opened.plan, plan);
        // Parts that followed the same plan go with it.
        for part in self.parts.iter_mut().filter(|part| part.plan == before.id) {
            part.plan.clone_from(&self.opened.plan.id);
        }
        self.opened.procedure = procedure;
        self.moved_at = Some(at);
        self.opened.ownership = ownership;
        self.step = step;
        if let Some(page) = self.awaiting {
            self.pages[page].step = step;
        }
        self.limit_clocks(at);
        self.version += 1;
    }
}
