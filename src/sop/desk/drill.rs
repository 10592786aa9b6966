//! A drill: a case in which nothing has happened. Its pages are real, and everything about it says what it is.

use crate::sop::desk::turn::{Turn, managers_only};
use crate::sop::desk::{Desk, read};
use crate::sop::escalation::{Actor, Opened, Refusal, Report, Subject, TriggerName};
use crate::sop::message::{Message, Person, PlaceId, Standing};
use crate::sop::notice::{self, Answer};
use crate::sop::triage;
use crate::sop::trigger::{Firing, Trigger};

impl Turn<'_> {
    /// Opens a case as the trigger would, of its own: it joins none, and none joins it.
    pub(super) fn drill(&mut self, actor: &Actor, asked: &str, place: PlaceId) -> Result<Answer, Refusal> {
        managers_only(actor)?;
        let trigger = self.procedure.trigger(asked);
        let trigger = trigger.ok_or_else(|| self.unknown_trigger(asked))?;
        let opened = Opened {
            subject: Subject { customer: None, place: place.clone(), ticket: None, scope: trigger.scope },
            severity: trigger.severity,
            confidential: trigger.confidential,
            ownership: trigger.ownership,
            plan: trigger.plan.clone(),
            procedure: self.procedure.version.as_str().into(),
            by: Some(Box::new(actor.person.clone())),
            report: self.invented(trigger, place),
            near: Box::default(),
            after: None,
            drill: true,
        };
        let id = self.open(opened);
        let case = &self.desk.cases[id];
        let card = Some(notice::card(case, self.desk, self.procedure, None));
        Ok(Answer::Escalated { joined: false, codename: case.codename(), case: card })
    }

    /// What would be known if a customer had written the trigger's example; a rule that counts messages has counted
    /// none.
    fn invented(&self, trigger: &Trigger, place: PlaceId) -> Report {
        let nobody = Person { id: "drill".into(), name: "drill".into(), standing: Standing::Customer };
        let message = Message {
            id: "drill".into(),
            place: place.clone(),
            author: nobody,
            text: trigger.example.clone().unwrap_or_default(),
            at: self.now,
            edited: false,
            to: Vec::new(),
        };
        let (signals, _, fired) = read(&message, &Desk::default(), self.procedure, self.now);
        let firing = fired.firings.iter().find(|firing| firing.trigger.id == trigger.id);
        Report {
            customer: None,
            place,
            message: None,
            said_at: self.now,
            counted: Box::default(),
            triggers: [TriggerName { id: trigger.id.clone(), name: trigger.name.clone() }].into(),
            findings: firing.into_iter().flat_map(Firing::findings).cloned().collect(),
            flips: Box::default(),
            quotes: triage::quotes(&signals, |kind| trigger.confidential || !self.procedure.is_confidential(kind)),
            information: Box::default(),
        }
    }
}
