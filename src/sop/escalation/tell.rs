//! What the customer is told to expect.

use chrono::{DateTime, Utc};

use crate::sop::escalation::{Actor, Escalation, Event, Refusal, Waiting};

impl Escalation {
    /// By when something will have happened: the deadline that the desk works towards. While a page is on its way, or
    /// where the deadline has just passed, it is the time that the team has.
    pub fn due_to_customer(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let due = self.step_deadline().map(|deadline| deadline.at).filter(|due| *due > now);
        due.unwrap_or_else(|| self.rung().due(now))
    }

    /// Whoever may read the case may speak with its customer. The same promise is recorded once.
    pub(super) fn tell_customer(&self, by: &Actor, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        if !self.may_be_read_by(by) {
            return Err(self.not_your_team());
        }
        if let Some(Waiting { by, since, .. }) = self.waiting.as_deref() {
            return Err(Refusal::AlreadyWaiting { id: self.id, by: by.clone(), since: *since });
        }
        let due = self.due_to_customer(now);
        let is_new = self.told.as_ref().is_none_or(|told| told.due != due);
        Ok(is_new.then(|| Event::CustomerTold { by: by.person.clone(), due }).into_iter().collect())
    }
}
