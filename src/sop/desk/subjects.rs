//! Finds the cases that may be about the same issue without looking at all of them.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::sop::escalation::{Escalation, EscalationId, Subject};
use crate::sop::trigger::Scope;

/// Which cases share a customer, a ticket, or a plan for everyone. Keys are kept as hashes, sixteen bytes an entry: two
/// that collide bring a case too many, and who asks compares the subjects anyway.
#[derive(Clone, Debug, Default)]
pub(super) struct SubjectIndex(BTreeSet<(u64, EscalationId)>);

impl SubjectIndex {
    /// Every case that may be about the same issue as `subject`, the latest first.
    pub(super) fn about(&self, subject: &Subject, plan: &str) -> impl Iterator<Item = EscalationId> {
        let of_key = |key: u64| self.0.range((key, EscalationId(0))..=(key, EscalationId(u32::MAX)));
        let found: BTreeSet<EscalationId> = keys(subject, plan).flat_map(of_key).map(|(_, id)| *id).collect();
        found.into_iter().rev()
    }
}

/// What a case is found by, and its number.
pub(super) type Entry = (u64, EscalationId);

impl Extend<Entry> for SubjectIndex {
    fn extend<T: IntoIterator<Item = Entry>>(&mut self, entries: T) {
        self.0.extend(entries);
    }
}

impl FromIterator<Entry> for SubjectIndex {
    fn from_iter<T: IntoIterator<Item = Entry>>(entries: T) -> Self {
        Self(entries.into_iter().collect())
    }
}

pub(super) fn entries(case: &Escalation) -> impl Iterator<Item = Entry> {
    case.issues().flat_map(|(subject, plan)| keys(subject, plan)).map(|key| (key, case.id))
}

/// What [`Subject::is_same_issue`] can hold by.
fn keys(subject: &Subject, plan: &str) -> impl Iterator<Item = u64> {
    let everyone = (subject.scope == Scope::Everyone).then(|| key(("everyone", plan)));
    let ticket = subject.ticket.as_ref().map(|ticket| key(("ticket", &ticket.system, &ticket.id)));
    let customer = subject.customer_id().map(|customer| key(("customer", customer)));
    [everyone, ticket, customer].into_iter().flatten()
}

fn key(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::sop::fixture::person;
    use crate::sop::message::{Standing, TicketRef};

    fn subject() -> impl Strategy<Value = (Subject, &'static str)> {
        let customer = prop::option::of("[a-c]").prop_map(|id| id.map(|id| Arc::new(person(&id, Standing::Customer))));
        let ticket = prop::option::of("[1-3]");
        let of = |id| Box::new(TicketRef { system: "desk".to_owned(), id, url: None });
        let ticket = ticket.prop_map(move |id| id.map(of));
        let scope = prop::sample::select(vec![Scope::Customer, Scope::Everyone]);
        let plan = prop::sample::select(vec!["leads", "legal"]);
        (customer, ticket, scope, plan).prop_map(|(customer, ticket, scope, plan)| {
            (Subject { customer, place: "support".into(), ticket, scope }, plan)
        })
    }

    proptest! {
        #[test]
        fn no_case_about_the_same_issue_is_missed(cases in prop::collection::vec(subject(), 1..20), asked in subject()) {
            let cases: Vec<_> = (1..).map(EscalationId).zip(cases).collect();
            let of_case = |(id, (subject, plan)): &(EscalationId, (Subject, &str))| {
                let id = *id;
                keys(subject, plan).map(move |key| (key, id)).collect::<Vec<_>>()
            };
            let index: SubjectIndex = cases.iter().flat_map(of_case).collect();
            let (asked, plan) = asked;
            let is_asked_for = |(_, (subject, other)): &&(EscalationId, (Subject, &str))| {
                *other == plan && subject.is_same_issue(&asked)
            };
            let expected: Vec<EscalationId> = cases.iter().rev().filter(is_asked_for).map(|(id, _)| *id).collect();
            let found = index.about(&asked, plan).filter(|id| expected.contains(id)).collect::<Vec<_>>();
            prop_assert_eq!(found, expected);
        }
    }
}
