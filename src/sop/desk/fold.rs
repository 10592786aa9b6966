//! What cases are found by, kept beside them: after each fact, or once for a whole log.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::sop::desk::handover::{self, Held};
use crate::sop::desk::subjects::{self, SubjectIndex};
use crate::sop::desk::{Desk, Fact};
use crate::sop::escalation::{Deadline, Escalation, EscalationId, Event, Status};

/// Folds a log from its beginning. What cases are found by is worked out when all of it is in, once for each case: of
/// most it changes with every fact.
#[derive(Debug, Default)]
pub struct Fold(Desk);

/// A fact that cannot have happened after those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfounded;

impl Fold {
    /// # Errors
    /// Lines before this one are missing, or were changed. Nothing was taken in.
    pub fn take(&mut self, fact: Fact, at: DateTime<Utc>) -> Result<(), Unfounded> {
        if let Fact::Case { id, event } = &fact {
            let is_founded = match (self.0.case(*id), event) {
                (None, Event::Opened(_)) => *id == self.0.cases.next(),
                (None, _) | (Some(_), Event::Opened(_)) => false,
                (Some(case), event) => event.page().is_none_or(|page| page < case.pages.len()),
            };
            if !is_founded {
                return Err(Unfounded);
            }
        }
        self.0.take(fact, at);
        Ok(())
    }

    /// As if each fact had been taken in by [`Desk::apply`].
    pub fn done(self) -> Desk {
        let Self(mut desk) = self;
        // Trees are made from lists in a fraction of the time that one insertion after the other takes.
        let (mut open, mut listening, mut deadlines, mut subjects) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for case in desk.cases.iter() {
            let Found { deadline, held } = found(case);
            open.extend(is_open(case).then_some(case.id));
            listening.extend(listens(case).then_some(case.id));
            deadlines.extend(deadline.map(|at| (at, case.id)));
            subjects.extend(subjects::entries(case));
            desk.handovers.move_case(case.id, None, held);
        }
        desk.open = BTreeSet::from_iter(open);
        desk.listening = BTreeSet::from_iter(listening);
        desk.deadlines = BTreeSet::from_iter(deadlines);
        desk.subjects = SubjectIndex::from_iter(subjects);
        desk
    }
}

impl FromIterator<(DateTime<Utc>, Fact)> for Desk {
    /// The fold of a whole log.
    ///
    /// # Panics
    /// Where [`Fold::take`] fails.
    fn from_iter<T: IntoIterator<Item = (DateTime<Utc>, Fact)>>(log: T) -> Self {
        let mut fold = Fold::default();
        log.into_iter().for_each(|(at, fact)| fold.take(fact, at).expect("each follows those before it"));
        fold.done()
    }
}

/// By what a case is found that may change with any fact.
struct Found {
    deadline: Option<DateTime<Utc>>,
    held: Option<Held>,
}

impl Desk {
    /// Takes a recorded fact in.
    pub fn apply(&mut self, fact: Fact, at: DateTime<Utc>) {
        let Fact::Case { id, event } = &fact else { return self.take(fact, at) };
        let (id, before) = (*id, self.case(*id).map(found));
        let is_about_more = matches!(event, Event::Opened(_) | Event::Joined { .. } | Event::MovedOver(_));
        self.take(fact, at);
        self.find_by(id, before);
        if is_about_more {
            self.subjects.extend(subjects::entries(&self.cases[id]));
        }
    }

    fn find_by(&mut self, id: EscalationId, before: Option<Found>) {
        let case = &self.cases[id];
        let Found { deadline, held } = found(case);
        let before = before.unwrap_or(Found { deadline: None, held: None });
        if before.deadline != deadline {
            before.deadline.map(|at| self.deadlines.remove(&(at, id)));
            deadline.map(|at| self.deadlines.insert((at, id)));
        }
        for (holds, ids) in [(is_open(case), &mut self.open), (listens(case), &mut self.listening)] {
            if holds {
                ids.insert(id)
            } else {
                ids.remove(&id)
            };
        }
        self.handovers.move_case(id, before.held, held);
    }
}

fn found(case: &Escalation) -> Found {
    let deadline = case.next_deadline().map(|Deadline { at, .. }| at);
    Found { deadline, held: handover::held(case) }
}

fn is_open(case: &Escalation) -> bool {
    case.status() != Status::Resolved
}

/// It waits for its customer, or measures how long its customer waits.
fn listens(case: &Escalation) -> bool {
    case.waiting.is_some() || case.listens()
}
