//! Forms that people fill in: an escalation by hand, and what a case owes. What was typed is never lost: it is a draft
//! until it is taken.

use std::sync::Arc;

use crate::sop::desk::turn::Turn;
use crate::sop::desk::{About, Fact, Form, speech};
use crate::sop::escalation::{
    Act, Actor, Command, EscalationId, Information, Opened, Refusal, Report, Subject, TriggerName,
};
use crate::sop::guidance::form::{self, Draft, Filled, FormPage, Purpose, ShownForm};
use crate::sop::guidance::information::{self, FIELDS_MAX, Field, Need};
use crate::sop::message::{Standing, TicketRef, cut};
use crate::sop::notice::{self, Answer};
use crate::sop::signal;
use crate::sop::triage::{self, BY_HAND};
use crate::sop::trigger::{Ownership, Trigger};

impl Turn<'_> {
    /// A page of a form, with what its reader has typed into it before.
    pub(super) fn form(&self, actor: &Actor, purpose: &Purpose, page: usize, ticket: &str) -> Result<Answer, Refusal> {
        let draft = self.desk.drafts.of(&actor.person.id, purpose, self.now);
        let ticket = if draft.ticket().is_empty() { ticket } else { draft.ticket() };
        let known = self.procedure.ticket_named(ticket).filter(|ticket| self.may_name(actor, ticket));
        let known = known.and_then(|ticket| self.desk.tickets.known(&ticket));
        let fill = |field: &Field, needed: bool| {
            let typed = match (draft.typed(&field.id), known.zip(field.prefill)) {
                ("", Some((known, part))) => cut(&known.part(part), field.chars_max.into()),
                (typed, _) => typed.to_owned(),
            };
            Filled { field: field.clone(), typed, needed }
        };
        let (reason, ticket, pages, fields) = match purpose {
            Purpose::Escalation { trigger, .. } => {
                let trigger = self.asked_for(trigger.as_deref())?;
                let pages = form::pages(self.procedure.required(trigger));
                let fields = pages.get(page).copied().unwrap_or_default();
                let fields = fields.iter().map(|field| fill(field, field.need == Need::Now)).collect();
                let ticket = (page == 0).then(|| ticket.to_owned());
                (trigger.map(|trigger| trigger.name.clone()), ticket, pages.len(), fields)
            }
            // Whoever knows only some of it tells that.
            Purpose::Owed { case } => {
                let case = self.find(actor, &About::Typed(case.to_string()))?;
                let owed = case.owed.as_ref().ok_or(Refusal::NothingOwed { id: case.id })?;
                (None, None, 1, owed.fields.iter().take(FIELDS_MAX).map(|field| fill(field, false)).collect())
            }
        };
        let at = FormPage { purpose: purpose.clone(), page, pages };
        Ok(Answer::Form(Box::new(ShownForm { at, reason, ticket, fields })))
    }

    /// What is wrong is said with the form that it stands in, where it can be put right.
    fn unfinished(&mut self, draft: Draft, at: FormPage, why: Refusal) -> Answer {
        self.record(Fact::Drafted(draft));
        Answer::Unfinished { at, why: Some(why) }
    }

    /// A form was taken: nothing of it is left to be typed.
    fn done_with(&mut self, draft: Draft) {
        if self.desk.drafts.of(&draft.by, &draft.purpose, self.now).typed.is_empty() {
            return;
        }
        self.record(Fact::Drafted(Draft { typed: Vec::new(), ..draft }));
    }

    /// Whoever may read the case may tell what it owes, all or some.
    pub(super) fn inform(
        &mut self,
        actor: &Actor,
        id: EscalationId,
        typed: &[(String, String)],
    ) -> Result<Answer, Refusal> {
        let purpose = Purpose::Owed { case: id };
        let mut draft = self.desk.drafts.of(&actor.person.id, &purpose, self.now);
        draft.add(typed);
        let act = Act::Inform { answers: draft.typed.clone() };
        match self.act(actor.clone(), &About::Typed(id.to_string()), act) {
            Err(why @ Refusal::WrongAnswer(_)) => {
                let at = FormPage { purpose, page: 0, pages: 1 };
                Ok(self.unfinished(draft, at, why))
            }
            Ok(answer) => {
                self.done_with(draft);
                Ok(answer)
            }
            refused => refused,
        }
    }

    /// Takes one page of the form. The last one escalates.
    pub(super) fn escalate(&mut self, actor: &Actor, form: Form) -> Result<Answer, Refusal> {
        if actor.person.standing != Standing::Staff {
            return Err(Refusal::NotStaff);
        }
        let Form { trigger, page, typed, place, about, .. } = &form;
        let asked = self.asked_for(trigger.as_deref())?;
        let purpose = Purpose::Escalation { trigger: trigger.clone(), place: place.clone(), message: about.clone() };
        let mut draft = self.desk.drafts.of(&actor.person.id, &purpose, self.now);
        draft.add(typed);
        let pages = form::pages(self.procedure.required(asked));
        let at = |page| FormPage { purpose: purpose.clone(), page, pages: pages.len() };
        // What stands on the pages so far; the last page is for all of them.
        let so_far = pages.iter().enumerate().take(page + 1);
        let mut told = Vec::new();
        for (page, fields) in so_far {
            match answers(fields, &draft.typed) {
                Ok(answers) => told.extend(answers),
                Err(why) => {
                    let at = at(page);
                    return Ok(self.unfinished(draft, at, why));
                }
            }
        }
        let here = at(*page);
        if !here.is_last() {
            let next = at(page + 1);
            self.record(Fact::Drafted(draft));
            return Ok(Answer::Unfinished { at: next, why: None });
        }
        let opened = self.opened_by_hand(actor, asked, draft.ticket(), told, form);
        self.done_with(draft);
        let ticket = opened.subject.ticket.clone();
        let answer = self.open_by_hand(actor, opened);
        if let Some(ticket) = ticket {
            self.look_up(&ticket);
        }
        Ok(answer)
    }

    fn open_by_hand(&mut self, actor: &Actor, opened: Opened) -> Answer {
        let triggers = opened.report.triggers.clone();
        let joined = self.desk.open_case(&opened.subject, &opened.plan.id, opened.confidential).map(|open| open.id);
        let id = if let Some(id) = joined {
            let severity = opened.severity;
            self.settle(id, &Command::Report { report: Box::new(opened.report), severity });
            id
        } else {
            self.open(opened)
        };
        // Whoever may not read the case cannot be asked about it.
        let may_read = self.desk.cases[id].may_be_read_by(actor);
        self.require(id, &triggers, may_read.then_some(&actor.person));
        let case = &self.desk.cases[id];
        Answer::Escalated {
            joined: joined.is_some(),
            codename: case.codename(),
            case: case.may_be_read_by(actor).then(|| notice::card(case, self.desk, self.procedure, None)),
        }
    }

    /// The trigger that somebody names, if they name one.
    fn asked_for(&self, trigger: Option<&str>) -> Result<Option<&'_ Trigger>, Refusal> {
        let found = |asked: &str| self.procedure.trigger(asked).ok_or_else(|| self.unknown_trigger(asked));
        trigger.map(found).transpose()
    }

    fn opened_by_hand(
        &self,
        actor: &Actor,
        trigger: Option<&Trigger>,
        ticket: &str,
        information: Vec<Information>,
        form: Form,
    ) -> Opened {
        let ticket = self.procedure.ticket_named(ticket).or_else(|| typed_ticket(ticket));
        let confidential = trigger.is_some_and(|trigger| trigger.confidential);
        let may_quote = |kind: &str| confidential || !self.procedure.is_confidential(kind);
        let signals = form
            .message
            .as_ref()
            .map(|message| signal::read(&message.text, speech(message.author.standing), &self.procedure.lexicon));
        let customer = form.message.as_ref().map(|message| &message.author);
        let customer = customer.filter(|author| author.standing == Standing::Customer).cloned();
        let customer = customer.or_else(|| self.desk.requester(ticket.as_ref()?)).map(Arc::new);
        let place = form.message.as_ref().map_or(form.place, |message| message.place.clone());
        let (severity, scope) = trigger.map_or(BY_HAND, |trigger| (trigger.severity, trigger.scope));
        let plan = trigger.map_or(&self.procedure.default_plan, |trigger| &trigger.plan).clone();
        let subject = Subject { customer: customer.clone(), place: place.clone(), ticket: ticket.map(Box::new), scope };
        Opened {
            after: self.desk.last_case(&subject, &plan.id, confidential).map(|case| case.id),
            subject,
            severity,
            confidential,
            ownership: trigger.map_or(Ownership::Responder, |trigger| trigger.ownership),
            plan,
            procedure: self.procedure.version.as_str().into(),
            by: Some(Box::new(actor.person.clone())),
            report: Report {
                customer,
                place,
                said_at: form.message.as_ref().map_or(self.now, |message| message.at),
                message: form.message.map(|message| message.id),
                counted: Box::default(),
                triggers: trigger
                    .map(|trigger| TriggerName { id: trigger.id.clone(), name: trigger.name.clone() })
                    .into_iter()
                    .collect(),
                findings: Box::default(),
                flips: Box::default(),
                quotes: signals.map(|signals| triage::quotes(&signals, may_quote)).unwrap_or_default(),
                information: information.into(),
            },
            near: Box::default(),
            drill: false,
        }
    }
}

/// The answers on a page, with everything that it cannot do without.
fn answers(fields: &[Field], typed: &[(String, String)]) -> Result<Vec<Information>, Refusal> {
    let told = information::answers(fields, typed).map_err(Refusal::WrongAnswer)?;
    let is_told = |field: &&Field| told.iter().any(|known| known.id == field.id);
    match fields.iter().find(|field| field.need == Need::Now && !is_told(field)) {
        Some(field) => Err(Refusal::Incomplete { field: field.label.clone() }),
        None => Ok(told),
    }
}

/// An id as a person types it into a form. Without a link it is kept as typed.
fn typed_ticket(text: &str) -> Option<TicketRef> {
    let id = cut(text.trim(), 100);
    (!id.is_empty()).then(|| TicketRef { system: "typed".to_owned(), id, url: None })
}
