//! The log against the rules: everything in it that time led to is worked out again from what was recorded before.
//!
//! A breach, a warning, a reminder or a page after silence is the answer to one question, what is due by now, asked of
//! the case as it stood. Here the same question is asked again at the same instant, and the answer is held against the
//! record: what was due, how late that was noticed, and that nothing is missing. Whoever answered, and when, is taken from
//! the log; that nobody changed it there is what its chain is for.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{Display, Formatter};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::sop::desk::{Desk, Fact};
use crate::sop::escalation::{Command, Escalation, EscalationId, Event, OnCall, PageReason, RaiseReason};

/// A desk that works records what is due at once, after what came in together with it. What is still not recorded so long
/// after it recorded something else is missing.
const RECORDED_WITHIN: TimeDelta = TimeDelta::minutes(1);

/// A result that does not follow from what was recorded before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The line of the log.
    pub line: i64,
    /// `None`: about no case.
    pub case: Option<EscalationId>,
    pub what: Wrong,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Something else was due.
    Otherwise { recorded: String, due: String },
    /// That was not due.
    NotDue { recorded: String },
    /// This was due with the line before.
    LeftOut { due: String },
    /// The time was up long before this line, and nothing came of it.
    Passed { due: DateTime<Utc>, why: &'static str },
    /// The case is not in the log.
    NoCase,
}

impl Display for Wrong {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Otherwise { recorded, due } => write!(out, "recorded is {recorded}, worked out is {due}"),
            Self::NotDue { recorded } => write!(out, "recorded is {recorded}, which was not due then"),
            Self::LeftOut { due } => write!(out, "worked out is {due}, which is not recorded"),
            Self::Passed { due, why } => write!(out, "{why} since {}, and nothing is recorded of it", instant(*due)),
            Self::NoCase => write!(out, "something happens to a case that was never opened"),
        }
    }
}

/// Folds a log and checks it on the way.
#[derive(Debug, Default)]
pub struct Audit {
    desk: Desk,
    due: Due,
    /// Cases whose time is up: the deadline, when that was first seen, and whether it was told.
    overdue: BTreeMap<EscalationId, (DateTime<Utc>, DateTime<Utc>, bool)>,
    looked_at: Option<DateTime<Utc>>,
    results: BTreeMap<&'static str, u64>,
}

/// What is still to be recorded of one case at one instant.
#[derive(Debug, Default)]
struct Due {
    case: Option<EscalationId>,
    at: Option<DateTime<Utc>>,
    events: VecDeque<Event>,
}

