//! A small procedure and its people, for tests: every kind of plan and trigger once.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use rust_decimal::Decimal;

use crate::sop::clock::Limits;
use crate::sop::escalation::Actor;
use crate::sop::guidance::Guidance;
use crate::sop::guidance::information::{AnswerKind, Field, Need};
use crate::sop::message::{Message, Person, Standing};
use crate::sop::procedure::{Procedure, TicketLink};
use crate::sop::signal::{Currency, Kind, Lexicon};
use crate::sop::team::{Plan, Rung, Severity, Team};
use crate::sop::trigger::{Condition, Mode, Ownership, Rates, Scope, Trigger};

/// Seconds after the start of a quiet Monday.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).single().expect("a valid instant") + TimeDelta::seconds(seconds)
}

pub(crate) fn person(id: &str, standing: Standing) -> Person {
    Person { id: id.into(), name: id.into(), standing }
}

/// A member of staff with their teams; those in `managers` manage.
pub(crate) fn staff(id: &str, teams: &[&str]) -> Actor {
    Actor {
        person: person(id, Standing::Staff),
        teams: teams.iter().map(|team| (*team).into()).collect(),
        manages: teams.contains(&"managers"),
    }
}

/// What a customer writes in the support place.
pub(crate) fn says(id: &str, customer: &str, text: &str) -> Message {
    let author = person(customer, Standing::Customer);
    Message {
        id: id.into(),
        place: "support".into(),
        author,
        text: text.to_owned(),
        at: at(0),
        edited: false,
        to: Vec::new(),
    }
}

/// A ladder of teams with their minutes; the catch-all is `duty` with ten.
pub(crate) fn plan(id: &str, rungs: &[(&str, i64)], repeat: u32) -> Plan {
    let rung = |(team, minutes): &(&str, i64)| Rung {
        team: (*team).into(),
        respond_within: TimeDelta::minutes(*minutes),
        calendar: None,
        required_acks: 1,
    };
    let (rungs, catch_all) = (rungs.iter().map(rung).collect(), rung(&("duty", 10)));
    Plan {
        id: id.to_owned(),
        rungs,
        repeat,
        catch_all,
        clocks: Limits::default(),
        confirm_within: TimeDelta::zero(),
        lower_when: Vec::new(),
    }
}

pub(crate) fn trigger(id: &str, severity: Severity, condition: Condition, plan: Plan) -> Trigger {
    Trigger {
        id: id.to_owned(),
        name: format!("The {id} rule"),
        mode: Mode::Live,
        severity,
        condition,
        plan: Arc::new(plan),
        confidential: false,
        ownership: Ownership::Responder,
        scope: Scope::Customer,
        exclusive_with: Vec::new(),
        required: Vec::new(),
        example: None,
    }
}

pub(crate) fn signal(kind: Kind, at_least: f64) -> Condition {
    Condition::Signal { kind, at_least }
}

pub(crate) fn over_usd(over: i64) -> Condition {
    Condition::Amount { over: over.into(), currency: currency("USD") }
}

/// The procedure, read once. `refund` and `angry` share the leads' ladder, `legal` is confidential, `outage` is one
/// case for everyone, `small_refund` only watches.
pub(crate) fn procedure() -> Arc<Procedure> {
    static PROCEDURE: LazyLock<Arc<Procedure>> = LazyLock::new(|| Arc::new(build()));
    Arc::clone(&PROCEDURE)
}

/// The same to change at will.
pub(crate) fn build() -> Procedure {
    let leads = || plan("leads", &[("leads", 15), ("managers", 30)], 1);
    let many = Condition::Customers { kind: Kind::Outage, at_least: 2, within: TimeDelta::hours(1), unusual: false };
    let triggers = vec![
        trigger("angry", Severity::Sev3, signal(Kind::Angry, 0.6), leads()),
        trigger("refund", Severity::Sev2, over_usd(500), leads()),
        Trigger {
            confidential: true,
            ..trigger("legal", Severity::Sev2, signal(Kind::Legal, 0.5), confidential_plan())
        },
        Trigger {
            scope: Scope::Everyone,
            ..trigger("outage", Severity::Sev1, many, plan("engineering", &[("engineering", 5)], 0))
        },
        Trigger { mode: Mode::Watch, ..trigger("small_refund", Severity::Sev4, over_usd(100), leads()) },
    ];
    let steps = field("steps", Need::Now);
    Procedure {
        version: "0123456789ab".to_owned(),
        teams: ["support", "leads", "managers", "legal", "counsel", "engineering", "duty"].map(team).to_vec(),
        people: Vec::new(),
        rotas: Vec::new(),
        calendars: Vec::new(),
        triggers,
        default_plan: Arc::new(plan("by_hand", &[("leads", 60)], 0)),
        front: "support".into(),
        lexicon: Lexicon::built_in(),
        rates: rates(),
        label_thresholds: Vec::new(),
        threads: true,
        digests: Vec::new(),
        guidance: Guidance { by_default: vec![steps.clone()], information: vec![steps], ..Guidance::default() },
        ticket_links: vec![TicketLink {
            system: "desk".to_owned(),
            pattern: regex::Regex::new(r"https://desk\.example/t/(\d+)").expect("a valid pattern"),
            access: None,
        }],
    }
}

/// Only cleared teams stand on it, the catch-all included.
pub(crate) fn confidential_plan() -> Plan {
    let plan = plan("legal", &[("legal", 30)], 0);
    let catch_all = Rung { team: "counsel".into(), respond_within: TimeDelta::minutes(20), ..plan.catch_all };
    Plan { catch_all, ..plan }
}

pub(crate) fn rates() -> Rates {
    let rates = [("USD", Decimal::ONE), ("EUR", Decimal::new(110, 2))];
    Rates(rates.map(|(code, worth)| (currency(code), worth)).into())
}

pub(crate) fn currency(code: &str) -> Currency {
    code.parse().expect("the code of a currency")
}

/// A text that a case needs, owed for half an hour.
pub(crate) fn field(id: &str, need: Need) -> Field {
    let (label, owed_within) = (format!("The {id}"), TimeDelta::minutes(30));
    Field { id: id.to_owned(), label, kind: AnswerKind::Long, chars_max: 1_000, need, owed_within, prefill: None }
}

fn team(id: &str) -> Team {
    Team {
        id: id.into(),
        name: format!("Team {id}"),
        place: id.into(),
        group: format!("group-{id}"),
        cleared: matches!(id, "legal" | "counsel"),
        manages: id == "managers",
    }
}
