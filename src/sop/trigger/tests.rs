//! Each kind of condition, at and around its limit.

use expect_test::{Expect, expect};

use super::*;
use crate::sop::conversation::{Noted, Sketch};
use crate::sop::fixture::{at, over_usd, person, plan, procedure, rates, says, signal, trigger};
use crate::sop::message::Standing;
use crate::sop::signal::{Speech, read, subject_words};

/// What one trigger makes of one text: whether it fires, then every leaf that held (+), missed (-) or nearly held (~).
fn check(condition: Condition, text: &str, want: Expect) {
    check_after(&Conversation::default(), condition, text, want);
}

#[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
fn check_after(past: &Conversation, condition: Condition, text: &str, want: Expect) {
    with_scene(past, text, |scene| {
        let mut trace = Trace::default();
        let mut shown = if condition.holds(scene, &mut trace) { "fires\n" } else { "silent\n" }.to_owned();
        for finding in trace.findings {
            let mark = match (finding.held, finding.is_near()) {
                (true, _) => '+',
                (false, true) => '~',
                (false, false) => '-',
            };
            shown.push(mark);
            shown.push(' ');
            shown += &plain(&finding);
            shown.push('\n');
        }
        want.assert_eq(&shown);
    });
}

/// A finding as it is recorded.
fn plain(finding: &Finding) -> String {
    let what = serde_json::to_string(&finding.told().what).expect("plain data");
    if finding.negated { format!("not {what}") } else { what }
}

