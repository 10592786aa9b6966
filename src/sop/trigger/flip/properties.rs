//! The smallest change against somebody who tries every threshold of every leaf.

use chrono::TimeDelta;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

use super::*;
use crate::sop::conversation::{Conversation, Noted, Sketch};
use crate::sop::fixture::{at, currency, person, procedure, rates, says};
use crate::sop::message::Standing;
use crate::sop::signal::{Claim, Signal, Signals, subject_words};
use crate::sop::trigger::{Scene, Trace};

const TEXT: &str = "The router keeps losing its connection every evening.";
const WITHIN: TimeDelta = TimeDelta::hours(12);

/// Everything that a condition can see.
#[derive(Clone, Debug)]
struct World {
    /// Of anger and of a legal threat.
    strengths: [f64; 2],
    /// In cents of a currency; a euro is worth 1.10 dollars.
    claim: Option<(i64, &'static str)>,
    contacts: i64,
    /// Other customers with the same trouble, lately and long ago.
    reports: i64,
    older: i64,
    waited: Option<i64>,
}

fn worlds() -> impl Strategy<Value = World> {
    let strength = || prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0_f64];
    let claim = prop_oneof![Just(None), (0..=8_i64, select(vec!["USD", "EUR"])).prop_map(Some)];
    let waited = prop_oneof![Just(None), (0..=5_i64).prop_map(Some)];
    ([strength(), strength()], claim, 0..4_i64, 0..5_i64, 0..12_i64, waited).prop_map(
        |(strengths, claim, contacts, reports, older, waited)| World {
            strengths,
            claim,
            contacts,
            reports,
            older,
            waited,
        },
    )
}

fn leaves() -> impl Strategy<Value = Condition> {
    let kind = select(vec![Kind::Angry, Kind::Legal]);
    let signal =
        (kind, 1..=100_u8).prop_map(|(kind, percent)| Condition::Signal { kind, at_least: hundredths(percent) });
    let amount =
        (0..=8_i64).prop_map(|cents| Condition::Amount { over: Decimal::new(cents, 2), currency: currency("USD") });
    let contacts = (2..6_u32).prop_map(|at_least| Condition::Contacts { at_least, within: WITHIN });
    let customers = (2..6_u32, prop::bool::ANY).prop_map(|(at_least, unusual)| Condition::Customers {
        kind: Kind::Outage,
        at_least,
        within: WITHIN,
        unusual,
    });
    let place = select(vec!["support", "billing"]).prop_map(|place| Condition::Places(vec![place.into()]));
    let language = select(vec!["en", "es"]).prop_map(|language| Condition::Language(language.to_owned()));
    let waits = (1..6_i64).prop_map(|minutes| Condition::Waits(TimeDelta::minutes(minutes)));
    prop_oneof![signal, amount, contacts, customers, place, language, waits]
}

