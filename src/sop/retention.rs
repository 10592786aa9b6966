//! How long the log keeps what people wrote. What is too old is [taken out](crate::sop::erasure) of its lines; the lines
//! stay, and what was measured with them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::sop::desk::Fact;
use crate::sop::escalation::{EscalationId, Event};
use crate::sop::message::{PlaceId, TicketRef};

/// For how long each kind of content is kept; `None`: for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// What is in a case, counted from when it was resolved; a case that was merged, from when the whole was.
    pub resolved_cases: Option<TimeDelta>,
    /// What is kept of single messages: who wrote, and a sketch of it; who waited; forms that were begun.
    pub heard: Option<TimeDelta>,
    /// What a ticket says, unless an open case is about it.
    pub tickets: Option<TimeDelta>,
}

/// A line of the log: its number, when it was recorded, and what.
pub type Dated<'f> = (i64, DateTime<Utc>, &'f Fact);

impl Retention {
    pub fn keeps_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Everything that is older than this.
    pub fn of_all(age: TimeDelta) -> Self {
        Self { resolved_cases: Some(age), heard: Some(age), tickets: Some(age) }
    }

    /// The lines of a log whose content is too old by now.
    pub fn outdated<'f>(&self, log: impl Iterator<Item = Dated<'f>> + Clone, now: DateTime<Utc>) -> BTreeSet<i64> {
        // Nothing is older than the calendar.
        let before = |age: Option<TimeDelta>| age.and_then(|age| now.checked_sub_signed(age));
        let mut lines = BTreeSet::new();
        if let Some(before) = before(self.resolved_cases) {
            let cases = Ends::of(log.clone()).before(before);
            let is_of_one = |(_, _, fact): &Dated<'_>| matches!(fact, Fact::Case { id, .. } if cases.contains(id));
            lines.extend(log.clone().filter(is_of_one).map(|(line, ..)| line));
        }
        if let Some(before) = before(self.heard) {
            lines.extend(heard(log.clone(), before));
        }
        if let Some(before) = before(self.tickets) {
            lines.extend(tickets(log, before));
        }
        lines
    }
}

/// When each case came to its end; those that are open have none.
#[derive(Default)]
struct Ends {
    resolved: BTreeMap<EscalationId, DateTime<Utc>>,
    /// What each part goes on in.
    wholes: BTreeMap<EscalationId, EscalationId>,
}

impl Ends {
    fn of<'f>(log: impl Iterator<Item = Dated<'f>>) -> Self {
        let mut ends = Self::default();
        for (_, at, fact) in log {
            let Fact::Case { id, event } = fact else { continue };
            match event {
                Event::Resolved { .. } => drop(ends.resolved.insert(*id, at)),
                Event::Merged { into, .. } => drop(ends.wholes.insert(*id, *into)),
                Event::Reopened { .. } => {
                    ends.resolved.remove(id);
                    ends.wholes.remove(id);
                }
                _ => {}
            }
        }
        ends
    }

    fn of_case(&self, id: EscalationId) -> Option<DateTime<Utc>> {
        let whole = std::iter::successors(Some(id), |id| self.wholes.get(id).copied()).last()?;
        self.resolved.get(&whole).copied()
    }

    fn before(&self, before: DateTime<Utc>) -> BTreeSet<EscalationId> {
        let cases = self.resolved.keys().chain(self.wholes.keys()).copied();
        cases.filter(|id| self.of_case(*id).is_some_and(|at| at < before)).collect()
    }
}

/// Who waits in a place is forgotten with the answer, all at once: a wait without its end would never end.
fn heard<'f>(log: impl Iterator<Item = Dated<'f>>, before: DateTime<Utc>) -> Vec<i64> {
    let mut lines = Vec::new();
    let mut waiting: BTreeMap<&PlaceId, Vec<i64>> = BTreeMap::new();
    for (line, _, fact) in log.take_while(|(_, at, _)| *at < before) {
        match fact {
            Fact::Noted(_) | Fact::Watched { .. } | Fact::Drafted(_) => lines.push(line),
            Fact::Asked(asked) => waiting.entry(&asked.place).or_default().push(line),
            Fact::WaitedLong { place, .. } => waiting.entry(place).or_default().push(line),
            Fact::Answered { place } => {
                lines.extend(waiting.remove(place).unwrap_or_default());
                lines.push(line);
            }
            _ => {}
        }
    }
    lines
}

fn tickets<'f>(log: impl Iterator<Item = Dated<'f>> + Clone, before: DateTime<Utc>) -> Vec<i64> {
    let ends = Ends::of(log.clone());
    let key = |ticket: &TicketRef| (ticket.system.clone(), ticket.id.clone());
    let open = log.clone().filter_map(|(_, _, fact)| match fact {
        Fact::Case { id, event: Event::Opened(opened) } if ends.of_case(*id).is_none() => {
            opened.subject.ticket.as_deref().map(key)
        }
        _ => None,
    });
    let open: BTreeSet<(String, String)> = open.collect();
    let old = log.take_while(|(_, at, _)| *at < before).filter_map(|(line, _, fact)| match fact {
        Fact::TicketRead { ticket, .. } | Fact::TicketLost { ticket, .. } if !open.contains(&key(ticket)) => Some(line),
        _ => None,
    });
    old.collect()
}