impl Audit {
    /// The desk as the log so far makes it.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// How many results were worked out again, by what they are called.
    pub fn results(&self) -> &BTreeMap<&'static str, u64> {
        &self.results
    }

    /// Takes in the next line, and says what is wrong with it.
    pub fn take(&mut self, line: i64, at: DateTime<Utc>, fact: Fact) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        self.look_for_passed(line, at, &mut doubts);
        match &fact {
            Fact::Case { id, event } if self.desk.case(*id).is_none() && !matches!(event, Event::Opened(_)) => {
                doubts.push(Doubt { line, case: Some(*id), what: Wrong::NoCase });
                return doubts;
            }
            Fact::Case { id, event } if is_of_time(event) => self.compare(line, *id, at, event, &mut doubts),
            // A team with nobody on call is passed over on the way.
            Fact::Case { id, event: Event::GapFound { .. } | Event::Raised { why: RaiseReason::Gap, .. } }
                if self.due.case == Some(*id) => {}
            fact => {
                self.leave(line, &mut doubts);
                if let Fact::WaitedLong { place, customer } = fact {
                    *self.results.entry("waited_long").or_default() += 1;
                    if !self.desk.has_waited(place, customer, at) {
                        let recorded = "a customer's long wait".to_owned();
                        doubts.push(Doubt { line, case: None, what: Wrong::NotDue { recorded } });
                    }
                }
            }
        }
        self.desk.apply(fact, at);
        doubts
    }

    /// The log ends here.
    pub fn end(&mut self, line: i64) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        self.leave(line, &mut doubts);
        doubts
    }

    fn compare(&mut self, line: i64, id: EscalationId, at: DateTime<Utc>, event: &Event, doubts: &mut Vec<Doubt>) {
        if (self.due.case, self.due.at) != (Some(id), Some(at)) || self.due.events.is_empty() {
            self.leave(line, doubts);
            let due = self.desk.case(id).map(|case| case.decide(&Command::DeadlineReached, &OnCall::default(), at));
            let events = due.and_then(Result::ok).unwrap_or_default();
            self.due = Due { case: Some(id), at: Some(at), events: events.into_iter().filter(is_of_time).collect() };
        }
        *self.results.entry(event.name()).or_default() += 1;
        let mut doubt = |what| doubts.push(Doubt { line, case: Some(id), what });
        let recorded = told(event);
        if let Some(at) = self.due.events.iter().position(|due| is_same(due, event)) {
            let left_out = self.due.events.drain(..at).map(|due| told(&due));
            left_out.for_each(|due| doubt(Wrong::LeftOut { due }));
            self.due.events.pop_front();
        } else if let Some(due) = self.due.events.pop_front_if(|due| due.name() == event.name()) {
            doubt(Wrong::Otherwise { recorded, due: told(&due) });
        } else {
            doubt(Wrong::NotDue { recorded });
        }
    }

    /// What was due is followed by something else.
    fn leave(&mut self, line: i64, doubts: &mut Vec<Doubt>) {
        let Due { case, events, .. } = std::mem::take(&mut self.due);
        doubts.extend(events.iter().map(|due| Doubt { line, case, what: Wrong::LeftOut { due: told(due) } }));
    }

    fn look_for_passed(&mut self, line: i64, at: DateTime<Utc>, doubts: &mut Vec<Doubt>) {
        if self.looked_at.is_some_and(|before| at - before < RECORDED_WITHIN / 2) {
            return;
        }
        self.looked_at = Some(at);
        let before = std::mem::take(&mut self.overdue);
        for (deadline, id) in self.desk.overdue(at) {
            let known = before.get(&id).filter(|(known, ..)| *known == deadline);
            let (_, seen_at, was_told) = known.copied().unwrap_or((deadline, at, false));
            let is_missing = !was_told && at - seen_at >= RECORDED_WITHIN;
            if is_missing {
                let why = self.desk.case(id).and_then(Escalation::next_deadline).map_or("", |deadline| deadline.why);
                doubts.push(Doubt { line, case: Some(id), what: Wrong::Passed { due: deadline, why } });
            }
            self.overdue.insert(id, (deadline, seen_at, was_told || is_missing));
        }
    }
}

/// Whether time alone leads to it.
fn is_of_time(event: &Event) -> bool {
    matches!(
        event,
        Event::Breached { .. }
            | Event::RanOut { .. }
            | Event::Warned { .. }
            | Event::Nudged { .. }
            | Event::Reminded { .. }
            | Event::Confirmed { by: None }
            | Event::Raised { why: RaiseReason::Silence | RaiseReason::Lapsed { .. }, .. }
            | Event::Paged { reason: PageReason::Silence | PageReason::Lapsed, .. }
    )
}

/// Who was on call is not in the log: a page may have gone past a gap.
fn is_same(due: &Event, recorded: &Event) -> bool {
    match (due, recorded) {
        (Event::Raised { from, why, .. }, Event::Raised { from: known_from, why: known, .. }) => {
            (from, why) == (known_from, known)
        }
        (Event::Paged { reason, .. }, Event::Paged { reason: known, .. }) => reason == known,
        (due, recorded) => due == recorded,
    }
}

fn told(event: &Event) -> String {
    let late = |due: &DateTime<Utc>, seconds: &i64| format!("due {}, {seconds} s late", instant(*due));
    let more = match event {
        Event::Breached { page, due, late_seconds } => format!(" (page {}, {})", page + 1, late(due, late_seconds)),
        Event::RanOut { clock, due, late_seconds } => format!(" ({}, {})", clock.name(), late(due, late_seconds)),
        Event::Warned { clock, percent, due } => format!(" ({}, {percent} %, due {})", clock.name(), instant(*due)),
        Event::Nudged { due, late_seconds } | Event::Reminded { due, late_seconds } => {
            format!(" ({})", late(due, late_seconds))
        }
        _ => String::new(),
    };
    format!("{}{more}", event.name())
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
