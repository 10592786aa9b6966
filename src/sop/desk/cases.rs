//! Every case there ever was.

use std::ops::Index;

use crate::sop::escalation::{Escalation, EscalationId};

/// In the order of their numbers. They count from 1, so that a case stands where its number says, unless lines of the
/// log are missing: whoever looks for what is wrong with a log reads such a one, too.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::vec_box, reason = "a list that grows moves what is in it, and keeps room for as much again")]
pub(super) struct Cases(Vec<Box<Escalation>>);

impl Cases {
    pub(super) fn get(&self, id: EscalationId) -> Option<&Escalation> {
        self.place(id).ok().map(|place| &*self.0[place])
    }

    pub(super) fn get_mut(&mut self, id: EscalationId) -> Option<&mut Escalation> {
        self.place(id).ok().map(|place| &mut *self.0[place])
    }

    /// The number of the case that is opened next.
    pub(super) fn next(&self) -> EscalationId {
        EscalationId(self.0.last().map_or(0, |last| last.id.0).checked_add(1).expect("there are fewer cases than that"))
    }

    /// There is none of its number yet.
    pub(super) fn insert(&mut self, case: Escalation) {
        let (Ok(place) | Err(place)) = self.place(case.id);
        self.0.insert(place, Box::new(case));
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Escalation> {
        self.0.iter().map(Box::as_ref)
    }

    /// Where it stands, or else would.
    fn place(&self, id: EscalationId) -> Result<usize, usize> {
        let place = (id.0 as usize).wrapping_sub(1);
        match self.0.get(place) {
            Some(case) if case.id == id => Ok(place),
            None if self.0.last().is_none_or(|last| last.id < id) => Err(self.0.len()),
            _ => self.0.binary_search_by_key(&id, |case| case.id),
        }
    }
}

impl Index<EscalationId> for Cases {
    type Output = Escalation;

    fn index(&self, id: EscalationId) -> &Escalation {
        self.get(id).unwrap_or_else(|| panic!("there is no {id}"))
    }
}
