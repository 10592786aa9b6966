//! What happened on a desk, in the short form that digests are made of.
//!
//! A case remembers how it stands, not how it came to that: who has it now, not who had it on Monday. The chronicle
//! remembers that, as one [`Mark`] for each thing that a digest counts. What the case itself keeps for good (how it
//! opened, its pages) is not written down again.

use std::collections::HashMap;
use std::num::NonZeroU32;

use chrono::{DateTime, Utc};

use crate::sop::clock::ClockKind;
use crate::sop::desk::Fact;
use crate::sop::escalation::{Escalation, EscalationId, Event, Grade, RaiseReason};
use crate::sop::message::Person;

/// One thing that happened: 28 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: DateTime<Utc>,
    /// `None`: it is about no case.
    pub case: Option<EscalationId>,
    /// Who did it, an index into the people that the chronicle knows.
    pub by: Option<Known>,
    pub what: What,
}

/// A name that is written down once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Known(NonZeroU32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody took it: answered this page, an index into those of the case.
    Taken {
        page: u16,
    },
    /// Somebody took it over from whoever had it; the last page before that.
    HandedOff {
        page: u16,
    },
    /// Somebody did something about it.
    Acted,
    /// Whoever has it said by when the next step comes: in seconds since 1970.
    Promised {
        until: u32,
    },
    Waits,
    GoesOn,
    Resolved,
    Merged,
    Reopened,
    /// It went to another step: sent there by somebody, on or back, or not.
    Raised {
        by_hand: bool,
    },
    /// Nobody answered this page in time.
    Breached {
        page: u16,
    },
    Undeliverable,
    Warned(ClockKind),
    RanOut(ClockKind),
    /// A clock stopped, in time or after it had run out.
    Stopped {
        clock: ClockKind,
        in_time: bool,
    },
    /// The next step did not come by when it was promised.
    Lapsed,
    /// Something that the team has to know was missing: it did not come in time, or was asked back for.
    Missing,
    Graded(Grade),
    /// Something due was noticed only so many seconds later.
    NoticedLate {
        seconds: u32,
    },
    /// A trigger in watch mode fired; an index into the names.
    Watched {
        trigger: Known,
    },
    /// Nobody was on call for this team; an index into the names.
    Gap {
        team: Known,
    },
    /// Nothing was heard, for so many seconds until now.
    Deaf {
        seconds: u32,
    },
    Hearing,
}

/// The marks of a desk, in the order in which they were recorded.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    marks: Vec<Mark>,
    people: Names,
    /// Of triggers and teams.
    ids: Names,
}

#[derive(Clone, Debug, Default)]
struct Names {
    numbers: HashMap<String, Known>,
    /// In the order of their numbers.
    names: Vec<String>,
}

/// The clocks of a case before something happened to it: since when each ran, and whether it was late.
pub(super) type Clocks = [Option<(DateTime<Utc>, bool)>; ClockKind::ALL.len()];

pub(super) fn clocks(case: &Escalation) -> Clocks {
    let mut clocks = Clocks::default();
    for running in &case.clocks {
        clocks[running.clock.target.clock as usize] = Some((running.clock.started_at, running.is_late));
    }
    clocks
}

impl Chronicle {
    /// In the order in which they were recorded, those from an instant on.
    pub fn since(&self, since: DateTime<Utc>) -> &[Mark] {
        &self.marks[self.marks.partition_point(|mark| mark.at < since)..]
    }

    /// In the order in which they were recorded, those up to an instant; it does not count itself.
    pub fn until(&self, until: DateTime<Utc>) -> &[Mark] {
        &self.marks[..self.marks.partition_point(|mark| mark.at < until)]
    }

    /// A person's name, as it was last written.
    pub fn person(&self, known: Known) -> &str {
        &self.people.names[known.index()]
    }

    /// The id of a team or a trigger.
    pub fn id(&self, known: Known) -> &str {
        &self.ids.names[known.index()]
    }

    /// Takes in a fact that is about no case.
    pub(super) fn see(&mut self, fact: &Fact, at: DateTime<Utc>) {
        let what = match fact {
            Fact::Watched { trigger, .. } => What::Watched { trigger: self.ids.of(trigger) },
            Fact::Deaf { since } => What::Deaf { seconds: seconds((at - *since).num_seconds()) },
            Fact::Hearing => What::Hearing,
            _ => return,
        };
        self.marks.push(Mark { at, case: None, by: None, what });
    }

