//! An open case goes over to another version of the procedure: what changes, and what stays.
//!
//! Its plan and its owner are those of the new version from then on. A page that is out is counted in the new time
//! from its delivery on; where its team is not on the new ladder, that ladder begins anew. Running clocks keep their
//! beginning and take the new limits. What was promised, and how severe it is, stays.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::escalation::on_call::{paged, ring};
use crate::sop::escalation::{Actor, Escalation, Event, OnCall, PageReason, Refusal};
use crate::sop::message::Person;
use crate::sop::team::{Plan, Step};
use crate::sop::trigger::Ownership;

/// What a version of the procedure says of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    pub procedure: String,
    pub plan: Arc<Plan>,
    pub ownership: Ownership,
    pub confidential: bool,
}

/// A case follows another version of the procedure from then on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    pub by: Person,
    pub procedure: String,
    pub plan: Arc<Plan>,
    pub ownership: Ownership,
    /// Where it stands on the ladder of the new plan.
    pub step: Step,
}

impl Escalation {
    /// Moves it over. What was shown to everybody cannot become confidential, and what is confidential stays so.
    pub fn move_over(&self, by: &Actor, terms: Terms, on_call: &OnCall) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        if terms.procedure == self.opened.procedure {
            return Err(Refusal::AlreadySo { id: self.id });
        }
        if terms.confidential != self.opened.confidential {
            return Err(Refusal::OtherReaders { id: self.id });
        }
        let Terms { procedure, plan, ownership, .. } = terms;
        let step = self.step_on(&plan);
        let anew = (step.is_none() && self.awaiting.is_some()).then(|| paged(Step::FIRST, PageReason::MovedOver));
        let step = step.unwrap_or(Step::FIRST);
        let moved = Moved { by: by.person.clone(), procedure, plan: plan.clone(), ownership, step };
        Ok(ring([Event::MovedOver(Box::new(moved))].into_iter().chain(anew).collect(), &plan, on_call))
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
    pub(super) fn take_terms(&mut self, terms: &Moved, at: DateTime<Utc>) {
        let Moved { procedure, plan, ownership, step, .. } = terms;
        procedure.clone_into(&mut self.opened.procedure);
        self.opened.plan = Arc::clone(plan);
        self.opened.ownership = *ownership;
        self.step = *step;
        if let Some(page) = self.awaiting {
            self.pages[page].step = *step;
        }
        self.limit_clocks(at);
        self.version += 1;
    }
}
