//! Why a case is one, in every way that can be said, and how right triggers are.

use rust_decimal::Decimal;

use crate::sop::clock::ClockKind;
use crate::sop::escalation::Quote;
use crate::sop::health::{Grades, Health, Pages, TermHealth, TriggerHealth};
use crate::sop::message::Standing;
use crate::sop::notice::{NearLine, QuietLine, Stretch, Sum, Why};
use crate::sop::share::Share;
use crate::sop::signal::Kind;
use crate::sop::team::Severity;
use crate::sop::trigger::{Change, Finding, TicketField, What};
use crate::words::sample::person;

pub(super) fn whys() -> Vec<Why> {
    let near = |changes| {
        let (trigger, finding) = ("Angry".to_owned(), findings().swap_remove(0));
        NearLine { trigger, finding, changes }
    };
    let why = |full: bool| Why {
        id: "ESC-1".to_owned(),
        triggers: vec!["Refund".to_owned()],
        opened_by: (!full).then(|| person("Rosa", Standing::Staff)),
        reasons: findings(),
        quotes: vec![Quote { kind: Kind::Financial, words: "$700".into() }],
        quiet: if full {
            vec![QuietLine { trigger: "Refund".to_owned(), changes: changes().into() }; 2]
        } else {
            Vec::new()
        },
        near: vec![near(changes().into()), near(Box::default())],
        sums: if full { sums() } else { Vec::new() },
        severity: Severity::Sev2,
        team: "Managers".to_owned(),
        within_minutes: 30,
        own_hours: full,
        added: 1,
        breaches: 1,
        procedure: "sample".to_owned(),
        outdated: full,
    };
    vec![why(true), why(false)]
}

/// Every threshold moved, and every fact both ways.
fn changes() -> Vec<Change> {
    let (kind, currency) = (Kind::Angry, "USD".parse().expect("a currency"));
    let (over, claimed) = (Decimal::new(500, 0), Decimal::new(700, 0));
    let moved = [
        Change::Strength { kind: kind.clone(), was: 0.6, at_least: 0.72 },
        Change::Amount { was: over, over: claimed, currency },
        Change::Contacts { was: 3, at_least: 4 },
        Change::Customers { kind, was: 3, at_least: 4 },
        Change::Waits { was: 120, at_least: 60 },
    ];
    let otherwise = |what: What| [true, false].map(|held| Change::Fact { held, what: Box::new(what.clone()) });
    moved.into_iter().chain(facts().into_iter().flat_map(otherwise)).collect()
}

/// Every fact, once asked for and once not.
fn findings() -> Vec<Finding> {
    let finding = |what: What| [false, true].map(|negated| Finding { held: true, negated, what: what.clone() });
    facts().into_iter().flat_map(finding).collect()
}

/// Every fact that a condition can find.
fn facts() -> Vec<What> {
    let (kind, [usd, eur]) = (Kind::Angry, ["USD", "EUR"].map(|code| code.parse().expect("a currency")));
    let (asked, field) = ("high".to_owned(), TicketField::Priority);
    let (over, claimed, worth) = (Decimal::new(500, 0), Decimal::new(700, 0), Decimal::new(777, 0));
    let ticket = |found: &str| What::Ticket { field, found: found.to_owned(), asked: asked.clone() };
    let language =
        |language: Option<&str>| What::Language { language: language.map(str::to_owned), asked: "es".to_owned() };
    vec![
        What::Signal { kind: kind.clone(), strength: 1.0, at_least: 0.6 },
        What::Amount { claimed, claimed_currency: usd, worth: claimed, over, currency: usd },
        What::Amount { claimed, claimed_currency: eur, worth, over, currency: usd },
        What::NoAmount { over, currency: usd },
        What::NotComparable { claimed, claimed_currency: eur, currency: usd },
        What::Contacts { count: 1, at_least: 3 },
        What::Customers { kind, count: 1, at_least: 3, unusual: 0 },
        What::Place,
        language(Some("en")),
        language(None),
        ticket("low"),
        ticket(""),
        What::TicketNotKnown { field, named: true, asked: asked.clone() },
        What::Waits { minutes: Some(90), at_least: 60 },
        What::Waits { minutes: None, at_least: 60 },
    ]
}

/// The sum of each clock, in the hours of a calendar and not, begun, standing still and not begun.
fn sums() -> Vec<Sum> {
    let sum = |clock| Sum {
        clock,
        team: "first".to_owned(),
        from: Some(0),
        within_minutes: 60,
        calendar: Some("office".to_owned()),
        counted: vec![Stretch { from: 0, to: 3600, minutes: 60 }],
        more: 2,
        paused_minutes: 5,
        due: Some(3600),
    };
    let plain = |clock| Sum { calendar: None, counted: Vec::new(), more: 0, paused_minutes: 0, ..sum(clock) };
    let of_clock = |clock| [sum(clock), plain(clock), Sum { due: None, ..sum(clock) }];
    let on_its_way = Sum { from: None, due: None, ..plain(ClockKind::Acknowledge) };
    ClockKind::ALL.into_iter().flat_map(of_clock).chain([on_its_way]).collect()
}

/// Nothing yet, nothing graded, and every grade.
pub(super) fn healths() -> Vec<Health> {
    let none = Grades::default();
    let cases = Grades { cases: 2, ..none };
    let precision = Some(Share::of(1, 4));
    let graded =
        Grades { graded: 4, right: 1, not_needed: 1, wrong_team: 1, missing_information: 1, precision, ..cases };
    let health = |grades: Grades| {
        let term = TermHealth { words: "late".to_owned(), grades };
        let terms = if grades.graded > 0 { vec![term; 2] } else { Vec::new() };
        let trigger = TriggerHealth { name: "Refund".to_owned(), watched: grades.cases == 0, grades, terms };
        let pages = vec![Pages { name: "Sam".to_owned(), last_day: 1, last_week: 3 }; usize::from(grades.cases > 0)];
        Health { triggers: vec![trigger; 2], more: 1, by_hand: grades, pages, cases: 4 }
    };
    [none, cases, graded].map(health).to_vec()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::words::{Language, Markup, Words};

    #[test]
    fn findings_are_said_in_a_line() {
        let words = Words::load(Language::English, None, Markup::none(), &[]);
        let words = words.unwrap_or_else(|problems| panic!("{problems:?}"));
        let asked_for = findings().into_iter().filter(|finding| !finding.negated);
        let said: Vec<String> = asked_for.chain([findings().swap_remove(1)]).map(|it| words.finding(&it)).collect();
        expect![[r#"
            angry 1.00 (needs 0.60)
            700 USD claimed (needs over 500 USD)
            700 EUR claimed, worth 777 USD (needs over 500 USD)
            no amount claimed (needs over 500 USD)
            700 EUR claimed, not comparable with USD: no rate in the config
            contact 1 about the same issue (needs 3)
            angry reported by 1 customers (needs 3)
            written in a place the rule names
            language en (needs es)
            language unknown (needs es)
            ticket priority low (needs high)
            ticket priority empty (needs high)
            ticket priority not known (needs high)
            no answer for 90 min (needs 60 min)
            not waiting (needs 60 min)
            must not be: angry 1.00 (needs 0.60)"#]]
        .assert_eq(&said.join("\n"));
    }
}