    /// Takes in what is about to happen to a case.
    pub(super) fn see_event(&mut self, case: &Escalation, event: &Event, at: DateTime<Utc>) {
        let page = |page: usize| u16::try_from(page).unwrap_or(u16::MAX);
        let last = case.pages.len().saturating_sub(1);
        let (what, by) = match event {
            Event::Acknowledged { by } => (What::Taken { page: page(case.awaiting.unwrap_or(last)) }, Some(by)),
            Event::HandedOff { to } => (What::HandedOff { page: page(last) }, Some(to)),
            Event::Waited { by, .. } => (What::Waits, Some(by)),
            Event::Resumed { by } => (What::GoesOn, by.as_ref()),
            Event::Resolved { by, .. } => (What::Resolved, Some(by)),
            Event::Merged { by, .. } => (What::Merged, Some(by)),
            Event::Reopened { by, .. } => (What::Reopened, Some(by)),
            Event::Raised { why, .. } => match why {
                RaiseReason::ByHand { by, .. } | RaiseReason::Lowered { by, .. } => {
                    (What::Raised { by_hand: true }, Some(by))
                }
                RaiseReason::Lapsed { responder } => (What::Raised { by_hand: false }, Some(responder)),
                RaiseReason::Silence | RaiseReason::Undeliverable | RaiseReason::Gap => {
                    (What::Raised { by_hand: false }, None)
                }
            },
            Event::Breached { page: breached, .. } => (What::Breached { page: page(*breached) }, None),
            Event::Undeliverable { .. } => (What::Undeliverable, None),
            Event::Warned { clock, .. } => (What::Warned(*clock), None),
            Event::RanOut { clock, .. } => (What::RanOut(*clock), None),
            Event::Nudged { .. } => (What::Lapsed, None),
            Event::Reminded { .. } => (What::Missing, None),
            Event::Bounced { by, .. } => (What::Missing, Some(by)),
            Event::Graded { by, grade } => (What::Graded(*grade), Some(by)),
            Event::GapFound { team } => (What::Gap { team: self.ids.of(&team.0) }, None),
            Event::Promised { by, until } => (What::Promised { until: seconds(until.timestamp()) }, Some(by)),
            Event::Noted { by, .. }
            | Event::Offered { by, .. }
            | Event::SeveritySet { by, .. }
            | Event::StepDone { by, .. }
            | Event::Informed { by, .. }
            | Event::Replied { by, .. }
            | Event::CustomerTold { by, .. } => (What::Acted, Some(by)),
            _ => return,
        };
        let by = by.map(|person| self.people.person(person));
        self.marks.push(Mark { at, case: Some(case.id), by, what });
        if let Some(seconds) = noticed_late(event) {
            self.marks.push(Mark { at, case: Some(case.id), by: None, what: What::NoticedLate { seconds } });
        }
    }

    /// The clocks that what has just happened stopped, or started anew. A case that goes on as part of another is not
    /// measured any more, and so neither kept a clock nor broke it.
    pub(super) fn see_clocks(&mut self, case: &Escalation, before: &Clocks, at: DateTime<Utc>) {
        if case.merged_into().is_some() {
            return;
        }
        let after = clocks(case);
        for (clock, (before, after)) in ClockKind::ALL.into_iter().zip(before.iter().zip(after)) {
            let Some((since, late)) = *before else { continue };
            if after.is_none_or(|(again, _)| again != since) {
                let what = What::Stopped { clock, in_time: !late };
                self.marks.push(Mark { at, case: Some(case.id), by: None, what });
            }
        }
    }
}

impl Names {
    fn of(&mut self, id: &str) -> Known {
        if let Some(known) = self.numbers.get(id) {
            return *known;
        }
        self.names.push(id.to_owned());
        let number = u32::try_from(self.names.len()).ok().and_then(NonZeroU32::new);
        let known = Known(number.expect("there are fewer names than 4,000,000,000"));
        self.numbers.insert(id.to_owned(), known);
        known
    }

    /// By their id, under the name that they have now.
    fn person(&mut self, person: &Person) -> Known {
        let known = self.of(person.id.as_str());
        let name = &mut self.names[known.index()];
        if name.as_str() != person.name {
            person.name.as_str().clone_into(name);
        }
        known
    }
}

impl Known {
    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// How long after it was due something was noticed; `None`: at once.
fn noticed_late(event: &Event) -> Option<u32> {
    match event {
        Event::Breached { late_seconds, .. }
        | Event::Nudged { late_seconds, .. }
        | Event::RanOut { late_seconds, .. }
        | Event::Reminded { late_seconds, .. } => Some(seconds(*late_seconds)).filter(|seconds| *seconds > 0),
        _ => None,
    }
}

/// Longer than 136 years does not happen, later than 2106 neither, and shorter than nothing is nothing.
fn seconds(long: i64) -> u32 {
    u32::try_from(long.max(0)).unwrap_or(u32::MAX)
}
