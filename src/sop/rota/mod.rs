//! The rota: who is on call, from when to when.
//!
//! A [`Rota`] is a function of time: at every moment one person has it, or nobody, a **gap**. A team with several people
//! on call at once has several rotas. This is how a moment's person is found:
//!
//! 1. **Layers**, the last one first, each only in its own hours: the person whose turn it is. Imported shifts
//!    ([`import`]) are the uppermost layer; where they overlap, the one that began last comes first.
//! 2. **Away** routes around a person: the next of the rotation, then of the layers below, takes over. Who is away and
//!    has somebody who covers for them is not routed around: the one who covers has it. A person's own turn is never
//!    moved by somebody else's absence.
//! 3. **Overrides** in the order in which they were made, the newest last: one gives the time to a person whoever had it,
//!    a cover only takes the time of one person. Two that contradict each other are a [`Conflict`]: the newest wins, and
//!    people are told. An override for somebody who is away is left out. What people agree on in the chat ([`Cover`]) is
//!    newer than whatever the config says.
//!
//! So nobody who is away is ever on call. Spans are half-open: a hand-over at 09:00 rings the new person at 09:00.
//! What a hand-over time means when the clocks change: [`instant`].

mod cover;
pub mod import;
mod moment;
mod rotation;

#[cfg(test)]
pub(crate) mod properties;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

pub use crate::sop::calendar::Span;
use crate::sop::message::PersonId;
use crate::sop::team::TeamId;
pub use cover::{Cover, DutyRefusal};
pub use moment::{End, in_range, moment, moment_after};
pub use rotation::{Every, Rotation, Window, instant};

/// Somebody who can be on call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    pub id: PersonId,
    /// As written in the roster; one of its own.
    pub name: String,
    /// Where the person lives: their own time is told in it.
    pub zone: Tz,
}

/// One duty that one person has at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rota {
    /// What the config and commands call it.
    pub id: String,
    pub team: TeamId,
    /// Hand-overs and windows are wall clock times of this zone.
    pub zone: Tz,
    /// A later layer wins where it is active.
    pub layers: Vec<Layer>,
    /// Above all layers.
    pub imported: Arc<import::Imported>,
    /// In the order in which they were made: the newest is the last.
    pub overrides: Vec<Override>,
    pub away: Vec<Away>,
}

/// A rotation, and when it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub rotation: Rotation,
    /// Empty: always. Turns go on outside these hours, they only do not count.
    pub only: Vec<Window>,
}

/// Somebody takes the duty for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub person: PersonId,
    pub span: Span,
    /// A cover: only the time that this person would have had.
    pub covers: Option<PersonId>,
}

/// Somebody cannot be on call for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    pub person: PersonId,
    pub span: Span,
}

/// Who has the duty from when to when; nobody is a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift<'r> {
    pub person: Option<&'r PersonId>,
    pub span: Span,
}

/// The moment at which the duty goes from one to another; nobody is a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover<'r> {
    pub at: DateTime<Utc>,
    pub from: Option<&'r PersonId>,
    pub to: Option<&'r PersonId>,
}

/// What people should know about what they wrote; the rota has an answer all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict<'r> {
    /// Two overrides give the same time to different people.
    Overlap { wins: &'r Override, loses: &'r Override, span: Span },
    /// An override gives time to somebody who is away then; it is left out for that time.
    IsAway { left_out: &'r Override, span: Span },
}

/// No hand-over further ahead is looked for.
const HANDOVER_SEARCHED: TimeDelta = TimeDelta::days(2 * 366);

impl Rota {
    /// Who is on call; `None` is a gap.
    pub fn on_call(&self, at: DateTime<Utc>) -> Option<&PersonId> {
        let mut person = self.candidates(at).find(|person| self.is_there(person, at) || self.is_covered(person, at));
        for change in self.overrides_at(at) {
            if change.covers.is_none() || change.covers.as_ref() == person {
                person = Some(&change.person);
            }
        }
        person
    }

    /// Who has it from when to when, gaps too, without a hole from `from` to `to`; neighbours differ in their person.
    pub fn shifts(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Shifts<'_> {
        Shifts { rota: self, from, to }
    }

