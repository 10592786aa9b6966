#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::sop::desk::{About, Request};
use crate::sop::escalation::Act;
use crate::sop::fixture::{at, procedure, says, staff};
use crate::sop::notice::{Notice, ReplyTo};

enum Happens {
    /// A customer of their own each time.
    Says(&'static str),
    /// Somebody of all teams does something to a case.
    Acts(u64, Act),
    /// So many minutes pass.
    Pass(i64),
    /// The next page cannot be delivered.
    Fails,
    Drill(&'static str),
}
use Happens::{Acts, Drill, Fails, Pass, Says};

/// Pages are delivered at once, unless they fail.
fn desk(happens: &[Happens]) -> Desk {
    let procedure = procedure();
    let (mut desk, mut now, mut fails) = (Desk::default(), 0, 0);
    for (number, happens) in happens.iter().enumerate() {
        let actor = || staff("max", &["leads", "managers", "legal", "engineering", "duty"]);
        let reply = ReplyTo("max".to_owned());
        let request = match happens {
            Says(text) => Request::Message(says(&format!("m{number}"), &format!("customer {number}"), text)),
            Acts(case, act) => {
                Request::Act { actor: actor(), about: About::Typed(case.to_string()), act: act.clone(), reply }
            }
            Drill(trigger) => {
                Request::Drill { actor: actor(), trigger: (*trigger).to_owned(), place: "support".into(), reply }
            }
            Pass(minutes) => {
                now += minutes * 60;
                Request::DeadlineReached
            }
            Fails => {
                fails += 1;
                continue;
            }
        };
        let mut notices = desk.handle(request, &procedure, at(now)).notices;
        while let Some(Notice::Page { escalation, page }) =
            notices.iter().find(|it| matches!(it, Notice::Page { .. })).cloned()
        {
            let place = "somewhere".into();
            let request = if fails > 0 {
                fails -= 1;
                Request::PageUndeliverable { escalation, page, why: "no channel".to_owned() }
            } else {
                Request::PageDelivered { escalation, page, place, message: "card".into() }
            };
            notices = desk.handle(request, &procedure, at(now)).notices;
        }
    }
    desk
}

fn shown(paths: &Paths) -> String {
    let mut shown = format!("{} of {} as written\n", paths.as_written, paths.cases);
    for route in &paths.routes {
        let stop =
            |stop: &Stop| format!("{}{} ({:?})", if stop.last_resort { "last " } else { "" }, stop.team, stop.why);
        let stops: Vec<String> = route.stops.iter().map(stop).collect();
        writeln!(shown, "{} × {}: {}, {} open", route.cases, route.plan, stops.join(" → "), route.open)
            .expect("a string");
    }
    for it in &paths.deviations {
        writeln!(shown, "{:?} {}: {} in {}", it.what, it.team, it.times, it.cases).expect("a string");
    }
    for step in &paths.steps {
        let (median, last) = (step.median_seconds.map(|it| it / 60), if step.last_resort { "last " } else { "" });
        let (plan, team) = (&step.plan, &step.team);
        writeln!(
            shown,
            "{plan}/{last}{team}: {} of {} ({} in time), {median:?} min",
            step.answered, step.pages, step.in_time
        )
        .expect("a string");
    }
    shown
}

#[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
fn check(happens: &[Happens], teams: &[&str], want: Expect) {
    want.assert_eq(&shown(&paths(&desk(happens), &staff("mona", teams), at(0), at(86_400))));
}

const ANGRY: &str = "You LIARS, this is the worst service!";

fn ack() -> Act {
    Act::Acknowledge { next: None }
}

#[test]
fn cases_go_up_and_down() {
    let raise = || Act::Raise { reason: "stuck".to_owned() };
    let resolve = || Act::Resolve { note: "done".to_owned() };
    let happens = [
        Says(ANGRY),
        Pass(4),
        Acts(1, ack()),
        Pass(1),
        Acts(1, resolve()),
        // Silence on the first rung, answered on the second, and sent back.
        Says(ANGRY),
        Pass(15),
        Pass(10),
        Acts(2, ack()),
        Acts(2, Act::Lower { reason: "simple".to_owned() }),
        Pass(6),
        Acts(2, ack()),
        // By hand, and resolved at once.
        Says(ANGRY),
        Acts(3, raise()),
        Acts(3, resolve()),
        Drill("angry"),
    ];
    check(
        &happens,
        &["leads"],
        expect![[r#"
            1 of 3 as written
            1 × leads: leads (Opened), 0 open
            1 × leads: leads (Opened) → managers (Silence) → leads (Lowered), 1 open
            1 × leads: leads (Opened) → managers (ByHand), 0 open
            Silence leads: 1 in 1
            ByHand leads: 1 in 1
            Lowered managers: 1 in 1
            Untaken managers: 1 in 1
            leads/leads: 2 of 4 (2 in time), Some(4) min
            leads/managers: 2 of 2 (2 in time), Some(0) min
        "#]],
    );
}

#[test]
fn what_cannot_be_delivered_and_what_nobody_answers() {
    let happens = [Fails, Says(ANGRY), Pass(30), Pass(15), Pass(30), Pass(10), Pass(10)];
    check(
        &happens,
        &["leads"],
        expect![[r#"
        0 of 1 as written
        1 × leads: leads (Opened) → managers (Undeliverable) → leads (Silence) → managers (Silence) → last duty (Silence), 1 open
        Silence duty: 2 in 1
        Silence managers: 2 in 1
        Silence leads: 1 in 1
        Undeliverable leads: 1 in 1
        LastResort duty: 1 in 1
        leads/leads: 0 of 1 (0 in time), None min
        leads/managers: 0 of 2 (0 in time), None min
        leads/last duty: 0 of 3 (0 in time), None min
    "#]],
    );
}

#[test]
fn what_a_reader_may_not_read_is_not_counted() {
    let happens = [Says("My lawyer will sue you."), Pass(5), Acts(1, ack())];
    check(
        &happens,
        &["leads"],
        expect![[r#"
        0 of 0 as written
    "#]],
    );
    check(
        &happens,
        &["legal"],
        expect![[r#"
            1 of 1 as written
            1 × legal: legal (Opened), 1 open
            legal/legal: 1 of 1 (1 in time), Some(5) min
        "#]],
    );
}

#[test]
fn only_the_span_counts() {
    let desk = desk(&[Says(ANGRY), Pass(60), Says(ANGRY)]);
    let cases = |from, to| paths(&desk, &staff("mona", &[]), at(from), at(to)).cases;
    assert_eq!((cases(0, 3_600), cases(0, 3_601), cases(1, 3_600), cases(3_600, 9_000)), (1, 2, 0, 1));
}
