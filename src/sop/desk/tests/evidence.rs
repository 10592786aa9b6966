//! What holds of every day's log: its results can be worked out again, and it keeps its shape when somebody is erased.

use super::*;
use crate::sop::audit::{Audit, Doubt};
use crate::sop::clock::{ClockKind, Limit, Limits};
use crate::sop::erasure::{Erasure, Theirs};
use crate::sop::fixture::trigger;
use crate::sop::message::PersonId;
use crate::sop::retention::Retention;
use crate::sop::team::Severity;
use crate::sop::timeline::{Outcome, Run, timeline};
use crate::sop::trigger::Condition;

/// One line: when, and what.
type Log = Vec<(DateTime<Utc>, Fact)>;

/// Everything that can run out does.
fn measured() -> Procedure {
    let mut procedure = Procedure { rotas: on_duty().rotas.clone(), ..build() };
    let minutes = [(ClockKind::FirstReply, 20), (ClockKind::Update, 90), (ClockKind::Resolve, 200)];
    let limit = |(clock, minutes)| Limit { clock, within: TimeDelta::minutes(minutes) };
    let limits = minutes.into_iter().map(limit).collect();
    let clocks = Limits { limits, calendar: None, warn_at_percent: vec![50, 80] };
    for trigger in &mut procedure.triggers {
        let plan = std::sync::Arc::make_mut(&mut trigger.plan);
        (plan.clocks, plan.confirm_within) = (clocks.clone(), TimeDelta::minutes(30));
    }
    let plan = (*procedure.default_plan).clone();
    let waits = trigger("waits", Severity::Sev3, Condition::Waits(TimeDelta::minutes(40)), plan);
    procedure.triggers.push(waits);
    procedure
}

/// A day as the loop lives it: whatever comes in, what is due by then is seen to at once.
fn day(moves: &[Move]) -> Log {
    let mut day = Day { procedure: std::sync::Arc::new(measured()), ..Day::new() };
    for step in moves {
        day.go(step);
        if day.desk.next_deadline().is_some_and(|at| at <= day.now) {
            day.ask(Request::DeadlineReached);
        }
    }
    day.log.iter().map(|(fact, at)| (*at, Fact::read(fact).expect("ours"))).collect()
}

fn fold(log: &Log) -> Desk {
    log.iter().cloned().collect()
}

fn doubts(log: &Log) -> Vec<Doubt> {
    let mut audit = Audit::default();
    let mut doubts: Vec<Doubt> =
        (1..).zip(log).flat_map(|(line, (at, fact))| audit.take(line, *at, fact.clone())).collect();
    doubts.extend(audit.end(0));
    doubts
}

/// The same cases, as far along, with the same deadlines.
fn assert_same_shape(one: &Desk, other: &Desk) {
    let shape = |desk: &Desk| -> Vec<_> {
        let cases = desk.cases();
        cases
            .map(|case| (case.id, case.status(), case.step, case.next_deadline(), case.severity, case.version))
            .collect()
    };
    assert_eq!(shape(one), shape(other));
    assert_eq!(one.deadlines, other.deadlines);
    assert_eq!((&one.open, &one.listening, one.waits.next()), (&other.open, &other.listening, other.waits.next()));
}

fn written(log: &Log) -> String {
    log.iter().map(|(_, fact)| serde_json::to_string(fact).expect("plain data") + "\n").collect()
}

/// Without everybody who wrote.
fn erased(mut log: Log) -> Log {
    for (token, customer) in [("1f", "ann"), ("2f", "bob"), ("3f", "cleo")] {
        let customer = PersonId::from(customer);
        let theirs = Theirs::find(log.iter().map(|(_, fact)| fact), &customer);
        let mut erasure = Erasure::of(theirs, token);
        for (_, fact) in &mut log {
            if let Some(without) = erasure.fact(fact) {
                *fact = without;
            }
        }
        assert!(Theirs::find(log.iter().map(|(_, fact)| fact), &customer).is_nothing(), "nothing is left of them");
    }
    log
}

