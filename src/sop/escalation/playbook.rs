//! Ticking off the steps of a playbook.

use crate::sop::escalation::{Actor, Escalation, Event, Refusal};
use crate::sop::guidance::playbook::StepDone;

impl Escalation {
    /// Whoever may read the case may have done a step of it: the rep who talks with the customer, above all.
    pub(super) fn do_step(&self, by: &Actor, playbook: &str, step: &str) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        if !self.may_be_read_by(by) {
            return Err(self.not_your_team());
        }
        if self.step_done(playbook, step).is_some() {
            return Err(Refusal::AlreadySo { id: self.id });
        }
        let (playbook, step) = (playbook.to_owned(), step.to_owned());
        Ok(vec![Event::StepDone { by: by.person.clone(), playbook, step }])
    }

    /// Who did a step, and when.
    pub fn step_done(&self, playbook: &str, step: &str) -> Option<&StepDone> {
        self.steps_done.iter().find(|done| done.playbook == playbook && done.step == step)
    }

    /// Ids of every trigger that fired for it, or that it was opened by hand for.
    pub fn trigger_ids(&self) -> Vec<&str> {
        self.reports().flat_map(|report| &*report.triggers).map(|name| name.id.as_str()).collect()
    }
}
