//! What becomes of a message beside what is already open.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::*;
use crate::sop::desk::{About, Fact, Request};
use crate::sop::escalation::Act;
use crate::sop::escalation::Event;
use crate::sop::fixture::{at, build, over_usd, plan, procedure, says, staff, trigger};
use crate::sop::notice::ReplyTo;

enum Happens {
    Says(&'static str, &'static str),
    Edits(&'static str, &'static str),
    /// The message of that hour.
    EditsOf(i64, &'static str, &'static str),
    Resolves(u64),
}
use Happens::{Edits, EditsOf, Resolves, Says};

/// What the desk records of cases when these things happen an hour apart, a line each.
fn check(happens: &[Happens], want: Expect) {
    check_with(&procedure(), happens, want);
}

#[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
fn check_with(procedure: &Procedure, happens: &[Happens], want: Expect) {
    let (mut desk, mut shown) = (Desk::default(), String::new());
    for (hour, happens) in (0..).zip(happens) {
        let request = match happens {
            Says(customer, text) => Request::Message(says(&format!("m{hour}"), customer, text)),
            Edits(customer, text) => edit(hour - 1, customer, text),
            EditsOf(hour, customer, text) => edit(*hour, customer, text),
            Resolves(case) => Request::Act {
                actor: staff("max", &["leads", "managers", "legal"]),
                about: About::Typed(case.to_string()),
                act: Act::Resolve { note: "done".to_owned() },
                reply: ReplyTo("max".to_owned()),
            },
        };
        for fact in desk.handle(request, procedure, at(hour * 3600)).facts {
            match fact {
                Fact::Watched { trigger, .. } => writeln!(shown, "{hour}: {trigger} is watched"),
                Fact::Case { id, event } => writeln!(shown, "{hour}: {id} {}", said(&event)),
                Fact::Noted(_)
                | Fact::Covered(_)
                | Fact::HandedOver { .. }
                | Fact::Asked(_)
                | Fact::Answered { .. }
                | Fact::WaitedLong { .. }
                | Fact::Deaf { .. }
                | Fact::Hearing
                | Fact::Drafted(_)
                | Fact::OutOfReach { .. }
                | Fact::Reported { .. }
                | Fact::TicketRead { .. }
                | Fact::TicketLost { .. }
                | Fact::Erased(_)
                | Fact::Adopted { .. } => continue,
            }
            .expect("a string takes all");
        }
    }
    want.assert_eq(&shown);
}

fn edit(hour: i64, customer: &str, text: &str) -> Request {
    Request::Message(Message { edited: true, ..says(&format!("m{hour}"), customer, text) })
}

fn said(event: &Event) -> String {
    let names = |report: &Report| report.triggers.iter().map(|name| name.id.clone()).collect::<Vec<_>>().join(" + ");
    let detail = match event {
        Event::Opened(opened) => {
            let after = opened.after.map(|id| format!(" after {id}")).unwrap_or_default();
            let near: Vec<_> = opened.near.iter().map(|miss| miss.trigger.as_str()).collect();
            let near = if near.is_empty() { String::new() } else { format!(", nearly {}", near.join(", ")) };
            format!("{} {} with {}{after}{near}", opened.severity, names(&opened.report), opened.plan.id)
        }
        Event::Added { report } => names(report),
        Event::Strengthened { report, severity } => format!("{severity} {}", names(report)),
        Event::Paged { reason, .. } => format!("{reason:?}"),
        _ => String::new(),
    };
    format!("{} {detail}", event.name()).trim_end().to_owned()
}