    /// The first time in a span in which nobody is on call.
    pub fn first_gap(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Span> {
        self.shifts(from, to).find(|shift| shift.person.is_none()).map(|gap| gap.span)
    }

    /// The next time that the duty goes to somebody else, to nobody, or from nobody to somebody: after `at`, and within
    /// two years of it.
    pub fn next_handover(&self, at: DateTime<Utc>) -> Option<Handover<'_>> {
        let from = self.on_call(at);
        let end = at.checked_add_signed(HANDOVER_SEARCHED)?;
        let next = self.shifts(at, end).nth(1)?;
        Some(Handover { at: next.span.from, from, to: next.person })
    }

    /// What the overrides contradict: each other, and absences.
    pub fn conflicts(&self) -> Vec<Conflict<'_>> {
        let mut conflicts = Vec::new();
        for (index, wins) in self.overrides.iter().enumerate() {
            for loses in self.overrides[..index].iter().filter(|loses| loses.contradicts(wins)) {
                let span = wins.span.common(loses.span);
                conflicts.extend(span.map(|span| Conflict::Overlap { wins, loses, span }));
            }
            for away in self.away.iter().filter(|away| away.person == wins.person) {
                let span = wins.span.common(away.span);
                conflicts.extend(span.map(|span| Conflict::IsAway { left_out: wins, span }));
            }
        }
        conflicts
    }

    /// Everyone who would have the moment were all before them away: the uppermost layer's rotation first.
    fn candidates(&self, at: DateTime<Utc>) -> impl Iterator<Item = &PersonId> {
        let turns = self.layers.iter().rev().filter(move |layer| layer.is_active(self.zone, at));
        let people = turns.flat_map(move |layer| {
            let turn = layer.rotation.turn(self.zone, at);
            turn.into_iter().flat_map(|turn| layer.rotation.in_order(turn))
        });
        self.imported.at(at).chain(people)
    }

    fn is_there(&self, person: &PersonId, at: DateTime<Utc>) -> bool {
        !self.away.iter().any(|away| away.person == *person && away.span.holds(at))
    }

    fn is_covered(&self, person: &PersonId, at: DateTime<Utc>) -> bool {
        self.overrides_at(at).any(|change| change.covers.as_ref() == Some(person))
    }

    /// The overrides that count at a moment, the newest last.
    fn overrides_at(&self, at: DateTime<Utc>) -> impl Iterator<Item = &Override> {
        self.overrides.iter().filter(move |change| change.span.holds(at) && self.is_there(&change.person, at))
    }

    /// The next moment at which anything here begins or ends. Until then the answer stays the same.
    fn next_change(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let layers = self.layers.iter().filter_map(|layer| layer.next_change(self.zone, after));
        let spans = self.overrides.iter().map(|change| change.span).chain(self.away.iter().map(|away| away.span));
        let edges = spans.flat_map(|span| [span.from, span.to]).filter(|edge| *edge > after);
        layers.chain(edges).chain(self.imported.next_change(after)).min()
    }
}

impl Layer {
    fn is_active(&self, zone: Tz, at: DateTime<Utc>) -> bool {
        self.only.is_empty() || self.only.iter().any(|window| window.holds(zone, at))
    }

    fn next_change(&self, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let windows = self.only.iter().filter_map(|window| window.next_change(zone, after));
        // Where one person has every turn, none of them changes anything but the first.
        let is_same = self.rotation.people.len() == 1 && self.rotation.turn(zone, after).is_some();
        let turn = if is_same { None } else { self.rotation.next_turn(zone, after) };
        windows.chain(turn).min()
    }
}

impl Override {
    /// Both mean the same time and name different people.
    fn contradicts(&self, other: &Self) -> bool {
        self.covers == other.covers && self.person != other.person
    }
}

/// The shifts of a rota, one after the other.
#[derive(Clone, Debug)]
pub struct Shifts<'r> {
    rota: &'r Rota,
    /// Where the next shift begins.
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl<'r> Iterator for Shifts<'r> {
    type Item = Shift<'r>;

    fn next(&mut self) -> Option<Shift<'r>> {
        if self.from >= self.to {
            return None;
        }
        let (from, person) = (self.from, self.rota.on_call(self.from));
        while let Some(change) = self.rota.next_change(self.from).filter(|change| *change < self.to) {
            self.from = change;
            if self.rota.on_call(change) != person {
                return Some(Shift { person, span: Span { from, to: change } });
            }
        }
        self.from = self.to;
        Some(Shift { person, span: Span { from, to: self.to } })
    }
}
