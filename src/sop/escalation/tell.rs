//! What the customer is told to expect.

use chrono::{DateTime, TimeDelta, Utc};

use crate::sop::clock::ClockKind;
use crate::sop::escalation::{Actor, Escalation, Event, Refusal, Waiting};
use crate::sop::message::PlaceId;

/// How long whoever has a text may take to send it.
const SENDING_MAX: TimeDelta = TimeDelta::minutes(5);

impl Escalation {
    /// By when something will have happened: the deadline that the desk works towards. While a page is on its way, or
    /// where the deadline has just passed, it is the time that the team has.
    pub fn due_to_customer(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let due = self.step_deadline().map(|deadline| deadline.at).filter(|due| *due > now);
        due.unwrap_or_else(|| self.rung().due(now))
    }

    /// Where the customer wrote, if it was in the chat. Of what is confidential nothing is posted where all may read.
    pub fn customer_place(&self) -> Option<&PlaceId> {
        let report = &self.opened.report;
        report
            .message
            .as_ref()
            .filter(|_| self.opened.subject.customer.is_some() && !self.opened.confidential)
            .map(|_| &report.place)
    }

    /// Whether the customer was promised something that has not come.
    pub fn has_broken_promise(&self) -> bool {
        self.told.is_some() && self.running(ClockKind::Update).is_some_and(|running| running.is_late)
    }

    /// Staff have written: what was promised has come, unless it was promised only just now. Whoever copies a text may
    /// say that they sent it before they do.
    pub(super) fn is_kept_by(&self, reply: DateTime<Utc>) -> bool {
        let told = self.told.as_deref();
        told.is_some_and(|told| reply - told.at >= SENDING_MAX.min((told.due - told.at) / 2))
    }

    /// Whoever may read the case may speak with its customer.
    pub(super) fn tell_customer(
        &self,
        by: &Actor,
        due: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Refusal> {
        self.may_tell_customer(by)?;
        if due <= now {
            return Err(Refusal::PromiseOver { id: self.id });
        }
        // The same text pressed twice.
        if self.told.as_deref().is_some_and(|told| told.due == due) {
            return Err(Refusal::AlreadySo { id: self.id });
        }
        Ok(vec![Event::CustomerTold { by: by.person.clone(), due }])
    }

    pub fn may_tell_customer(&self, by: &Actor) -> Result<(), Refusal> {
        self.refuse_if_resolved()?;
        if !self.may_be_read_by(by) {
            return Err(self.not_your_team());
        }
        if let Some(Waiting { by, since, .. }) = self.waiting.as_deref() {
            return Err(Refusal::AlreadyWaiting { id: self.id, by: by.clone(), since: *since });
        }
        Ok(())
    }
}
