//! What many cases have in common is kept once, however many have it: a log names it anew with every case.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::sop::escalation::{Event, Report, TriggerName};
use crate::sop::guidance::information::Field;
use crate::sop::team::Plan;

/// The latest of each, no two of them equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    plans: VecDeque<Arc<Plan>>,
    triggers: VecDeque<Arc<[TriggerName]>>,
    fields: VecDeque<Arc<[Field]>>,
}

impl Shared {
    /// Puts what is known already in the place of what is equal to it.
    pub(super) fn unify(&mut self, event: &mut Event) {
        match event {
            Event::Opened(opened) => {
                unify(&mut opened.plan, &mut self.plans);
                self.unify_report(&mut opened.report);
                if opened.subject.customer == opened.report.customer {
                    opened.subject.customer.clone_from(&opened.report.customer);
                }
            }
            Event::Added { report } | Event::Strengthened { report, .. } => self.unify_report(report),
            Event::MovedOver(moved) => unify(&mut moved.plan, &mut self.plans),
            Event::Required { fields, .. } => unify(fields, &mut self.fields),
            _ => {}
        }
    }

    fn unify_report(&mut self, report: &mut Report) {
        unify(&mut report.triggers, &mut self.triggers);
    }
}

/// How many of each are remembered. A procedure has far fewer, but what people ask a case for may be anything.
const KNOWN_MAX: usize = 256;

/// What came last is looked at first: it belongs to the version in use.
fn unify<T: PartialEq + ?Sized>(new: &mut Arc<T>, known: &mut VecDeque<Arc<T>>) {
    if let Some(known) = known.iter().rev().find(|known| *known == new) {
        *new = Arc::clone(known);
        return;
    }
    if known.len() == KNOWN_MAX {
        known.pop_front();
    }
    known.push_back(Arc::clone(new));
}