fn with_scene<T>(past: &Conversation, text: &str, look: impl FnOnce(&Scene<'_>) -> T) -> T {
    let (procedure, rates, message) = (procedure(), rates(), says("now", "ann", text));
    let signals = read(text, Speech::Whole, &procedure.lexicon);
    let ticket = procedure.ticket_in(text);
    look(&Scene {
        message: &message,
        customer: Some(&message.author.id),
        ticket: ticket.as_ref(),
        fields: None,
        waited: None,
        signals: &signals,
        labels: &procedure.labels(&signals).cloned().collect::<Vec<_>>(),
        lexicon: &procedure.lexicon,
        past,
        rates: &rates,
        now: at(0),
    })
}

/// Who wrote how many hours ago, with which kinds of trouble.
fn past(reports: &[(&str, i64, &str, &[Kind])]) -> Conversation {
    let mut past = Conversation::default();
    for (number, (customer, hours_ago, text, kinds)) in reports.iter().enumerate() {
        let noted = Noted {
            message: format!("past{number}").into(),
            place: "support".into(),
            customer: person(customer, Standing::Customer),
            ticket: procedure().ticket_in(text),
            kinds: kinds.to_vec(),
            failing: Vec::new(),
            sketch: Sketch::of(&subject_words(text, &procedure().lexicon)),
        };
        past.note(noted, at(-hours_ago * 3600));
    }
    past
}

#[test]
fn a_signal_holds_from_its_strength_on() {
    let text = "You LIARS!!";
    check(
        signal(Kind::Angry, 0.6),
        text,
        expect![[r#"
            fires
            + {"signal":{"kind":"angry","strength":0.92,"at_least":0.6}}
        "#]],
    );
    check(
        signal(Kind::Legal, 0.6),
        text,
        expect![[r#"
            silent
            - {"signal":{"kind":"legal","strength":0.0,"at_least":0.6}}
        "#]],
    );
    let strength = with_scene(&Conversation::default(), text, |scene| scene.signals.strength(&Kind::Angry));
    for (at_least, holds) in [(strength - 0.01, true), (strength, true), (strength + 0.01, false)] {
        let condition = signal(Kind::Angry, at_least);
        let held = with_scene(&Conversation::default(), text, |scene| condition.holds(scene, &mut Trace::default()));
        assert_eq!(held, holds, "{strength} against {at_least}");
    }
}

#[test]
fn an_amount_must_be_strictly_over() {
    check(
        over_usd(500),
        "Refund my $500.00, please.",
        expect![[r#"
            silent
            ~ {"amount":{"claimed":"500","claimed_currency":"USD","worth":"500","over":"500","currency":"USD"}}
        "#]],
    );
    check(
        over_usd(500),
        "Refund my $500.01, please.",
        expect![[r#"
            fires
            + {"amount":{"claimed":"500.01","claimed_currency":"USD","worth":"500.01","over":"500","currency":"USD"}}
        "#]],
    );
    check(
        over_usd(500),
        "Refund my $399, please.",
        expect![[r#"
            silent
            - {"amount":{"claimed":"399","claimed_currency":"USD","worth":"399","over":"500","currency":"USD"}}
        "#]],
    );
    check(
        over_usd(500),
        "Please help.",
        expect![[r#"
            silent
            - {"no_amount":{"over":"500","currency":"USD"}}
        "#]],
    );
}

#[test]
fn other_currencies_go_by_the_table() {
    check(
        over_usd(500),
        "Refund my 455 EUR, please.",
        expect![[r#"
            fires
            + {"amount":{"claimed":"455","claimed_currency":"EUR","worth":"500.50","over":"500","currency":"USD"}}
        "#]],
    );
    check(
        over_usd(500),
        "Refund my 454 EUR, please.",
        expect![[r#"
            silent
            ~ {"amount":{"claimed":"454","claimed_currency":"EUR","worth":"499.40","over":"500","currency":"USD"}}
        "#]],
    );
    check(
        over_usd(500),
        "Refund my 90 EUR, please.",
        expect![[r#"
            silent
            - {"amount":{"claimed":"90","claimed_currency":"EUR","worth":"99.00","over":"500","currency":"USD"}}
        "#]],
    );
    check(
        over_usd(500),
        "Refund my £5000, please.",
        expect![[r#"
            silent
            ~ {"not_comparable":{"claimed":"5000","claimed_currency":"GBP","currency":"USD"}}
        "#]],
    );
}

#[test]
fn contacts_count_this_one() {
    let thrice = |within| Condition::Contacts { at_least: 3, within };
    let text = "The router keeps losing its connection every evening.";
    let before = past(&[("ann", 30, text, &[]), ("ann", 5, text, &[]), ("bob", 4, text, &[])]);
    check_after(
        &before,
        thrice(TimeDelta::hours(48)),
        text,
        expect![[r#"
            fires
            + {"contacts":{"count":3,"at_least":3}}
        "#]],
    );
    check_after(
        &before,
        thrice(TimeDelta::hours(24)),
        text,
        expect![[r#"
            silent
            ~ {"contacts":{"count":2,"at_least":3}}
        "#]],
    );
    check_after(
        &before,
        thrice(TimeDelta::hours(48)),
        "Where is my invoice of March?",
        expect![[r#"
            silent
            - {"contacts":{"count":1,"at_least":3}}
        "#]],
    );
}

#[test]
fn customers_are_counted_once_each() {
    let hour = TimeDelta::hours(1);
    let three = Condition::Customers { kind: Kind::Outage, at_least: 3, within: hour, unusual: true };
    let down: &[Kind] = &[Kind::Outage];
    let once = past(&[("bob", 0, "", down), ("bob", 0, "", down), ("cleo", 0, "", &[Kind::Angry])]);
    check_after(
        &once,
        three.clone(),
        "The site is down.",
        expect![[r#"
            silent
            ~ {"customers":{"kind":"outage","count":2,"at_least":3,"unusual":1}}
        "#]],
    );
    let twice = past(&[("dan", 2, "", down), ("cleo", 1, "", down), ("bob", 0, "", down)]);
    check_after(
        &twice,
        three.clone(),
        "The site is down.",
        expect![[r#"
            fires
            + {"customers":{"kind":"outage","count":3,"at_least":3,"unusual":2}}
        "#]],
    );
    check_after(
        &twice,
        three,
        "Thanks for your help.",
        expect![[r#"
            silent
            - {"customers":{"kind":"outage","count":0,"at_least":3}}
        "#]],
    );
}

#[test]
fn places_and_languages_are_asked_for_by_name() {
    check(
        Condition::Places(vec!["billing".into(), "support".into()]),
        "Hello",
        expect![[r#"
            fires
            + "place"
        "#]],
    );
    check(
        Condition::Places(vec!["billing".into()]),
        "Hello",
        expect![[r#"
            silent
            - "place"
        "#]],
    );
    check(
        Condition::Language("en".to_owned()),
        "Where is the parcel that you sent me?",
        expect![[r#"
            fires
            + {"language":{"language":"en","asked":"en"}}
        "#]],
    );
    check(
        Condition::Language("es".to_owned()),
        "Where is the parcel that you sent me?",
        expect![[r#"
            silent
            - {"language":{"language":"en","asked":"es"}}
        "#]],
    );
}

/// Every leaf is looked at, though the first may have decided.
#[test]
fn conditions_combine() {
    let both = || vec![over_usd(500), signal(Kind::Legal, 0.5)];
    let text = "Refund my $200 or my lawyer will.";
    check(
        Condition::All(both()),
        text,
        expect![[r#"
            silent
            - {"amount":{"claimed":"200","claimed_currency":"USD","worth":"200","over":"500","currency":"USD"}}
            + {"signal":{"kind":"legal","strength":0.9,"at_least":0.5}}
        "#]],
    );
    check(
        Condition::Any(both()),
        text,
        expect![[r#"
            fires
            - {"amount":{"claimed":"200","claimed_currency":"USD","worth":"200","over":"500","currency":"USD"}}
            + {"signal":{"kind":"legal","strength":0.9,"at_least":0.5}}
        "#]],
    );
    check(
        Condition::Not(Box::new(Condition::Any(both()))),
        text,
        expect![[r#"
            silent
            + not {"amount":{"claimed":"200","claimed_currency":"USD","worth":"200","over":"500","currency":"USD"}}
            - not {"signal":{"kind":"legal","strength":0.9,"at_least":0.5}}
        "#]],
    );
    check(
        Condition::Not(Box::new(Condition::All(both()))),
        text,
        expect![[r#"
            fires
            + not {"amount":{"claimed":"200","claimed_currency":"USD","worth":"200","over":"500","currency":"USD"}}
            - not {"signal":{"kind":"legal","strength":0.9,"at_least":0.5}}
        "#]],
    );
}

fn fired_ids(triggers: &[Trigger], text: &str) -> Vec<String> {
    with_scene(&Conversation::default(), text, |scene| {
        fired(scene, triggers).firings.iter().map(|firing| firing.trigger.id.clone()).collect()
    })
}

const BOTH: &str = "Refund my $700 or my lawyer will.";

fn refund_and_legal() -> [Trigger; 2] {
    let plan = || plan("leads", &[("leads", 15)], 0);
    [
        trigger("refund", Severity::Sev3, over_usd(500), plan()),
        trigger("legal", Severity::Sev2, signal(Kind::Legal, 0.5), plan()),
    ]
}

#[test]
fn every_trigger_is_looked_at() {
    assert_eq!(fired_ids(&refund_and_legal(), BOTH), ["refund", "legal"]);
}

#[test]
fn an_exclusive_trigger_silences_by_name_when_it_is_live() {
    let [refund, legal] = refund_and_legal();
    let legal = Trigger { exclusive_with: vec!["refund".to_owned()], ..legal };
    assert_eq!(fired_ids(&[refund.clone(), legal.clone()], BOTH), ["legal"]);
    assert_eq!(fired_ids(&[refund.clone(), legal.clone()], "Refund my $700."), ["refund"]);
    assert_eq!(fired_ids(&[refund, Trigger { mode: Mode::Watch, ..legal }], BOTH), ["refund", "legal"]);
}

#[test]
fn a_trigger_that_is_off_is_not_looked_at() {
    let [refund, legal] = refund_and_legal();
    let off = [Trigger { mode: Mode::Off, ..refund }, legal];
    assert_eq!(fired_ids(&off, BOTH), ["legal"]);
    let near = with_scene(&Conversation::default(), "Refund my $450.", |scene| fired(scene, &off).near);
    assert_eq!(near, []);
}

#[test]
fn a_near_miss_is_told_with_its_trigger() {
    let near = with_scene(&Conversation::default(), "Refund my $450.", |scene| {
        let triggers = refund_and_legal();
        fired(scene, &triggers)
            .near
            .iter()
            .map(|miss| format!("{}: {}", miss.trigger.id, plain(&miss.finding)))
            .collect::<Vec<_>>()
    });
    expect![[
        r#"refund: {"amount":{"claimed":"450","claimed_currency":"USD","worth":"450","over":"500","currency":"USD"}}"#
    ]]
    .assert_eq(&near.join("\n"));
}

#[test]
fn a_ticket_is_asked_only_for_what_is_known_of_it() {
    let urgent = Condition::Ticket { field: TicketField::Priority, test: TicketTest::Equals("urgent".to_owned()) };
    let billing = Condition::Ticket { field: TicketField::Tag, test: TicketTest::Contains("bill".to_owned()) };
    let fields = TicketFields {
        priority: Some("Urgent".to_owned()),
        tags: vec!["vip".to_owned(), "billing".to_owned()],
        ..TicketFields::default()
    };
    with_scene(&Conversation::default(), "https://desk.example/t/1 is slow", |scene| {
        for (known, expected) in [
            (
                None,
                expect![[r#"
            - {"ticket_not_known":{"field":"priority","named":true,"asked":"urgent"}}
            - {"ticket_not_known":{"field":"tag","named":true,"asked":"…bill…"}}"#]],
            ),
            (
                Some(&fields),
                expect![[r#"
            + {"ticket":{"field":"priority","found":"Urgent","asked":"urgent"}}
            + {"ticket":{"field":"tag","found":"vip, billing","asked":"…bill…"}}"#]],
            ),
        ] {
            let scene = Scene { fields: known, ..*scene };
            let mut trace = Trace::default();
            let (first, second) = (urgent.holds(&scene, &mut trace), billing.holds(&scene, &mut trace));
            assert_eq!((first, second), (known.is_some(), known.is_some()));
            let mark = if first { '+' } else { '-' };
            let shown: Vec<String> =
                trace.findings.iter().map(|finding| format!("{mark} {}", plain(finding))).collect();
            expected.assert_eq(&shown.join("\n"));
        }
    });
}

/// A log need not say what would have turned a decision round, nor what was usual.
#[test]
fn what_is_not_on_record_is_read_as_nothing() {
    let written = r#"{"trigger":"outage","finding":{"held":false,"what":{"customers":{"kind":"outage","count":2,"at_least":3}}}}"#;
    let miss: NearMiss = serde_json::from_str(written).expect("what was written");
    let what = What::Customers { kind: Kind::Outage, count: 2, at_least: 3, unusual: 0 };
    assert_eq!((&miss.finding.what, &*miss.flip), (&what, &[][..]));
    assert_eq!(serde_json::to_string(&miss).expect("plain data"), written);
}
