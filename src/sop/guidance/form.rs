//! Forms: what is asked at once, in pages where a chat shows too little, and what somebody has typed so far.
//!
//! What was typed is a [`Draft`] until it is taken: a form that was refused, or left before its last page, is there
//! again the next time it is opened, also after a restart.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::escalation::EscalationId;
use crate::sop::guidance::information::{FIELDS_MAX, Field, TICKET};
use crate::sop::message::{MessageId, PersonId, PlaceId};

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Purpose {
    /// An escalation by hand: for which trigger, about which message. `place` is where it was begun.
    Escalation { trigger: Option<String>, place: PlaceId, message: Option<MessageId> },
    /// What a case owes.
    Owed { case: EscalationId },
}

/// What a button or a form leads to: one page of it, from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormPage {
    #[serde(flatten)]
    pub purpose: Purpose,
    pub page: usize,
    /// How many there are.
    pub pages: usize,
}

impl FormPage {
    pub fn is_last(&self) -> bool {
        self.page + 1 >= self.pages
    }
}

/// A page with its fields, and what stands in them already.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownForm {
    #[serde(flatten)]
    pub at: FormPage,
    /// The trigger's name, for an escalation by hand that has one.
    pub reason: Option<String>,
    /// What stands in the input for the ticket; `None` where it is not asked for.
    pub ticket: Option<String>,
    pub fields: Vec<Filled>,
}

/// A field and what stands in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filled {
    #[serde(flatten)]
    pub field: Field,
    pub typed: String,
    /// No form is taken without it.
    pub needed: bool,
}

/// The fields on each page of the form for an escalation by hand: the first asks for the ticket as well.
pub fn pages(fields: &[Field]) -> Vec<&[Field]> {
    let (first, rest) = fields.split_at(fields.len().min(FIELDS_MAX - 1));
    [first].into_iter().chain(rest.chunks(FIELDS_MAX)).collect()
}

/// What somebody has typed into a form that is not taken yet: by the field's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub by: PersonId,
    pub purpose: Purpose,
    /// Empty: there is nothing to keep any more.
    pub typed: Vec<(String, String)>,
}

impl Draft {
    /// What was typed later counts.
    pub fn add(&mut self, typed: &[(String, String)]) {
        self.typed.retain(|(id, _)| !typed.iter().any(|(later, _)| later == id));
        self.typed.extend(typed.iter().filter(|(_, text)| !text.trim().is_empty()).cloned());
    }

    pub fn typed(&self, id: &str) -> &str {
        self.typed.iter().find(|(known, _)| known == id).map_or("", |(_, text)| text)
    }

    /// What was typed as the ticket.
    pub fn ticket(&self) -> &str {
        self.typed(TICKET)
    }
}

/// A draft that nobody has touched for so long is not what they mean any more …
const KEPT_FOR: TimeDelta = TimeDelta::days(7);
/// … and nobody has more of them.
const PER_PERSON_MAX: usize = 8;

/// The forms that people have begun.
#[derive(Clone, Debug, Default)]
pub struct Drafts(Vec<(Draft, DateTime<Utc>)>);

impl Drafts {
    /// What somebody had typed for this, or an empty draft.
    pub fn of(&self, by: &PersonId, purpose: &Purpose, now: DateTime<Utc>) -> Draft {
        let known = self.0.iter().find(|(draft, at)| is_same(draft, by, purpose) && now - *at < KEPT_FOR);
        let nothing = || Draft { by: by.clone(), purpose: purpose.clone(), typed: Vec::new() };
        known.map_or_else(nothing, |(draft, _)| draft.clone())
    }

    /// In place of what the same person had typed for the same form.
    pub fn keep(&mut self, draft: Draft, at: DateTime<Utc>) {
        self.0.retain(|(known, since)| at - *since < KEPT_FOR && !is_same(known, &draft.by, &draft.purpose));
        if draft.typed.is_empty() {
            return;
        }
        let theirs = self.0.iter().filter(|(known, _)| known.by == draft.by).count();
        if theirs >= PER_PERSON_MAX
            && let Some(oldest) = self.0.iter().position(|(known, _)| known.by == draft.by)
        {
            self.0.remove(oldest);
        }
        self.0.push((draft, at));
    }
}

/// Where it was begun does not matter.
fn is_same(draft: &Draft, by: &PersonId, purpose: &Purpose) -> bool {
    let same = match (&draft.purpose, purpose) {
        (
            Purpose::Escalation { trigger, message, .. },
            Purpose::Escalation { trigger: other, message: other_message, .. },
        ) => trigger == other && message == other_message,
        (Purpose::Owed { case }, Purpose::Owed { case: other }) => case == other,
        _ => false,
    };
    same && draft.by == *by
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::guidance::information::{AnswerKind, Need};

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(day)
    }

    fn purpose(trigger: &str) -> Purpose {
        Purpose::Escalation { trigger: Some(trigger.to_owned()), place: "here".into(), message: None }
    }

    fn draft(trigger: &str, typed: &[(&str, &str)]) -> Draft {
        let typed = typed.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect();
        Draft { by: "rosa".into(), purpose: purpose(trigger), typed }
    }

    #[test]
    fn what_was_typed_later_counts() {
        let mut draft = draft("refund", &[("order", "1"), ("steps", "asked")]);
        draft.add(&[("order".to_owned(), "2".to_owned()), ("steps".to_owned(), "  ".to_owned())]);
        assert_eq!((draft.typed("order"), draft.typed("steps")), ("2", ""));
    }

    #[test]
    fn a_draft_is_found_by_its_writer_and_its_form_until_it_is_old() {
        let mut drafts = Drafts::default();
        drafts.keep(draft("refund", &[("order", "1")]), at(0));
        assert_eq!(drafts.of(&"rosa".into(), &purpose("refund"), at(6)).typed("order"), "1");
        assert_eq!(drafts.of(&"rosa".into(), &purpose("refund"), at(7)).typed("order"), "");
        assert_eq!(drafts.of(&"rosa".into(), &purpose("legal"), at(0)).typed("order"), "");
        assert_eq!(drafts.of(&"raul".into(), &purpose("refund"), at(0)).typed("order"), "");
        drafts.keep(draft("refund", &[]), at(1));
        assert_eq!(drafts.of(&"rosa".into(), &purpose("refund"), at(1)).typed("order"), "");
    }

    #[test]
    fn nobody_has_more_than_a_few() {
        let mut drafts = Drafts::default();
        for number in 0..20 {
            drafts.keep(draft(&format!("t{number}"), &[("order", "1")]), at(0));
        }
        assert_eq!(drafts.0.len(), PER_PERSON_MAX);
        assert_eq!(drafts.of(&"rosa".into(), &purpose("t19"), at(0)).typed("order"), "1");
    }

    #[test]
    fn the_first_page_has_room_for_the_ticket() {
        let field = Field {
            id: "x".to_owned(),
            label: "X".to_owned(),
            kind: AnswerKind::Short,
            chars_max: 20,
            need: Need::Now,
            owed_within: TimeDelta::minutes(30),
            prefill: None,
        };
        let sizes = |count: usize| {
            let fields = vec![field.clone(); count];
            pages(&fields).iter().map(|page| page.len()).collect::<Vec<_>>()
        };
        assert_eq!([0, 4, 5, 14].map(sizes), [vec![0], vec![4], vec![4, 1], vec![4, 5, 5]]);
    }
}
