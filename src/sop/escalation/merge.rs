//! Two cases that turn out to be one: one of them goes on as part of the other.
//!
//! The part is done with: it pages nobody, and what its issue leads to from then on joins the whole. Opening it again
//! parts the two, for whoever merges at night may err.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::escalation::on_call::{paged, ring};
use crate::sop::escalation::{
    Actor, Escalation, EscalationId, Event, Information, Note, OnCall, Opened, PageReason, Refusal, Report, Subject,
};
use crate::sop::guidance::message::Told;
use crate::sop::message::{Person, PersonId};
use crate::sop::team::TeamId;

/// A case that goes on as part of another, as it stood when they were merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub case: EscalationId,
    pub subject: Subject,
    /// The id of the plan it followed.
    pub plan: String,
    pub reports: Vec<Report>,
    /// What was told after it was opened, oldest first.
    pub informed: Vec<Information>,
    #[serde(default)]
    pub notes: Vec<Note>,
    /// By when its customer was told to expect something.
    #[serde(default)]
    pub told: Option<Told>,
    /// Who escalated it by hand.
    #[serde(default)]
    pub by: Option<Box<Person>>,
}

/// What a merger means for both.
#[derive(Clone, Debug, PartialEq)]
pub struct Merger {
    /// For the case that goes on.
    pub whole: Vec<Event>,
    /// For the one that becomes part of it.
    pub part: Vec<Event>,
}

/// Makes `part` a part of `whole`. Only somebody who may act on the part can end it; the whole only gets more to know,
/// so whoever may read it is enough. A part that is more severe pages the team of the whole again; a whole that waits for
/// its customer goes on.
pub fn merge(
    part: &Escalation,
    whole: &Escalation,
    by: &Actor,
    on_call: &OnCall,
    now: DateTime<Utc>,
) -> Result<Merger, Refusal> {
    if part.id == whole.id {
        return Err(Refusal::AlreadySo { id: part.id });
    }
    part.refuse_if_resolved()?;
    whole.refuse_if_resolved()?;
    part.refuse_strangers(by)?;
    if !whole.may_be_read_by(by) {
        return Err(whole.not_your_team());
    }
    let (id, into, ours, theirs) = (part.id, whole.id, &part.opened, &whole.opened);
    // Those who may read a confidential case are the teams of its plan, which may differ from version to version.
    let readers = |opened: &Opened| opened.plan.teams().cloned().collect::<BTreeSet<TeamId>>();
    let may_be_told =
        ours.confidential == theirs.confidential && (!ours.confidential || readers(ours) == readers(theirs));
    if !may_be_told || ours.drill != theirs.drill {
        return Err(Refusal::CannotMerge { id, into });
    }
    let person = &by.person;
    let severity = part.severity.max(whole.severity);
    let mut events = vec![Event::Joined { by: person.clone(), parts: part.as_parts(), severity }];
    if severity > whole.severity {
        events.push(paged(whole.step, PageReason::Stronger));
    } else {
        // Nobody waits for the customer of the part.
        events.extend(whole.resume(Some(person), now));
    }
    Ok(Merger { whole: ring(events, &theirs.plan, on_call), part: vec![Event::Merged { by: person.clone(), into }] })
}

impl Escalation {
    /// Itself and what was merged into it before.
    fn as_parts(&self) -> Vec<Part> {
        let opened = &self.opened;
        let itself = Part {
            case: self.id,
            subject: opened.subject.clone(),
            plan: opened.plan.id.clone(),
            reports: [&opened.report].into_iter().chain(&self.added).cloned().collect(),
            informed: self.informed.to_vec(),
            notes: self.notes.to_vec(),
            told: self.told.as_deref().cloned(),
            by: opened.by.clone(),
        };
        [itself].into_iter().chain(self.parts.iter().cloned()).collect()
    }

    /// The case it goes on in, if it was merged.
    pub fn merged_into(&self) -> Option<EscalationId> {
        self.resolution.as_ref()?.into
    }

    /// What it is about, each with the id of the plan: its own issue and those of its parts.
    pub fn issues(&self) -> impl Iterator<Item = (&Subject, &str)> {
        let parts = self.parts.iter().map(|part| (&part.subject, part.plan.as_str()));
        [(&self.opened.subject, self.opened.plan.id.as_str())].into_iter().chain(parts)
    }

    /// Whether this customer is its own, or that of one of its parts.
    pub fn is_of_customer(&self, customer: &PersonId) -> bool {
        self.issues().any(|(subject, _)| subject.customer_id() == Some(customer))
    }

    /// Whether a case with this plan about this subject would be about the same issue. What has become a part is about
    /// nothing of its own any more.
    pub fn is_about(&self, subject: &Subject, plan: &str) -> bool {
        self.merged_into().is_none() && self.issues().any(|(known, of)| of == plan && known.is_same_issue(subject))
    }
}
