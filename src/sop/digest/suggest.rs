//! The one threshold that history says is too low.
//!
//! Every case remembers, for each trigger that opened it, the smallest change that would have kept that quiet. Where
//! this is one threshold, moving it to a value would have kept quiet all cases that needed no more than that. What was
//! said of those cases says whether that would have been right. Nobody but a person changes a config.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use crate::sop::desk::Desk;
use crate::sop::digest::Audience;
use crate::sop::escalation::{Escalation, Grade};
use crate::sop::trigger::Change;

/// A threshold, and what a higher one would have changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    pub trigger: String,
    pub name: String,
    /// As it is, and as it might be.
    pub change: Change,
    /// Cases graded as not needed that it would have kept quiet …
    pub spared: u32,
    /// … of so many.
    pub not_needed: u32,
    /// Cases that nobody graded, and that would not have been opened either: look at them first.
    pub ungraded: u32,
    /// Cases graded otherwise, which would all have been opened as they were.
    pub kept: u32,
}

/// Cases looked at, the latest ones.
const CASES_MAX: usize = 10_000;
/// Fewer are no pattern.
const SPARED_MIN: u32 = 3;

/// A case that one threshold would have kept quiet.
struct Quieted<'c> {
    change: &'c Change,
    value: f64,
    grade: Option<Grade>,
}

/// That which spares the most and loses nothing that was graded otherwise; of equals the smallest move.
pub(super) fn suggestion(desk: &Desk, audience: &Audience, until: DateTime<Utc>) -> Option<Suggestion> {
    let is_its_own = |case: &&Escalation| audience.is_concerned(case) && case.merged_into().is_none();
    let known = desk.cases().rev().filter(is_its_own).filter(|case| case.may_be_read_by(&audience.reader));
    let mut by_trigger: BTreeMap<&str, (&str, Vec<Quieted<'_>>)> = BTreeMap::new();
    for case in known.filter(|case| case.opened_at < until && case.opened.by.is_none()).take(CASES_MAX) {
        for flip in &case.opened.report.flips {
            let [change] = &*flip.changes else { continue };
            let Some(value) = value(change) else { continue };
            let mut names = case.opened.report.triggers.iter();
            let Some(name) = names.find(|name| name.id == flip.trigger) else { continue };
            let (_, quieted) = by_trigger.entry(&name.id).or_insert((&name.name, Vec::new()));
            // Only what was decided with the threshold of today says anything about it.
            if quieted.first().is_none_or(|latest| is_same_threshold(latest.change, change)) {
                quieted.push(Quieted { change, value, grade: case.grade.as_deref().map(|(_, grade)| *grade) });
            }
        }
    }
    let best = by_trigger.into_iter().filter_map(|(id, (name, quieted))| best_move(id, name, quieted));
    best.max_by_key(|suggestion| (suggestion.spared, std::cmp::Reverse(suggestion.ungraded)))
}

fn best_move(id: &str, name: &str, mut quieted: Vec<Quieted<'_>>) -> Option<Suggestion> {
    quieted.sort_by(|one, other| one.value.total_cmp(&other.value));
    let is_not_needed = |case: &&Quieted<'_>| case.grade == Some(Grade::NotNeeded);
    let is_otherwise = |case: &Quieted<'_>| case.grade.is_some_and(|grade| grade != Grade::NotNeeded);
    // From the first that was graded otherwise on, a higher threshold would lose something. What has the same value
    // goes with it.
    let bound = quieted.iter().find(|case| is_otherwise(case)).map_or(f64::INFINITY, |case| case.value);
    let quiet: Vec<&Quieted<'_>> = quieted.iter().filter(|case| case.value < bound).collect();
    let last = quiet.iter().copied().rfind(is_not_needed)?;
    let quiet = quiet.iter().copied().filter(|case| case.value <= last.value);
    let count = |cases: usize| u32::try_from(cases).unwrap_or(u32::MAX);
    let spared = count(quiet.clone().filter(is_not_needed).count());
    (spared >= SPARED_MIN).then(|| Suggestion {
        trigger: id.to_owned(),
        name: name.to_owned(),
        change: last.change.clone(),
        spared,
        not_needed: count(quieted.iter().filter(is_not_needed).count()),
        ungraded: count(quiet.filter(|case| case.grade.is_none()).count()),
        kept: count(quieted.iter().filter(|case| is_otherwise(case)).count()),
    })
}

/// The threshold that would have kept it quiet; `None` where it is no threshold that a config has.
fn value(change: &Change) -> Option<f64> {
    match change {
        Change::Strength { at_least, .. } => Some(*at_least),
        Change::Amount { over, .. } => over.to_f64(),
        Change::Contacts { at_least, .. } | Change::Customers { at_least, .. } => Some(f64::from(*at_least)),
        Change::Waits { .. } | Change::Fact { .. } => None,
    }
}

fn is_same_threshold(one: &Change, other: &Change) -> bool {
    match (one, other) {
        (Change::Strength { kind, was, .. }, Change::Strength { kind: same, was: same_was, .. }) => {
            kind == same && was.total_cmp(same_was).is_eq()
        }
        (Change::Amount { was, currency, .. }, Change::Amount { was: same_was, currency: same, .. }) => {
            currency == same && was == same_was
        }
        (Change::Contacts { was, .. }, Change::Contacts { was: same_was, .. }) => was == same_was,
        (Change::Customers { kind, was, .. }, Change::Customers { kind: same, was: same_was, .. }) => {
            kind == same && was == same_was
        }
        _ => false,
    }
}
