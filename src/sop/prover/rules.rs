//! Whether the rules can do what they are there for.
//!
//! A condition is turned into its cases: sets of parts that must all hold, or not hold. A case is impossible if one of
//! its parts is, or if two of them exclude each other. A condition never holds if all of its cases are impossible; it
//! implies another if there is no case in which it holds and the other does not.

use super::{Contradiction, Defect, Finding, Gravity, Place};
use crate::sop::message::PlaceId;
use crate::sop::procedure::Procedure;
use crate::sop::signal::{Kind, Mode as TermMode};
use crate::sop::trigger::{Condition, Mode, Trigger};

pub(super) fn findings(procedure: &Procedure, watched: &[PlaceId]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, trigger) in procedure.triggers.iter().enumerate().filter(|(_, trigger)| trigger.mode != Mode::Off) {
        let mut found = |gravity, place, defect| {
            findings.push(Finding { gravity, place, defect, timeline: Vec::new(), zone: chrono_tz::Tz::UTC });
        };
        // Nobody counts on what is only watched.
        let grave = if trigger.mode == Mode::Live { Gravity::Error } else { Gravity::Warning };
        let when = Place::When(index);
        if let Some(why) = impossible(&trigger.condition, procedure) {
            found(grave, when, Defect::NeverHolds(why));
            continue;
        }
        for (alternative, why) in dead_alternatives(&trigger.condition, procedure) {
            let place = Place::Alternative { trigger: index, index: alternative };
            found(Gravity::Warning, place, Defect::NeverHolds(why));
        }
        for place in unwatched(&trigger.condition, watched) {
            found(Gravity::Warning, when.clone(), Defect::Unwatched(place));
        }
        if always(&trigger.condition, procedure) {
            found(grave, when, Defect::AlwaysHolds);
        } else if let Some(by) = silenced(trigger, procedure) {
            found(Gravity::Error, when, Defect::Silenced { by });
        } else if let Some(by) = shadowed(index, procedure) {
            found(Gravity::Warning, when, Defect::Shadowed { by });
        }
    }
    findings
}

/// A part of a condition, and whether it must hold.
type Literal<'c> = (&'c Condition, bool);
type Case<'c> = Vec<Literal<'c>>;

/// A condition with more cases than this is not looked into.
const CASES_MAX: usize = 512;

/// Every way in which a condition comes out as wanted. `None`: too many.
fn cases(condition: &Condition, wanted: bool) -> Option<Vec<Case<'_>>> {
    match (condition, wanted) {
        (Condition::All(parts), true) | (Condition::Any(parts), false) => {
            parts.iter().try_fold(vec![Vec::new()], |so_far, part| both(&so_far, &cases(part, wanted)?))
        }
        (Condition::All(parts), false) | (Condition::Any(parts), true) => {
            let all = parts.iter().map(|part| cases(part, wanted)).collect::<Option<Vec<_>>>()?.concat();
            (all.len() <= CASES_MAX).then_some(all)
        }
        (Condition::Not(part), _) => cases(part, !wanted),
        (leaf, _) => Some(vec![vec![(leaf, wanted)]]),
    }
}

