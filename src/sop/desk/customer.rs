//! What the customer is told, with the time that the desk really works towards, and who sends it.

use chrono::{DateTime, Utc};

use crate::sop::desk::About;
use crate::sop::desk::turn::Turn;
use crate::sop::escalation::{Act, Actor, Escalation, EscalationId, Refusal, Subject};
use crate::sop::guidance::message::Wording;
use crate::sop::message::PlaceId;
use crate::sop::notice::{self, Answer, Line, Notice};

impl Turn<'_> {
    /// The text as it would be sent now. Nothing is promised before somebody sends it.
    pub(super) fn text_for_customer(&self, actor: &Actor, about: &About) -> Result<Answer, Refusal> {
        let case = self.find(actor, about)?;
        case.may_tell_customer(actor)?;
        let due = case.due_to_customer(self.now);
        let (text, late) = (self.worded(case, due)?, case.has_broken_promise());
        let place = self.place_for(case);
        Ok(Answer::Customer { case: case.id.to_string(), text, due: due.timestamp(), late, place })
    }

    /// Where the bot can write to the customer: where they wrote, or else in the ticket.
    fn place_for(&self, case: &Escalation) -> Option<PlaceId> {
        let in_ticket = || {
            let ticket = case.opened.subject.ticket.as_deref().filter(|_| !case.opened.confidential)?;
            self.procedure.ticket_access(&ticket.system).map(|_| ticket.place())
        };
        case.customer_place().cloned().or_else(in_ticket)
    }

    fn worded(&self, case: &Escalation, due: DateTime<Utc>) -> Result<String, Refusal> {
        self.wording(case, due, case.has_broken_promise()).ok_or(Refusal::NoMessage { id: case.id })
    }

    /// What the customer of a case may have been told when it promised something by then.
    pub(super) fn wordings(&self, case: &Escalation, due: DateTime<Utc>) -> impl Iterator<Item = String> {
        [false, true].into_iter().filter_map(move |is_late| self.wording(case, due, is_late))
    }

    /// `None` where there is no text for it, or it does not render.
    fn wording(&self, case: &Escalation, due: DateTime<Utc>, is_late: bool) -> Option<String> {
        let wording = self.procedure.guidance.message_for(&case.trigger_ids())?;
        let Subject { customer, ticket, .. } = &case.opened.subject;
        let ticket = ticket.as_ref().map(|ticket| ticket.id.as_str());
        let text = if is_late { Wording::apologize } else { Wording::write };
        text(wording, due, customer.as_deref(), ticket).ok()
    }

    /// The text is sent: by the bot where the customer wrote, or by whoever says so. From now on it is a promise.
    pub(super) fn tell_customer(
        &mut self,
        actor: Actor,
        id: EscalationId,
        due: DateTime<Utc>,
        by_us: bool,
    ) -> Result<Answer, Refusal> {
        let about = About::Typed(id.to_string());
        let case = self.find(&actor, &about)?;
        let place = self.place_for(case).filter(|_| by_us);
        let text = place.is_some().then(|| self.worded(case, due)).transpose()?;
        let by = actor.person.clone();
        let answer = self.act(actor, &about, Act::TellCustomer { due })?;
        let word = place.zip(text);
        self.outcome.notices.extend(word.map(|(place, text)| Notice::Word { escalation: id, place, text, by }));
        Ok(answer)
    }

    /// What was promised to the customer did not get out: whoever promised it has to say it.
    pub(super) fn lose_word(&mut self, id: EscalationId, line: Line) {
        let Some(case) = self.desk.case(id) else { return };
        let (team, version) = (notice::debtor(case, self.procedure).clone(), case.version);
        self.outcome.notices.push(Notice::Line { team, escalation: id, version, line });
    }
}
