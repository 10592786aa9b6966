//! What managers are told of their triggers after a few days.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::sop::desk::{About, Form, Request};
use crate::sop::escalation::Act;
use crate::sop::fixture::{at, build, procedure, says, staff};
use crate::sop::notice::ReplyTo;

enum Happens {
    /// A customer of their own each time.
    Says(&'static str),
    /// The rep escalates, for this reason.
    ByHand(&'static str),
    Drill(&'static str),
    Grades(u64, Grade),
}
use Happens::{ByHand, Drill, Grades as Graded, Says};

fn desk(procedure: &Procedure, happens: &[Happens]) -> Desk {
    let mut desk = Desk::default();
    for (hour, happens) in (0..).zip(happens) {
        let (actor, reply) = (staff("max", &["leads", "managers", "legal"]), ReplyTo("max".to_owned()));
        let request = match happens {
            Says(text) => Request::Message(says(&format!("m{hour}"), &format!("customer {hour}"), text)),
            ByHand(trigger) => {
                let trigger = Some((*trigger).to_owned());
                let typed = [("ticket", format!("T-{hour}")), ("steps", "none".to_owned())];
                let typed = typed.map(|(id, text)| (id.to_owned(), text)).to_vec();
                let form = Form { trigger, page: 0, typed, place: "support".into(), about: None, message: None };
                Request::Escalate { actor, form: Box::new(form), reply }
            }
            Drill(trigger) => Request::Drill { actor, trigger: (*trigger).to_owned(), place: "support".into(), reply },
            Graded(case, grade) => {
                let (about, act) = (About::Typed(case.to_string()), Act::Grade { grade: *grade });
                Request::Act { actor, about, act, reply }
            }
        };
        desk.handle(request, procedure, at(hour * 3600));
    }
    desk
}

fn shown(health: &Health) -> String {
    let grades = |of: &Grades| {
        let share = of.precision.map(|share| format!(": right {share}")).unwrap_or_default();
        let (right, not_needed, wrong, missing) = (of.right, of.not_needed, of.wrong_team, of.missing_information);
        format!("{} cases, {} graded {right}/{not_needed}/{wrong}/{missing}{share}", of.cases, of.graded)
    };
    let mut shown = String::new();
    for trigger in &health.triggers {
        writeln!(shown, "{}: {}", trigger.name, grades(&trigger.grades)).expect("a string takes all");
        for term in &trigger.terms {
            writeln!(shown, "    {}: {}", term.words, grades(&term.grades)).expect("a string takes all");
        }
    }
    format!("{shown}by hand: {}\nof {}, {} more\n", grades(&health.by_hand), health.cases, health.more)
}

#[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
fn check(happens: &[Happens], teams: &[&str], want: Expect) {
    let procedure = procedure();
    want.assert_eq(&shown(&health(&desk(&procedure, happens), &procedure, &staff("mona", teams), at(0))));
}

const WEEK: [Happens; 12] = [
    Says("You LIARS! Refund my $700."),
    Says("LIARS, all of you!"),
    Says("Refund my $900, please."),
    Says("My lawyer will sue you."),
    ByHand("refund"),
    Drill("refund"),
    Graded(1, Grade::RightCall),
    Graded(2, Grade::NotNeeded),
    Graded(3, Grade::MissingInformation),
    Graded(4, Grade::NotNeeded),
    Graded(5, Grade::RightCall),
    Graded(6, Grade::RightCall),
];

#[test]
fn grades_are_told_of_each_trigger_to_whoever_may_read_its_cases() {
    check(
        &WEEK,
        &["managers", "legal"],
        expect![[r#"
        The angry rule: 2 cases, 2 graded 1/1/0/0: right 0.50 [0.09–0.91]
            liars: 1 cases, 1 graded 0/1/0/0: right 0.00 [0.00–0.79]
        The refund rule: 2 cases, 2 graded 1/0/0/1: right 0.50 [0.09–0.91]
        The legal rule: 1 cases, 1 graded 0/1/0/0: right 0.00 [0.00–0.79]
            my lawyer: 1 cases, 1 graded 0/1/0/0: right 0.00 [0.00–0.79]
            will sue: 1 cases, 1 graded 0/1/0/0: right 0.00 [0.00–0.79]
        The outage rule: 0 cases, 0 graded 0/0/0/0
        The small_refund rule: 0 cases, 0 graded 0/0/0/0
        by hand: 1 cases, 1 graded 1/0/0/0: right 1.00 [0.21–1.00]
        of 5, 0 more
    "#]],
    );
    check(
        &WEEK,
        &["managers"],
        expect![[r#"
        The angry rule: 2 cases, 2 graded 1/1/0/0: right 0.50 [0.09–0.91]
            liars: 1 cases, 1 graded 0/1/0/0: right 0.00 [0.00–0.79]
        The refund rule: 2 cases, 2 graded 1/0/0/1: right 0.50 [0.09–0.91]
        The outage rule: 0 cases, 0 graded 0/0/0/0
        The small_refund rule: 0 cases, 0 graded 0/0/0/0
        by hand: 1 cases, 1 graded 1/0/0/0: right 1.00 [0.21–1.00]
        of 4, 0 more
    "#]],
    );
}

#[test]
fn the_last_grade_of_a_case_counts() {
    let twice = [Says("Refund my $900."), Graded(1, Grade::NotNeeded), Graded(1, Grade::WrongTeam)];
    check(
        &twice,
        &["managers"],
        expect![[r#"
        The angry rule: 0 cases, 0 graded 0/0/0/0
        The refund rule: 1 cases, 1 graded 0/0/1/0: right 0.00 [0.00–0.79]
        The outage rule: 0 cases, 0 graded 0/0/0/0
        The small_refund rule: 0 cases, 0 graded 0/0/0/0
        by hand: 0 cases, 0 graded 0/0/0/0
        of 1, 0 more
    "#]],
    );
}

/// What only some may read leaves no trace in what the others are told.
#[test]
fn confidential_cases_change_nothing_for_the_others() {
    let procedure = procedure();
    let told = |text: &'static str, grade| {
        let happens = [Says("Refund my $900."), Says(text), Graded(1, Grade::RightCall), Graded(2, grade)];
        health(&desk(&procedure, &happens), &procedure, &staff("mona", &["managers"]), at(0))
    };
    assert_eq!(told("My lawyer will sue you.", Grade::RightCall), told("I will see you in court.", Grade::NotNeeded));
}

#[test]
fn a_trigger_that_is_gone_is_told_by_its_last_name() {
    let mut later = build();
    later.triggers.retain(|trigger| trigger.id == "angry");
    let desk = desk(&procedure(), &[Says("Refund my $900."), Graded(1, Grade::RightCall)]);
    expect![[r#"
        The angry rule: 0 cases, 0 graded 0/0/0/0
        The refund rule: 1 cases, 1 graded 1/0/0/0: right 1.00 [0.21–1.00]
        by hand: 0 cases, 0 graded 0/0/0/0
        of 1, 0 more
    "#]]
    .assert_eq(&shown(&health(&desk, &later, &staff("mona", &["managers"]), at(0))));
}

#[test]
fn managers_see_who_was_rung_how_often() {
    let procedure = procedure();
    let day = 24 * 3600;
    let desk = desk(&procedure, &[Says("Refund my $700, please."), Says("Refund my $800, please.")]);
    let rung = |now: i64| {
        let health = health(&desk, &procedure, &staff("mona", &["managers"]), at(now));
        let told = health.pages.iter().map(|rung| format!("{} {} {}", rung.name, rung.last_day, rung.last_week));
        told.collect::<Vec<_>>().join(", ")
    };
    let first = rung(3600);
    let later = rung(day);
    let told = format!("{first}\n{later}\n{}", rung(8 * day));
    expect![[r#"
        Team leads 2 2
        Team leads 1 2
    "#]]
    .assert_eq(&told);
}