/// Every way in which two conditions come out as wanted together.
fn both<'c>(some: &[Case<'c>], others: &[Case<'c>]) -> Option<Vec<Case<'c>>> {
    if some.len() * others.len() > CASES_MAX {
        return None;
    }
    let joined = some.iter().flat_map(|one| others.iter().map(|other| [one.as_slice(), other].concat()));
    Some(joined.collect())
}

/// Why none of these cases can be; `None` if one may be.
fn all_impossible(cases: &[Case<'_>], procedure: &Procedure) -> Option<Contradiction> {
    let mut whys = cases.iter().map(|case| contradiction(case, procedure));
    let first = whys.next()??;
    whys.all(|why| why.is_some()).then_some(first)
}

/// Why a condition never holds.
pub(super) fn impossible(condition: &Condition, procedure: &Procedure) -> Option<Contradiction> {
    all_impossible(&cases(condition, true)?, procedure)
}

/// Whether a condition holds for everything that anybody can write.
pub(super) fn always(condition: &Condition, procedure: &Procedure) -> bool {
    cases(condition, false).is_some_and(|cases| all_impossible(&cases, procedure).is_some())
}

/// Whether one condition never holds without the other.
pub(super) fn implies(one: &Condition, other: &Condition, procedure: &Procedure) -> bool {
    let without = || both(&cases(one, true)?, &cases(other, false)?);
    without().is_some_and(|cases| all_impossible(&cases, procedure).is_some())
}

fn contradiction(case: &[Literal<'_>], procedure: &Procedure) -> Option<Contradiction> {
    if let Some(alone) = case.iter().find_map(|(leaf, wanted)| wanted.then(|| alone(leaf, procedure)).flatten()) {
        return Some(alone);
    }
    let pairs = case.iter().enumerate().flat_map(|(at, one)| case[at + 1..].iter().map(move |other| (*one, *other)));
    let excluded = |(one, other): (Literal<'_>, Literal<'_>)| match (one, other) {
        ((one, true), (other, true)) => exclude(one, other),
        ((one, true), (other, false)) | ((other, false), (one, true)) => leaf_implies(one, other, procedure),
        ((_, false), (_, false)) => false,
    };
    let (one, other) = pairs.into_iter().find(|pair| excluded(*pair))?;
    Some(Contradiction::Between((one.0.clone(), one.1), (other.0.clone(), other.1)))
}

/// Why a leaf can never hold, by itself.
fn alone(leaf: &Condition, procedure: &Procedure) -> Option<Contradiction> {
    match leaf {
        Condition::Signal { kind, .. } | Condition::Customers { kind, .. } if !is_shown(kind, procedure) => {
            Some(Contradiction::NoTerm(kind.clone()))
        }
        Condition::Language(language) if !procedure.lexicon.covers(language) => {
            Some(Contradiction::NoLanguage(language.clone()))
        }
        _ => None,
    }
}

/// Whether anything counts for a kind: a term that is live, or, for money, an amount.
fn is_shown(kind: &Kind, procedure: &Procedure) -> bool {
    let mut terms = procedure.lexicon.entries().iter().filter(|entry| entry.kind == *kind);
    *kind == Kind::Financial || terms.any(|entry| entry.mode == TermMode::Live && entry.weight > 0.0)
}

/// Whether two leaves can never hold together.
fn exclude(one: &Condition, other: &Condition) -> bool {
    match (one, other) {
        (Condition::Language(one), Condition::Language(other)) => one != other,
        (Condition::Places(some), Condition::Places(others)) => !some.iter().any(|place| others.contains(place)),
        // Whoever waits says nothing at that moment.
        (Condition::Waits(_), other) | (other, Condition::Waits(_)) => {
            matches!(other, Condition::Signal { .. } | Condition::Amount { .. } | Condition::Language(_))
        }
        _ => false,
    }
}

/// Whether one leaf never holds without the other.
fn leaf_implies(one: &Condition, other: &Condition, procedure: &Procedure) -> bool {
    match (one, other) {
        (Condition::Signal { kind: one, at_least: strength }, Condition::Signal { kind: other, at_least: asked }) => {
            one == other && strength >= asked
        }
        // Reports are counted of messages that have the kind as a label.
        (Condition::Customers { kind: one, .. }, Condition::Signal { kind: other, at_least }) => {
            one == other && procedure.label_threshold(one) >= *at_least
        }
        (Condition::Amount { over, currency }, Condition::Amount { over: asked, currency: wanted }) => {
            procedure.rates.convert(*over, *currency, *wanted).is_some_and(|worth| worth >= *asked)
        }
        (
            Condition::Contacts { at_least: count, within: one },
            Condition::Contacts { at_least: asked, within: other },
        ) => count >= asked && one <= other,
        (
            Condition::Customers { kind: one, at_least: count, within: span, unusual },
            Condition::Customers { kind: other, at_least: asked, within, unusual: only_unusual },
        ) => {
            // What is usual is counted over the same span, so another span has another measure.
            let same_measure = !only_unusual || *unusual && span == within;
            one == other && count >= asked && span <= within && same_measure
        }
        (Condition::Places(some), Condition::Places(others)) => some.iter().all(|place| others.contains(place)),
        (Condition::Language(one), Condition::Language(other)) => one == other,
        _ => false,
    }
}

/// The alternatives of a condition that never hold, where others may.
fn dead_alternatives(condition: &Condition, procedure: &Procedure) -> Vec<(usize, Contradiction)> {
    let Condition::Any(parts) = condition else { return Vec::new() };
    let parts = parts.iter().enumerate();
    parts.filter_map(|(index, part)| Some((index, impossible(part, procedure)?))).collect()
}

/// The places a condition names of which nothing is read, each once.
fn unwatched(condition: &Condition, watched: &[PlaceId]) -> Vec<PlaceId> {
    match condition {
        Condition::Places(places) => places.iter().filter(|place| !watched.contains(place)).cloned().collect(),
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().flat_map(|part| unwatched(part, watched)).collect()
        }
        Condition::Not(part) => unwatched(part, watched),
        _ => Vec::new(),
    }
}

/// The trigger that silences this one whenever it fires. One that may itself be silenced does not count.
fn silenced(trigger: &Trigger, procedure: &Procedure) -> Option<String> {
    let live = || procedure.triggers.iter().filter(|other| other.mode == Mode::Live);
    let excludes = |one: &Trigger, other: &Trigger| one.exclusive_with.contains(&other.id);
    let may_be_silenced = |other: &Trigger| live().any(|third| excludes(third, other));
    let mut others = live().filter(|other| other.id != trigger.id && excludes(other, trigger));
    let by =
        others.find(|other| !may_be_silenced(other) && implies(&trigger.condition, &other.condition, procedure))?;
    (trigger.mode == Mode::Live).then(|| by.id.clone())
}

/// The trigger that leads every case that this one would open: same plan, at least as severe, and nothing more public.
fn shadowed(index: usize, procedure: &Procedure) -> Option<String> {
    let trigger = &procedure.triggers[index];
    let shadows = |(at, other): &(usize, &Trigger)| {
        let leads = other.severity > trigger.severity || other.severity == trigger.severity && *at < index;
        let is_silenced = procedure.triggers.iter().any(|third| third.exclusive_with.contains(&other.id));
        other.mode == Mode::Live
            && other.plan.id == trigger.plan.id
            && leads
            && !is_silenced
            && (other.confidential || !trigger.confidential)
            && implies(&trigger.condition, &other.condition, procedure)
    };
    let mut others = procedure.triggers.iter().enumerate();
    others.find(shadows).filter(|_| trigger.mode == Mode::Live).map(|(_, other)| other.id.clone())
}
