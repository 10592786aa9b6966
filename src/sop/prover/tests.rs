//! The prover against an oracle that looks at every minute, and its logic against conditions that are tried out.

use std::sync::{LazyLock, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::reach::{Landing, Look, gaps};
use super::rules::{always, implies, impossible};
use crate::sop::calendar::Span;
use crate::sop::fixture::{build, currency, plan, signal};
use crate::sop::message::PlaceId;
use crate::sop::procedure::Procedure;
use crate::sop::rota::Rota;
use crate::sop::rota::properties::rota;
use crate::sop::signal::Kind;
use crate::sop::team::Plan;
use crate::sop::trigger::Condition;

/// Lets `look` have the procedure of the fixture with other rotas. Built once, for its lexicon takes a while.
fn with_rotas<T>(rotas: Vec<Rota>, look: impl FnOnce(&Procedure) -> T) -> T {
    static PROCEDURE: LazyLock<Mutex<Procedure>> = LazyLock::new(|| Mutex::new(build()));
    let mut procedure = PROCEDURE.lock().unwrap_or_else(PoisonError::into_inner);
    procedure.rotas = rotas;
    look(&procedure)
}

fn minutes(span: Span) -> impl Iterator<Item = DateTime<Utc>> {
    (0..).map(move |minute| span.from + TimeDelta::minutes(minute)).take_while(move |at| *at < span.to)
}

/// The first gap of a team, minute by minute.
fn first_gap(procedure: &Procedure, team: &str, span: Span) -> Option<Span> {
    let is_gap = |at: &DateTime<Utc>| procedure.on_call(&team.into(), &[], *at).is_some_and(|people| people.is_empty());
    let from = minutes(span).find(|at| is_gap(at))?;
    let to = minutes(Span { from, ..span }).find(|at| !is_gap(at)).unwrap_or(span.to);
    Some(Span { from, to })
}

/// Where a case lands, as the rules are told to people.
fn landing(procedure: &Procedure, plan: &Plan, at: DateTime<Utc>) -> Landing {
    let is_there = |team| procedure.on_call(team, &[], at).is_none_or(|people| !people.is_empty());
    if plan.rungs.iter().any(|rung| is_there(&rung.team)) {
        return Landing::Reached;
    }
    if is_there(&plan.catch_all.team) { Landing::CatchAll } else { Landing::Nobody }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_first_gap_is_the_first_minute_without_anybody((one, span) in rota(), other in prop::option::of(rota())) {
        let other = other.map(|(other, _)| Rota { id: "other".to_owned(), ..other });
        let (told, expected) = with_rotas([one].into_iter().chain(other).collect(), |procedure| {
            let told = gaps(procedure, &"duty".into(), span).first().copied();
            (told, first_gap(procedure, "duty", span))
        });
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn every_minute_lands_where_the_rules_say((one, span) in rota(), (other, _) in rota(), last in rota()) {
        let of = |rota: Rota, team: &str| Rota { id: team.to_owned(), team: team.into(), ..rota };
        let rotas = vec![of(one, "leads"), of(other, "managers"), of(last.0, "duty")];
        let plan = plan("p", &[("leads", 15), ("managers", 30)], 0);
        with_rotas(rotas, |procedure| {
            let stretches = Look::at(procedure, span).stretches(&plan);
            prop_assert_eq!(stretches.first().map(|it| it.0.from), Some(span.from));
            prop_assert_eq!(stretches.last().map(|it| it.0.to), Some(span.to));
            let mut told = stretches.iter().flat_map(|(span, told)| minutes(*span).map(move |at| (at, *told)));
            prop_assert!(stretches.windows(2).all(|pair| pair[0].0.to == pair[1].0.from));
            let wrong = told.find(|(at, told)| landing(procedure, &plan, *at) != *told);
            prop_assert_eq!(wrong, None);
            Ok(())
        })?;
    }
}

/// What a message may be, as far as the conditions below ask.
#[derive(Clone, Debug)]
struct Scene {
    angry: u32,
    outage: u32,
    worth: i64,
    /// Of earlier messages about the same issue: how many days ago.
    earlier: Vec<i64>,
    place: usize,
    language: usize,
}

const LANGUAGES: [&str; 3] = ["en", "es", "ja"];

fn scene() -> impl Strategy<Value = Scene> {
    let parts = (0..=10_u32, 0..=10_u32, 0..6_i64, prop::collection::vec(0..9_i64, 0..6), 0..3_usize, 0..2_usize);
    parts.prop_map(|(angry, outage, worth, earlier, place, language)| Scene {
        angry,
        outage,
        worth: worth * 100,
        earlier,
        place,
        language,
    })
}

fn place(number: usize) -> PlaceId {
    ["support", "billing", "sales"][number].into()
}

fn leaf() -> impl Strategy<Value = Condition> {
    let kind = prop_oneof![Just(Kind::Angry), Just(Kind::Outage), Just(Kind::Own("unheard-of".into()))];
    prop_oneof![
        (kind, 1..=10_u32).prop_map(|(kind, tenths)| signal(kind, f64::from(tenths) / 10.0)),
        (0..6_i64, prop::sample::select(vec!["USD", "EUR"]))
            .prop_map(|(over, code)| Condition::Amount { over: (over * 100).into(), currency: currency(code) }),
        (2..5_u32, 1..9_i64)
            .prop_map(|(at_least, days)| Condition::Contacts { at_least, within: TimeDelta::days(days) }),
        prop::collection::vec((0..3_usize).prop_map(place), 1..3).prop_map(Condition::Places),
        (0..3_usize).prop_map(|language| Condition::Language(LANGUAGES[language].to_owned())),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    leaf().prop_recursive(2, 8, 3, |part| {
        let parts = || prop::collection::vec(part.clone(), 1..4);
        prop_oneof![
            parts().prop_map(Condition::All),
            parts().prop_map(Condition::Any),
            part.clone().prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

/// Whether a condition holds, by its definition. Nothing shows the kind of the team's own; nothing is read as Japanese.
fn holds(condition: &Condition, scene: &Scene) -> bool {
    match condition {
        Condition::Signal { kind, at_least } => {
            let tenths = match kind {
                Kind::Angry => scene.angry,
                Kind::Outage => scene.outage,
                _ => 0,
            };
            f64::from(tenths) / 10.0 >= *at_least
        }
        Condition::Amount { over, currency: code } => {
            let worth = if *code == currency("USD") { scene.worth * 110 } else { scene.worth * 100 };
            worth > i64::try_from(*over).expect("a round number") * 110
        }
        Condition::Contacts { at_least, within } => {
            let counted = scene.earlier.iter().filter(|days| **days <= within.num_days()).count();
            counted + 1 >= *at_least as usize
        }
        Condition::Places(places) => places.contains(&place(scene.place)),
        Condition::Language(language) => language == LANGUAGES[scene.language],
        Condition::All(parts) => parts.iter().all(|part| holds(part, scene)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, scene)),
        Condition::Not(part) => !holds(part, scene),
        Condition::Customers { .. } | Condition::Ticket { .. } | Condition::Waits(_) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// What is called impossible, certain, or implied is so in every scene.
    #[test]
    fn no_scene_contradicts_what_is_said(one in condition(), other in condition(), scenes in prop::collection::vec(scene(), 40)) {
        let (never, ever, implied) = with_rotas(Vec::new(), |procedure| {
            (impossible(&one, procedure), always(&one, procedure), implies(&one, &other, procedure))
        });
        for scene in scenes {
            let (one, other) = (holds(&one, &scene), holds(&other, &scene));
            prop_assert!(!(one && never.is_some()), "impossible, yet {scene:?}");
            prop_assert!(one || !ever, "certain, yet not in {scene:?}");
            prop_assert!(other || !one || !implied, "implied, yet not in {scene:?}");
        }
    }
}

/// Implications that people would see at a glance.
#[test]
fn what_implies_what() {
    let amount = |over: i64, code| Condition::Amount { over: over.into(), currency: currency(code) };
    let any = |parts: &[Condition]| Condition::Any(parts.to_vec());
    let all = |parts: &[Condition]| Condition::All(parts.to_vec());
    let (angry, furious) = (signal(Kind::Angry, 0.6), signal(Kind::Angry, 0.9));
    let reports = Condition::Customers { kind: Kind::Outage, at_least: 3, within: TimeDelta::hours(1), unusual: true };
    with_rotas(Vec::new(), |procedure| {
        let implies = |one: &Condition, other: &Condition| implies(one, other, procedure);
        assert!(implies(&furious, &angry) && !implies(&angry, &furious));
        assert!(
            implies(&amount(500, "EUR"), &amount(500, "USD")) && !implies(&amount(500, "USD"), &amount(500, "EUR"))
        );
        assert!(implies(&all(&[furious.clone(), amount(5, "USD")]), &any(&[angry.clone(), amount(9, "USD")])));
        assert!(!implies(&any(&[furious.clone(), amount(5, "USD")]), &angry));
        assert!(implies(&any(&[furious.clone(), angry.clone()]), &angry));
        assert!(implies(&reports, &signal(Kind::Outage, 0.5)) && !implies(&reports, &signal(Kind::Outage, 0.6)));
        assert!(implies(&reports, &reports));
    });
}
