//! After the solution: whoever reported the case says whether it is one.
//!
//! Only a person can be asked, and not about their own solution. Without an answer in time it counts as solved; "not
//! solved" is to open the case again, with a reason.

use chrono::{DateTime, Utc};

use crate::sop::clock;
use crate::sop::escalation::{Actor, Deadline, Escalation, Event, Refusal};
use crate::sop::message::Person;

/// A question to whoever reported the case.
#[derive(Clone, Debug, PartialEq)]
pub struct Confirmation {
    pub of: Person,
    /// It counts as confirmed from then on.
    pub until: DateTime<Utc>,
    pub confirmed: bool,
}

impl Escalation {
    /// The question that follows a solution, if there is somebody to ask. The time runs in the hours of the plan's
    /// clocks.
    pub(super) fn ask_reporter(&self, resolver: &Person, now: DateTime<Utc>) -> Option<Event> {
        let plan = &self.opened.plan;
        let reporters = [&self.opened.by].into_iter().chain(self.parts.iter().map(|part| &part.by)).flatten();
        let reporter = reporters.into_iter().find(|reporter| reporter.id != resolver.id)?;
        let until = clock::due(plan.clocks.calendar.as_deref(), now, plan.confirm_within, &[]);
        let is_asked = !plan.confirm_within.is_zero();
        is_asked.then(|| Event::ConfirmationAsked { of: (**reporter).clone(), until })
    }

    /// When silence counts as yes.
    pub(super) fn confirmation_deadline(&self) -> Option<Deadline> {
        let open = self.confirmation.as_ref().filter(|asked| !asked.confirmed)?;
        Some(Deadline { at: open.until, why: "nobody has said that it is not solved" })
    }

    /// An old button is about a solution that was none.
    pub(super) fn confirm(&self, by: &Actor, seen: Option<u64>) -> Result<Vec<Event>, Refusal> {
        if self.resolution.is_none() {
            return Err(Refusal::NotResolved { id: self.id });
        }
        self.refuse_strangers(by)?;
        if self.confirmation_deadline().is_none() || seen.is_some_and(|seen| seen < self.version) {
            return Err(Refusal::AlreadySo { id: self.id });
        }
        Ok(vec![Event::Confirmed { by: Some(by.person.clone()) }])
    }
}