/// Changes a result, in one of several ways.
fn falsified(event: &mut Event, how: usize) {
    let later = TimeDelta::seconds(1);
    match event {
        Event::Breached { due, .. } | Event::RanOut { due, .. } | Event::Nudged { due, .. } if how == 0 => {
            *due += later;
        }
        Event::Breached { late_seconds, .. }
        | Event::RanOut { late_seconds, .. }
        | Event::Nudged { late_seconds, .. }
        | Event::Reminded { late_seconds, .. } => *late_seconds += 1,
        Event::Warned { percent, .. } if how == 0 => *percent += 1,
        Event::Warned { due, .. } => *due += later,
        _ => unreachable!("only results are changed"),
    }
}

fn is_result(fact: &Fact) -> bool {
    let Fact::Case { event, .. } = fact else { return false };
    matches!(
        event,
        Event::Breached { .. }
            | Event::RanOut { .. }
            | Event::Warned { .. }
            | Event::Nudged { .. }
            | Event::Reminded { .. }
    )
}

fn is_breach(fact: &Fact) -> bool {
    matches!(fact, Fact::Case { event: Event::Breached { .. }, .. })
}

/// A page that nobody answered, of which nothing came though the desk went on.
#[test]
fn a_deadline_that_passed_in_silence_is_found() {
    let mut log = day(&[Move::Say { customer: 0, text: 0 }, Move::Deliver { page: 0 }]);
    assert_eq!(doubts(&log), []);
    log.extend([7_200, 7_230, 7_300, 7_400].map(|seconds| (at(seconds), Fact::Hearing)));
    let found = doubts(&log);
    let told: Vec<String> = found.iter().map(|doubt| doubt.what.to_string()).collect();
    expect_test::expect![[r#"
        a clock is to be warned of since 2026-03-02T09:10:00Z, and nothing is recorded of it
    "#]]
    .assert_eq(&(told.join("\n") + "\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_result_can_be_worked_out_again(moves in moves()) {
        prop_assert_eq!(doubts(&day(&moves)), []);
    }

    #[test]
    fn a_result_that_was_changed_or_left_out_is_found(moves in moves(), which in any::<usize>(), how in 0_usize..3) {
        let mut log = day(&moves);
        // A warning that is missing cannot be told from one that came too late to be given.
        let is_one = |fact: &Fact| if how == 2 { is_breach(fact) } else { is_result(fact) };
        let results: Vec<usize> = (0..log.len()).filter(|line| is_one(&log[*line].1)).collect();
        prop_assume!(!results.is_empty());
        let line = results[which % results.len()];
        match &mut log[line].1 {
            _ if how == 2 => drop(log.remove(line)),
            Fact::Case { event, .. } => falsified(event, how),
            _ => unreachable!("a result is about a case"),
        }
        prop_assert!(!doubts(&log).is_empty(), "line {}", line + 1);
    }

    /// Where a case stands at its end is where its log has led it, and each of its facts is told or told with another.
    #[test]
    fn the_timeline_of_a_case_ends_where_it_stands(moves in moves()) {
        let log = day(&moves);
        let (desk, procedure) = (fold(&log), measured());
        for case in desk.cases() {
            let of_it = |(at, fact): &(DateTime<Utc>, Fact)| match fact {
                Fact::Case { id, event } if *id == case.id => Some((*at, event.clone())),
                _ => None,
            };
            let facts: Vec<_> = log.iter().filter_map(of_it).collect();
            // A team that is paged again: its page says it.
            let is_told = |event: &Event| match event {
                Event::Raised { from, to, .. } => {
                    case.opened.plan.rung(*from).team != case.opened.plan.rung(*to).team
                }
                event => !matches!(event, Event::Breached { .. } | Event::Reposted { .. }),
            };
            let told = facts.iter().filter(|(_, event)| is_told(event)).count();
            let now = case.updated_at;
            let timeline = timeline(case.id, facts, &procedure, now);
            prop_assert_eq!(timeline.moments.len(), told);
            prop_assert!(timeline.moments.is_sorted_by_key(|moment| moment.at));
            let is_going = |run: &Run| matches!(run.outcome, Outcome::InTime | Outcome::OutOfTime);
            let going = timeline.tracks.iter().flat_map(|track| &track.runs).filter(|run| is_going(run));
            let mut going: Vec<_> = going.map(|run| run.due).collect();
            // What is tried again is nobody's time.
            let is_delivered = |page: &usize| matches!(case.pages[*page].fate, Fate::Delivered { .. });
            let page = case.awaiting.filter(is_delivered).and_then(|_| case.answer_due());
            let promise = case.promise.as_deref().map(|promise| promise.until);
            let clocks = case.clocks.iter().map(|running| running.clock.due());
            let runs = page.map(Some).into_iter().chain(promise.map(Some)).chain(clocks);
            let mut runs: Vec<_> = runs.map(|due| due.map(|due| due.timestamp())).collect();
            going.sort_unstable();
            runs.sort_unstable();
            prop_assert_eq!(going, runs);
        }
    }

    #[test]
    fn whoever_is_erased_leaves_the_shape_of_the_log(moves in moves()) {
        let before = day(&moves);
        let after = erased(before.clone());
        assert_same_shape(&fold(&before), &fold(&after));
        prop_assert_eq!(doubts(&after), []);
        let written = written(&after);
        // By itself the number of the ticket may also be one of seconds.
        let ticket = [r#""4711""#, "/4711"];
        let words = [r#""ann""#, r#""bob""#, r#""cleo""#, "LIARS", "$700", "$150", r#""message":"m"#];
        for gone in words.into_iter().chain(ticket) {
            prop_assert!(!written.contains(gone), "{} is still there:\n{}", gone, written);
        }
    }

    #[test]
    fn what_is_too_old_goes_once_and_leaves_the_shape_of_the_log(moves in moves(), later in 0_i64..400_000) {
        let before = day(&moves);
        let now = at(later);
        let retention = Retention::of_all(TimeDelta::hours(6));
        let outdated = |log: &Log| {
            let dated: Vec<_> = (1..).zip(log).map(|(line, (at, fact))| (line, *at, fact)).collect();
            retention.outdated(dated.into_iter(), now)
        };
        let mut after = before.clone();
        for round in 0..2 {
            let mut erasure = Erasure::of_everybody("4f");
            for line in outdated(&after) {
                let fact = &mut after[usize::try_from(line - 1).expect("a line")].1;
                if let Some(without) = erasure.fact(fact) {
                    prop_assert!(round == 0, "what has gone goes again: {fact:?}");
                    *fact = without;
                }
            }
        }
        assert_same_shape(&fold(&before), &fold(&after));
        prop_assert_eq!(doubts(&after), []);
        for case in fold(&after).cases().filter(|case| case.resolution.as_ref().is_some_and(|done| done.at < now - TimeDelta::hours(6))) {
            let is_still_there = |quote: &crate::sop::escalation::Quote| quote.words != crate::sop::erasure::GONE;
            let is_part = case.merged_into().is_some();
            prop_assert!(is_part || !case.reports().flat_map(|report| &report.quotes).any(is_still_there), "{}", case.id);
        }
    }
}

/// What a rep escalated about a ticket of theirs, without their name, goes as well.
#[test]
fn a_case_about_their_ticket_is_theirs() {
    let mut desk = Desk::default();
    let message = says("m1", "ann", "https://desk.example/t/4711 is what I mean.");
    let mut log = desk.handle(Request::Message(message), &procedure(), at(0)).facts;
    let typed = [("steps", "Ann phoned"), ("ticket", "https://desk.example/t/4711")];
    let typed = typed.map(|(id, text)| (id.to_owned(), text.to_owned())).to_vec();
    let form = Box::new(Form { trigger: None, page: 0, typed, place: "support".into(), about: None, message: None });
    let request = Request::Escalate { actor: staff("rep", &["support"]), form, reply: ReplyTo(String::new()) };
    log.extend(desk.handle(request, &procedure(), at(60)).facts);
    let log: Log = log.into_iter().map(|fact| (at(0), fact)).collect();
    assert!(written(&log).contains("Ann phoned"));
    let after = erased(log);
    let written = written(&after);
    assert!(!written.contains("Ann phoned") && !written.contains("4711"), "{written}");
    assert_eq!(fold(&after).cases().count(), 1);
}