fn conditions() -> impl Strategy<Value = Condition> {
    leaves().prop_recursive(3, 8, 3, |part| {
        prop_oneof![
            prop::collection::vec(part.clone(), 1..=3).prop_map(Condition::All),
            prop::collection::vec(part.clone(), 1..=3).prop_map(Condition::Any),
            part.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

fn hundredths(percent: u8) -> f64 {
    f64::from(percent) / 100.0
}

impl World {
    fn past(&self) -> Conversation {
        let mut past = Conversation::default();
        let mut note = |id: String, customer: &str, minutes_ago: i64, kinds: &[Kind]| {
            let noted = Noted {
                message: id.as_str().into(),
                place: "support".into(),
                customer: person(customer, Standing::Customer),
                ticket: None,
                kinds: kinds.to_vec(),
                failing: Vec::new(),
                sketch: Sketch::of(&subject_words(TEXT, &procedure().lexicon)),
            };
            past.note(noted, at(-minutes_ago * 60));
        };
        (0..self.older).rev().for_each(|n| note(format!("old{n}"), &format!("o{n}"), 800 + n * 20, &[Kind::Outage]));
        (1..=self.contacts).rev().for_each(|n| note(format!("ann{n}"), "ann", n * 90, &[]));
        (1..=self.reports).rev().for_each(|n| note(format!("new{n}"), &format!("r{n}"), n, &[Kind::Outage]));
        past
    }

    /// Whether a condition holds, and what its leaves found.
    fn judge(&self, past: &Conversation, condition: &Condition) -> (bool, Vec<Finding>) {
        let (procedure, rates, message) = (procedure(), rates(), says("now", "ann", TEXT));
        let signal = |(kind, strength): (Kind, f64)| Signal { kind, strength, evidence: Vec::new() };
        let claim = |(cents, code): (i64, &str)| Claim {
            amount: Decimal::new(cents, 2),
            currency: currency(code),
            start: 0,
            end: 1,
        };
        let signals = Signals {
            language: Some("en".into()),
            signals: [Kind::Angry, Kind::Legal].into_iter().zip(self.strengths).map(signal).collect(),
            claims: self.claim.map(claim).into_iter().collect(),
            ..Signals::default()
        };
        let scene = Scene {
            message: &message,
            customer: Some(&message.author.id),
            ticket: None,
            fields: None,
            waited: self.waited.map(TimeDelta::minutes),
            signals: &signals,
            labels: &[Kind::Outage],
            lexicon: &procedure.lexicon,
            past,
            rates: &rates,
            now: at(0),
        };
        let mut trace = Trace::default();
        (condition.holds(&scene, &mut trace), trace.findings)
    }
}

/// The leaves in their order.
fn leaves_of(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(leaves_of).collect(),
        Condition::Not(part) => leaves_of(part),
        leaf => vec![leaf],
    }
}

/// The same tree with other leaves.
fn with_leaves(condition: &Condition, leaves: &mut impl Iterator<Item = Condition>) -> Condition {
    let mut all = |parts: &[Condition]| parts.iter().map(|part| with_leaves(part, leaves)).collect();
    match condition {
        Condition::All(parts) => Condition::All(all(parts)),
        Condition::Any(parts) => Condition::Any(all(parts)),
        Condition::Not(part) => Condition::Not(Box::new(with_leaves(part, leaves))),
        _ => leaves.next().expect("as many as there were"),
    }
}

/// A leaf whose fact is otherwise holds where it did not.
fn opposite(leaf: &Condition) -> Condition {
    Condition::Not(Box::new(leaf.clone()))
}

fn changed(leaf: &Condition, change: &Change) -> Condition {
    let mut leaf = leaf.clone();
    match (&mut leaf, change) {
        (Condition::Signal { at_least, .. }, Change::Strength { at_least: other, .. }) => *at_least = *other,
        (Condition::Amount { over, .. }, Change::Amount { over: other, .. }) => *over = *other,
        (Condition::Contacts { at_least, .. }, Change::Contacts { at_least: other, .. })
        | (Condition::Customers { at_least, .. }, Change::Customers { at_least: other, .. }) => *at_least = *other,
        (Condition::Waits(at_least), Change::Waits { at_least: other, .. }) => *at_least = TimeDelta::minutes(*other),
        (leaf, Change::Fact { .. }) => return opposite(leaf),
        (leaf, change) => panic!("{change:?} does not change {leaf:?}"),
    }
    leaf
}

/// Every other leaf that could stand there, with its distance.
fn others(leaf: &Condition) -> Vec<(Condition, f64)> {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let apart = |was: i64, other: i64| (was - other).abs() as f64 / was.max(other).max(1) as f64;
    let moved: Vec<(Condition, f64)> = match leaf.clone() {
        Condition::Signal { kind, at_least } => (1..=100)
            .map(|percent| {
                let other = hundredths(percent);
                let distance = (at_least - other).abs() / at_least.max(other);
                (Condition::Signal { kind: kind.clone(), at_least: other }, distance)
            })
            .collect(),
        Condition::Amount { over, currency } => (0..=10)
            .map(|cents| {
                let was = i64::try_from(over.mantissa()).expect("cents");
                (Condition::Amount { over: Decimal::new(cents, 2), currency }, apart(was, cents))
            })
            .collect(),
        Condition::Contacts { at_least, within } => (2..=10)
            .map(|other| (Condition::Contacts { at_least: other, within }, apart(at_least.into(), other.into())))
            .collect(),
        Condition::Customers { kind, at_least, within, unusual } => (2..=10)
            .map(|other| {
                let leaf = Condition::Customers { kind: kind.clone(), at_least: other, within, unusual };
                (leaf, apart(at_least.into(), other.into()))
            })
            .collect(),
        // A longer time would only have fired later.
        Condition::Waits(at_least) => (1..=at_least.num_minutes())
            .map(|other| (Condition::Waits(TimeDelta::minutes(other)), apart(at_least.num_minutes(), other)))
            .collect(),
        _ => Vec::new(),
    };
    moved.into_iter().chain([(opposite(leaf), 1.0)]).collect()
}

/// What a tree comes to where its leaves are known.
fn holds(condition: &Condition, leaves: &mut impl Iterator<Item = bool>) -> bool {
    let mut held = |parts: &[Condition]| parts.iter().map(|part| holds(part, leaves)).filter(|held| *held).count();
    match condition {
        Condition::All(parts) => held(parts) == parts.len(),
        Condition::Any(parts) => held(parts) > 0,
        Condition::Not(part) => !holds(part, leaves),
        _ => leaves.next().expect("as many as there are"),
    }
}

/// How many leaves have to change at least, and how far: every set of leaves is tried with every other leaf.
fn smallest(world: &World, past: &Conversation, condition: &Condition) -> (usize, f64) {
    let leaves = leaves_of(condition);
    let now: Vec<bool> = leaves.iter().map(|leaf| world.judge(past, leaf).0).collect();
    let held = holds(condition, &mut now.iter().copied());
    // Whatever stands there instead, a leaf can only hold or not; of those that do the opposite the nearest counts.
    let nearest = |(leaf, now): (&&Condition, &bool)| {
        let others = others(leaf).into_iter().filter(|(other, _)| world.judge(past, other).0 != *now);
        others.map(|(_, distance)| distance).fold(f64::INFINITY, f64::min)
    };
    let nearest: Vec<f64> = leaves.iter().zip(&now).map(nearest).collect();
    let sets = 1..1_u32 << leaves.len();
    let changes = |set: &u32| {
        let set = *set;
        let mut after = now.iter().enumerate().map(move |(leaf, now)| *now != (set >> leaf & 1 == 1));
        holds(condition, &mut after) != held
    };
    let cost = |set: u32| {
        let distance: f64 =
            nearest.iter().enumerate().filter(|(leaf, _)| set >> leaf & 1 == 1).map(|(_, far)| far).sum();
        (set.count_ones() as usize, distance)
    };
    let costs = sets.filter(changes).map(cost);
    costs.min_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))).expect("every leaf can be otherwise")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_smallest_change_turns_the_decision_and_nothing_smaller_does(world in worlds(), condition in conditions()) {
        let past = world.past();
        let (held, findings) = world.judge(&past, &condition);
        let way = condition.part(&mut findings.iter().enumerate()).way.expect("every leaf can be otherwise");

        let mut leaves: Vec<Condition> = leaves_of(&condition).into_iter().cloned().collect();
        for (number, change) in &way.changes {
            leaves[*number] = changed(&leaves[*number], change);
        }
        let other = with_leaves(&condition, &mut leaves.into_iter());
        prop_assert_eq!(world.judge(&past, &other).0, !held, "{:?} makes {:?}", way, other);

        let (fewest, nearest) = smallest(&world, &past, &condition);
        prop_assert_eq!(way.changes.len(), fewest, "{:?}", way);
        prop_assert!((way.distance - nearest).abs() < 1e-9, "{:?} is {} away, {} would do", way, way.distance, nearest);
    }

    /// What is written in the log is read as it was.
    #[test]
    fn a_change_survives_the_log(world in worlds(), condition in conditions()) {
        let (_, findings) = world.judge(&world.past(), &condition);
        let changes = condition.flip(&findings);
        let written = serde_json::to_string(&changes).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<Vec<Change>>(&written).expect("what was written"), changes);
    }
}
