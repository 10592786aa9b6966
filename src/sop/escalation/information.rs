//! What the team has to know: who owes it, by when, and how it comes in.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::sop::escalation::decide::told;
use crate::sop::escalation::{Actor, Deadline, Escalation, Event, Refusal, Status};
use crate::sop::guidance::information::{self, BOUNCED_WITHIN, Field, Information, Need, Owed};
use crate::sop::message::Person;

impl Escalation {
    /// Everything that forms asked for and people told, in the order in which it came.
    pub fn information(&self) -> impl Iterator<Item = &Information> {
        let of_parts = self.parts.iter().flat_map(|part| &part.informed);
        self.reports().flat_map(|report| &report.information).chain(&self.informed).chain(of_parts)
    }

    /// When somebody is to be reminded of what is owed: once, and not once it is resolved.
    pub(super) fn owed_deadline(&self) -> Option<Deadline> {
        let owed = self.owed.as_ref().filter(|owed| owed.reminded_at.is_none() && self.status() != Status::Resolved)?;
        Some(Deadline { at: owed.due, why: "information is still owed" })
    }

    /// Of what a team has to know, what it has not been told and nobody owes yet.
    pub(super) fn missing(&self, fields: &[Field], by: Option<&Person>, now: DateTime<Utc>) -> Vec<Event> {
        let owed: &[Field] = self.owed.as_ref().map_or(&[], |owed| &owed.fields);
        let mut new: Vec<Field> = Vec::new();
        for field in fields.iter().filter(|field| field.need != Need::Optional && !self.is_told(&field.id)) {
            if !owed.iter().chain(&new).any(|known| known.id == field.id) {
                new.push(field.clone());
            }
        }
        let due = new.iter().map(|field| now + field.owed_within).min();
        let by = by.cloned().map(Box::new);
        due.map(|due| Event::Required { fields: new.into(), by, due }).into_iter().collect()
    }

    /// Whoever may read the case may tell what is owed.
    pub(super) fn inform(&self, by: &Actor, typed: &[(String, String)]) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        if !self.may_be_read_by(by) {
            return Err(self.not_your_team());
        }
        let Some(owed) = &self.owed else { return Err(Refusal::NothingOwed { id: self.id }) };
        let answers = information::answers(&owed.fields, typed).map_err(Refusal::WrongAnswer)?;
        if answers.is_empty() {
            let field = owed.fields.first().map_or_else(String::new, |field| field.label.clone());
            return Err(Refusal::Incomplete { field });
        }
        Ok(vec![Event::Informed { by: by.person.clone(), answers }])
    }

    /// Whoever has the case cannot work without something: it is owed like what the procedure asks for.
    pub(super) fn bounce(&self, by: &Actor, missing: &str, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        self.refuse_strangers(by)?;
        let missing = told(missing).ok_or(Refusal::ReasonMissing { id: self.id })?;
        let owed = self.owed.iter().flat_map(|owed| owed.fields.iter().map(|field| &field.id));
        let told = self.information().map(|told| &told.id);
        // One case may go on as part of another: what either has asked back for stays apart.
        let prefix = format!("missing-{}-", self.id.0);
        let number = 1 + owed.chain(told).filter(|id| id.starts_with(&prefix)).count();
        let field = Box::new(Field::bounced(format!("{prefix}{number}"), &missing));
        let (by, from, due) = (by.person.clone(), self.opened.by.clone(), now + BOUNCED_WITHIN);
        Ok(vec![Event::Bounced { by, field, from, due }])
    }

    /// Past its time, once.
    pub(super) fn remind(&self, now: DateTime<Utc>) -> Option<Event> {
        let due = self.owed_deadline().filter(|deadline| deadline.at <= now)?.at;
        Some(Event::Reminded { due, late_seconds: (now - due).num_seconds() })
    }

    fn is_told(&self, id: &str) -> bool {
        self.information().any(|known| known.id == id)
    }

    pub(super) fn require(&mut self, fields: Arc<[Field]>, by: Option<Box<Person>>, due: DateTime<Utc>) {
        let fields = match self.owed.take() {
            Some(known) => known.fields.iter().chain(&*fields).cloned().collect(),
            None => fields,
        };
        self.owed = Some(Box::new(Owed { fields, by, due, reminded_at: None }));
    }

    /// What has been told is not owed any more.
    pub(super) fn settle_owed(&mut self) {
        let Some(mut owed) = self.owed.take() else { return };
        if owed.fields.iter().any(|field| self.is_told(&field.id)) {
            owed.fields = owed.fields.iter().filter(|field| !self.is_told(&field.id)).cloned().collect();
        }
        self.owed = Some(owed).filter(|owed| !owed.fields.is_empty());
    }
}
