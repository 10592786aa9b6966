//! The smallest change that would have turned a decision round: kept a trigger quiet that fired, or made one fire that
//! was quiet.
//!
//! A [`Change`] is about one leaf of the trigger's condition. A threshold is moved to the next value beyond what was
//! seen: by 0.01 for a strength, by 0.01 of the currency for an amount, by 1 for a count, by a minute for a wait. Where
//! there is no threshold, or none that would do (no strength is above 1, no count below 2), the fact would have had to
//! be another. So it is where a customer has waited long enough: a longer time would only have fired later. The time
//! that `contacts` and `customers` look back stays as it is.
//!
//! The smallest set has the fewest changes, and of those the one whose thresholds move least, as shares of the larger
//! of both values; another fact is as far as a threshold can move. Each leaf is taken by itself, so the smallest set of
//! a combination is put together from those of its parts. Of equals the one that stands first in the config is told.

use std::cmp::Ordering;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::sop::signal::{Currency, Kind};
use crate::sop::trigger::{Condition, Finding, What};

/// One leaf of a condition as it would have had to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// From 0 to 1, like all strengths.
    Strength {
        kind: Kind,
        was: f64,
        at_least: f64,
    },
    Amount {
        was: Decimal,
        over: Decimal,
        currency: Currency,
    },
    Contacts {
        was: u32,
        at_least: u32,
    },
    Customers {
        kind: Kind,
        was: u32,
        at_least: u32,
    },
    /// In minutes.
    Waits {
        was: i64,
        at_least: i64,
    },
    /// What was found would have had to be otherwise. `held`: it was as the leaf asks.
    Fact {
        held: bool,
        what: Box<What>,
    },
}

/// What would have kept a trigger quiet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// Its id.
    pub trigger: String,
    /// All of them together.
    pub changes: Box<[Change]>,
}

impl Condition {
    /// The smallest set of changes after which it would have held, or not, whichever it did not; empty where none does.
    /// `findings` are those of its leaves, in their order, as [`Self::holds`] left them.
    pub fn flip(&self, findings: &[Finding]) -> Vec<Change> {
        let way = self.part(&mut findings.iter().enumerate()).way;
        way.map_or_else(Vec::new, |way| way.changes.into_iter().map(|(_, change)| change).collect())
    }

    fn part<'f>(&self, findings: &mut impl Iterator<Item = (usize, &'f Finding)>) -> Part {
        match self {
            Self::All(parts) => combined(parts.iter().map(|part| part.part(findings)).collect(), true),
            Self::Any(parts) => combined(parts.iter().map(|part| part.part(findings)).collect(), false),
            Self::Not(part) => {
                let Part { held, way } = part.part(findings);
                Part { held: !held, way }
            }
            leaf => {
                let (number, finding) = findings.next().expect("every leaf leaves a finding");
                let held = finding.held != finding.negated;
                let (change, distance) = leaf.other_threshold(held, &finding.what).unwrap_or_else(|| {
                    let what = Box::new(finding.what.clone());
                    (Change::Fact { held, what }, FACT_DISTANCE)
                });
                Part { held, way: Some(Way { changes: vec![(number, change)], distance }) }
            }
        }
    }

    /// The threshold with which a leaf would have decided the other way, and how far it is from the one it has.
    fn other_threshold(&self, held: bool, what: &What) -> Option<(Change, f64)> {
        match (self, what) {
            (Self::Signal { kind, at_least: was }, What::Signal { strength, .. }) => {
                let at_least = other_strength(held, *strength)?;
                let change = Change::Strength { kind: kind.clone(), was: *was, at_least };
                Some((change, distance(*was, at_least)))
            }
            (Self::Amount { over: was, currency }, What::Amount { worth, .. }) => {
                let over = other_amount(held, *worth)?;
                let change = Change::Amount { was: *was, over, currency: *currency };
                Some((change, distance(was.to_f64()?, over.to_f64()?)))
            }
            (Self::Contacts { at_least: was, .. }, What::Contacts { count, .. }) => {
                let at_least = other_count(held, *count, COUNT_MIN)?;
                Some((Change::Contacts { was: *was, at_least }, distance((*was).into(), at_least.into())))
            }
            (Self::Customers { kind, at_least: was, .. }, What::Customers { count, unusual, .. }) => {
                let at_least = other_count(held, *count, COUNT_MIN.max(*unusual))?;
                let change = Change::Customers { kind: kind.clone(), was: *was, at_least };
                Some((change, distance((*was).into(), at_least.into())))
            }
            (Self::Waits(was), What::Waits { minutes: Some(minutes), .. }) if !held && *minutes > 0 => {
                let (was, at_least) = (was.num_minutes(), *minutes);
                let change = Change::Waits { was, at_least };
                Some((change, distance(was.to_f64()?, at_least.to_f64()?)))
            }
            _ => None,
        }
    }
}

