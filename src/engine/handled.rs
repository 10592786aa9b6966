//! Which inputs were handled lately.

use std::collections::{HashSet, VecDeque};

use crate::engine::input::InputId;

/// Ids kept in memory; the oldest is forgotten first. More than a gateway can send again after a gap.
pub(crate) const REMEMBERED: usize = 65_536;

#[derive(Debug, Default)]
pub(crate) struct Handled {
    ids: HashSet<InputId>,
    order: VecDeque<InputId>,
}

impl Handled {
    /// Remembers an id; `false` if it was known.
    pub(crate) fn insert(&mut self, id: InputId) -> bool {
        if !self.ids.insert(id.clone()) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > REMEMBERED {
            let oldest = self.order.pop_front().expect("just pushed");
            self.ids.remove(&oldest);
        }
        true
    }
}