#[test]
fn one_message_goes_to_every_plan_that_fires() {
    check(
        &[Says("ann", "Refund my $2,000 or my lawyer will.")],
        expect![[r#"
            0: small_refund is watched
            0: ESC-1 opened sev2 refund with leads
            0: ESC-1 paged Opened
            0: ESC-2 opened sev2 legal with legal
            0: ESC-2 paged Opened
        "#]],
    );
}

#[test]
fn the_most_severe_firing_of_a_plan_leads() {
    check(
        &[Says("ann", "You LIARS! Refund my $700.")],
        expect![[r#"
            0: small_refund is watched
            0: ESC-1 opened sev2 refund + angry with leads
            0: ESC-1 paged Opened
        "#]],
    );
}

#[test]
fn the_same_again_is_added_quietly_and_thanks_are_nothing() {
    check(
        &[Says("ann", "You LIARS!"), Says("ann", "LIARS, all of you!"), Says("ann", "Thanks for your help.")],
        expect![[r#"
            0: ESC-1 opened sev3 angry with leads
            0: ESC-1 paged Opened
            1: ESC-1 added angry
        "#]],
    );
}

#[test]
fn a_stronger_firing_pages_again() {
    check(
        &[Says("ann", "You LIARS!"), Says("ann", "Refund my $700."), Says("ann", "You LIARS!")],
        expect![[r#"
            0: ESC-1 opened sev3 angry with leads
            0: ESC-1 paged Opened
            1: small_refund is watched
            1: ESC-1 strengthened sev2 refund
            1: ESC-1 paged Stronger
            2: ESC-1 added angry
        "#]],
    );
}

#[test]
fn an_edit_may_fire_more_and_never_the_same_again() {
    check(
        &[Says("ann", "You LIARS!"), Edits("ann", "You LIARS!!"), Edits("ann", "You LIARS!! Refund my $700.")],
        expect![[r#"
            0: ESC-1 opened sev3 angry with leads
            0: ESC-1 paged Opened
            2: small_refund is watched
            2: ESC-1 strengthened sev2 refund + angry
            2: ESC-1 paged Stronger
        "#]],
    );
}

#[test]
fn after_the_resolution_a_new_case_follows_the_old() {
    check(
        &[Says("ann", "You LIARS!"), Resolves(1), Says("ann", "LIARS, all of you!")],
        expect![[r#"
            0: ESC-1 opened sev3 angry with leads
            0: ESC-1 paged Opened
            1: ESC-1 acknowledged
            1: ESC-1 resolved
            2: ESC-2 opened sev3 angry with leads after ESC-1
            2: ESC-2 paged Opened
        "#]],
    );
}

#[test]
fn an_edit_of_what_an_earlier_case_dealt_with_opens_nothing() {
    check(
        &[
            Says("ann", "You LIARS!"),
            Resolves(1),
            Says("ann", "LIARS, all of you!"),
            Resolves(2),
            EditsOf(0, "ann", "You LIARS!!"),
        ],
        expect![[r#"
            0: ESC-1 opened sev3 angry with leads
            0: ESC-1 paged Opened
            1: ESC-1 acknowledged
            1: ESC-1 resolved
            2: ESC-2 opened sev3 angry with leads after ESC-1
            2: ESC-2 paged Opened
            3: ESC-2 acknowledged
            3: ESC-2 resolved
        "#]],
    );
}

#[test]
fn what_is_open_to_all_does_not_point_at_what_was_confidential() {
    let mut procedure = build();
    let legal = procedure.triggers.iter_mut().find(|trigger| trigger.id == "legal").expect("it is there");
    legal.plan = Arc::new(plan("leads", &[("leads", 15)], 0));
    check_with(
        &procedure,
        &[Says("ann", "My lawyer will sue you."), Resolves(1), Says("ann", "You LIARS!")],
        expect![[r#"
            0: ESC-1 opened sev2 legal with leads
            0: ESC-1 paged Opened
            1: ESC-1 acknowledged
            1: ESC-1 resolved
            2: ESC-2 opened sev3 angry with leads
            2: ESC-2 paged Opened
        "#]],
    );
}

#[test]
fn customers_and_tickets_are_kept_apart() {
    let (one, two) = ("https://desk.example/t/1 LIARS!", "https://desk.example/t/2 LIARS!");
    check(
        &[Says("ann", one), Says("bob", "You LIARS!"), Says("ann", two), Says("bob", one)],
        expect![[r#"
            0: ESC-1 opened sev3 angry with leads
            0: ESC-1 paged Opened
            1: ESC-2 opened sev3 angry with leads
            1: ESC-2 paged Opened
            2: ESC-3 opened sev3 angry with leads
            2: ESC-3 paged Opened
            3: ESC-1 added angry
        "#]],
    );
}

#[test]
fn everybody_with_the_same_outage_joins_one_case() {
    check(
        &[
            Says("ann", "The site is down."),
            Says("bob", "The site is down."),
            Says("cleo", "The site is down for us too."),
        ],
        expect![[r#"
            1: ESC-1 opened sev1 outage with engineering
            1: ESC-1 paged Opened
            2: ESC-1 added outage
        "#]],
    );
}

#[test]
fn watching_pages_nobody() {
    check(
        &[Says("ann", "Refund my $150, please.")],
        expect![[r#"
            0: small_refund is watched
        "#]],
    );
}

#[test]
fn the_order_of_the_config_breaks_ties() {
    let triggers = ["one", "two"].map(|id| trigger(id, Severity::Sev3, over_usd(500), plan("leads", &[], 0)));
    let firings: Vec<_> =
        triggers.iter().map(|trigger| Firing { trigger, trace: Vec::new(), counted: Vec::new() }).collect();
    let groups = by_plan(&firings);
    let ids: Vec<_> = groups[0].iter().map(|firing| firing.trigger.id.as_str()).collect();
    assert_eq!((groups.len(), ids), (1, vec!["one", "two"]));
}