/// Whether a part of a condition held, and the smallest way to the opposite; `None` where there is none.
struct Part {
    held: bool,
    way: Option<Way>,
}

/// Changes, each with the number of its leaf.
#[derive(Debug)]
struct Way {
    changes: Vec<(usize, Change)>,
    distance: f64,
}

/// Parts of which all have to hold, or any.
fn combined(parts: Vec<Part>, all: bool) -> Part {
    let is_all_the_same = parts.iter().all(|part| part.held == all);
    let way = if is_all_the_same {
        // Any one of them decides it otherwise.
        let ways = parts.into_iter().filter_map(|part| part.way);
        ways.min_by(Way::compare)
    } else {
        // Each of them decided it, so each has to be otherwise.
        let deciding = parts.into_iter().filter(|part| part.held != all);
        let ways: Option<Vec<Way>> = deciding.map(|part| part.way).collect();
        ways.map(|ways| Way {
            distance: ways.iter().map(|way| way.distance).sum(),
            changes: ways.into_iter().flat_map(|way| way.changes).collect(),
        })
    };
    Part { held: is_all_the_same == all, way }
}

impl Way {
    /// The smaller one first.
    fn compare(&self, other: &Self) -> Ordering {
        self.changes.len().cmp(&other.changes.len()).then(self.distance.total_cmp(&other.distance))
    }
}

/// As far as a threshold can move.
const FACT_DISTANCE: f64 = 1.0;
/// One contact, or one customer, is every message: no config can ask for that.
const COUNT_MIN: u32 = 2;

/// The share of the larger of two values by which they differ: 0 to 1.
fn distance(was: f64, instead: f64) -> f64 {
    let larger = was.max(instead);
    if larger > 0.0 { (was - instead).abs() / larger } else { 0.0 }
}

/// The nearest threshold, in hundredths, that a strength misses, if it `held`, or reaches.
fn other_strength(held: bool, strength: f64) -> Option<f64> {
    let mut thresholds = (1..=100_u8).map(|hundredths| f64::from(hundredths) / 100.0);
    if held {
        thresholds.find(|threshold| *threshold > strength)
    } else {
        thresholds.rfind(|threshold| *threshold <= strength)
    }
}

/// The nearest limit, in hundredths, that an amount is not over, if it `held`, or is.
fn other_amount(held: bool, worth: Decimal) -> Option<Decimal> {
    let least_not_over = worth.round_dp_with_strategy(2, RoundingStrategy::ToPositiveInfinity);
    let limit = if held { least_not_over } else { least_not_over.checked_sub(Decimal::new(1, 2))? };
    (limit >= Decimal::ZERO).then(|| limit.normalize())
}

/// The nearest number, from `min` on, that a count misses, if it `held`, or reaches.
fn other_count(held: bool, count: u32, min: u32) -> Option<u32> {
    if held { count.checked_add(1) } else { Some(count).filter(|count| *count >= min) }
}

#[cfg(test)]
mod properties;
