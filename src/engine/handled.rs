//! Which inputs were handled lately.

use std::collections::{HashSet, VecDeque};

use crate::engine::input::InputId;

/// Ids kept in memory; the oldest is forgotten first. More than a gateway can send again after a gap.
pub(crate) const REMEMBERED: usize = 65_536;

#[derive(Debug)]
pub(crate) struct Handled {
    ids: HashSet<InputId>,
    order: VecDeque<InputId>,
    remembered_max: usize,
}

impl Handled {
    pub(crate) fn new(remembered_max: usize) -> Self {
        Self { ids: HashSet::new(), order: VecDeque::new(), remembered_max }
    }

    /// Remembers an id; `false` if it was known.
    pub(crate) fn insert(&mut self, id: InputId) -> bool {
        if !self.ids.insert(id.clone()) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > self.remembered_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }

    pub(crate) fn contains(&self, id: &InputId) -> bool {
        self.ids.contains(id)
    }
}
