//! What happened to one case, by all that is recorded of it, in order; and how its clocks ran.

mod tracks;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sop::clock::ClockKind;
use crate::sop::escalation::{Escalation, EscalationId, Event, Grade, PageReason, RaiseReason, Report};
use crate::sop::message::Person;
use crate::sop::notice::trigger_names;
use crate::sop::procedure::Procedure;
use crate::sop::team::{Severity, Step, TeamId};
use crate::sop::timeline::tracks::Runs;

pub use crate::sop::timeline::tracks::{Outcome, Run, Stretch, StretchKind, Track, TrackOf};

/// Times are seconds since 1970 (UTC).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timeline {
    /// The oldest first.
    pub moments: Vec<Moment>,
    /// In the order in which they began.
    pub tracks: Vec<Track>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moment {
    pub at: i64,
    #[serde(flatten)]
    pub what: Happened,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Happened {
    /// `by`: the person who escalated it; `None`: a trigger did.
    Opened {
        by: Option<Person>,
        triggers: Vec<String>,
        severity: Severity,
    },
    /// Another message joined it; `severity`: what it is since then, where that is more than before.
    Joined {
        customer: Option<Person>,
        /// They had been heard in it before.
        again: bool,
        severity: Option<Severity>,
    },
    Paged {
        team: String,
        on_call: Vec<Person>,
        reason: PageReason,
        /// Everybody before it on the ladder was asked in vain.
        last_resort: bool,
    },
    Delivered {
        team: String,
    },
    Undeliverable {
        team: String,
        why: String,
    },
    /// From one team of its ladder to another.
    Raised {
        from: String,
        to: String,
        #[serde(flatten)]
        why: RaiseReason,
    },
    /// A team was to be paged, and nobody is on call for it.
    GapFound {
        team: String,
    },
    /// One of several who have to acknowledge.
    Answered {
        by: Person,
    },
    Taken {
        by: Person,
    },
    Promised {
        by: Person,
        until: i64,
    },
    Offered {
        by: Person,
        to: Person,
    },
    HandedOff {
        to: Person,
    },
    Noted {
        by: Person,
        text: String,
    },
    StepDone {
        by: Person,
        step: String,
    },
    SeveritySet {
        by: Person,
        severity: Severity,
        reason: String,
    },
    /// The customer waits for a reply.
    CustomerAsked,
    Replied {
        by: Person,
    },
    CustomerTold {
        by: Person,
        due: i64,
    },
    Waits {
        by: Person,
        reason: String,
    },
    /// `None`: the customer has written.
    Resumed {
        by: Option<Person>,
    },
    /// What the team has to know is missing.
    Required {
        labels: Vec<String>,
        by: Option<Person>,
    },
    Bounced {
        by: Person,
        label: String,
    },
    Informed {
        by: Person,
        labels: Vec<String>,
    },
    /// The next step did not come, and whoever promised it was reminded.
    Nudged,
    /// What the team has to know did not come in time.
    Reminded,
    Warned {
        clock: ClockKind,
        percent: u8,
    },
    /// `due`: when that was; it may have been noticed later.
    RanOut {
        clock: ClockKind,
        due: i64,
    },
    MovedOver {
        by: Person,
        procedure: String,
    },
    /// Other cases go on as part of it.
    TookIn {
        by: Person,
        cases: Vec<String>,
    },
    /// Parts of it go on by themselves.
    Parted {
        cases: Vec<String>,
    },
    Merged {
        by: Person,
        into: String,
    },
    Resolved {
        by: Person,
        note: String,
    },
    ConfirmationAsked {
        of: Person,
    },
    /// `None`: nobody has said otherwise.
    Confirmed {
        by: Option<Person>,
    },
    Reopened {
        by: Person,
        reason: String,
    },
    Graded {
        by: Person,
        grade: Grade,
    },
}

/// The whole course of a case: `facts` are all that are recorded of it, the oldest first. Empty where they do not begin
/// with its opening.
pub fn timeline(
    id: EscalationId,
    facts: Vec<(DateTime<Utc>, Event)>,
    procedure: &Procedure,
    now: DateTime<Utc>,
) -> Timeline {
    let mut facts = facts.into_iter();
    let Some((opened_at, Event::Opened(opened))) = facts.next() else { return Timeline::default() };
    let mut case = Escalation::open(id, *opened, opened_at);
    let by = case.opened.by.as_deref().cloned();
    let opening = Happened::Opened { by, triggers: trigger_names(&case), severity: case.severity };
    let mut moments = vec![Moment { at: opened_at.timestamp(), what: opening }];
    let mut runs = Runs::begin(&case, opened_at);
    for (recorded_at, event) in facts {
        let at = happened_at(&event).unwrap_or(recorded_at);
        moments.extend(happened(&event, &case, procedure).map(|what| Moment { at: at.timestamp(), what }));
        case.apply(event, recorded_at);
        runs.go_on(&case, at);
    }
    // What is said is recorded after it was: stable, so that of one second what is recorded first comes first.
    moments.sort_by_key(|moment| moment.at);
    Timeline { moments, tracks: runs.tracks(procedure, now) }
}

/// When something happened that is recorded later.
fn happened_at(event: &Event) -> Option<DateTime<Utc>> {
    match event {
        Event::CustomerAsked { at } | Event::Replied { at, .. } => Some(*at),
        Event::Added { report } | Event::Strengthened { report, .. } => Some(report.said_at),
        _ => None,
    }
}

/// What an event comes to for whoever reads about a case that has not taken it in yet. `None`: nothing that another
/// moment does not say.
fn happened(event: &Event, case: &Escalation, procedure: &Procedure) -> Option<Happened> {
    let name = |id: &TeamId| procedure.team_name(id).to_owned();
    let of_step = |step| name(&case.opened.plan.rung(step).team);
    let of_page = |page: usize| case.pages.get(page).map_or_else(String::new, |page| name(&page.team));
    Some(match event.clone() {
        Event::Added { report } => joined(&report, None, case),
        Event::Strengthened { report, severity } => joined(&report, Some(severity), case),
        Event::Paged { step, reason, on_call } => {
            Happened::Paged { team: of_step(step), on_call, reason, last_resort: step == Step::CatchAll }
        }
        Event::Delivered { page, .. } => Happened::Delivered { team: of_page(page) },
        Event::Undeliverable { page, why } => Happened::Undeliverable { team: of_page(page), why },
        // That the same team is paged again is told by its page.
        Event::Raised { from, to, why } => {
            let (from, to) = (of_step(from), of_step(to));
            return (from != to).then_some(Happened::Raised { from, to, why });
        }
        Event::GapFound { team } => Happened::GapFound { team: name(&team) },
        Event::Answered { by } => Happened::Answered { by },
        Event::Acknowledged { by } => Happened::Taken { by },
        Event::Promised { by, until } => Happened::Promised { by, until: until.timestamp() },
        Event::Offered { by, to } => Happened::Offered { by, to },
        Event::HandedOff { to } => Happened::HandedOff { to },
        Event::Noted { by, text } => Happened::Noted { by, text },
        Event::StepDone { by, step, .. } => Happened::StepDone { by, step },
        Event::SeveritySet { by, severity, reason } => Happened::SeveritySet { by, severity, reason },
        Event::CustomerAsked { .. } => Happened::CustomerAsked,
        Event::Replied { by, .. } => Happened::Replied { by },
        Event::CustomerTold { by, due } => Happened::CustomerTold { by, due: due.timestamp() },
        Event::Waited { by, reason } => Happened::Waits { by, reason },
        Event::Resumed { by } => Happened::Resumed { by },
        Event::Required { fields, by, .. } => {
            let labels = fields.iter().map(|field| field.label.clone()).collect();
            Happened::Required { labels, by: by.map(|by| *by) }
        }
        Event::Bounced { by, field, .. } => Happened::Bounced { by, label: field.label },
        Event::Informed { by, answers } => {
            Happened::Informed { by, labels: answers.into_iter().map(|answer| answer.label).collect() }
        }
        Event::Nudged { .. } => Happened::Nudged,
        Event::Reminded { .. } => Happened::Reminded,
        Event::Warned { clock, percent, .. } => Happened::Warned { clock, percent },
        Event::RanOut { clock, due, .. } => Happened::RanOut { clock, due: due.timestamp() },
        Event::MovedOver(moved) => Happened::MovedOver { by: moved.by, procedure: moved.procedure.into() },
        Event::Joined { by, parts, .. } => {
            Happened::TookIn { by, cases: parts.iter().map(|part| part.case.to_string()).collect() }
        }
        Event::Parted { parts } => Happened::Parted { cases: parts.iter().map(ToString::to_string).collect() },
        Event::Merged { by, into } => Happened::Merged { by, into: into.to_string() },
        Event::Resolved { by, note } => Happened::Resolved { by, note },
        Event::ConfirmationAsked { of, .. } => Happened::ConfirmationAsked { of },
        Event::Confirmed { by } => Happened::Confirmed { by },
        Event::Reopened { by, reason } => Happened::Reopened { by, reason },
        Event::Graded { by, grade } => Happened::Graded { by, grade },
        // A silence moves it on, which is told; a card that stands elsewhere is the same page.
        Event::Opened(_) | Event::Breached { .. } | Event::Reposted { .. } => return None,
    })
}

fn joined(report: &Report, severity: Option<Severity>, case: &Escalation) -> Happened {
    let customer = report.customer.as_deref().cloned();
    let wrote =
        |who: &Person| case.reports().any(|report| report.customer.as_deref().is_some_and(|it| it.id == who.id));
    let again = customer.as_ref().is_none_or(wrote);
    Happened::Joined { customer, again, severity }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::sop::desk::{About, Desk, Fact, Request};
    use crate::sop::escalation::Act;
    use crate::sop::fixture::{at, procedure, says, staff};
    use crate::sop::notice::{Notice, ReplyTo};

    /// What is recorded of an angry customer's case: nobody answers the first page, somebody takes the second, promises
    /// the next step anew and resolves it.
    fn recorded() -> Vec<(DateTime<Utc>, Event)> {
        let (mut desk, procedure, mut log) = (Desk::default(), procedure(), Vec::new());
        let mut go = |request, second| {
            let outcome = desk.handle(request, &procedure, at(second));
            log.extend(outcome.facts.into_iter().filter_map(|fact| match fact {
                Fact::Case { event, .. } => Some((at(second), event)),
                _ => None,
            }));
            outcome.notices
        };
        let deliver = |notices: Vec<Notice>| {
            notices.into_iter().find_map(|notice| match notice {
                Notice::Page { escalation, page } => {
                    let (place, message) = ("place".into(), format!("card {page}").as_str().into());
                    Some(Request::PageDelivered { escalation, page, place, message })
                }
                _ => None,
            })
        };
        let act = |act| {
            let (actor, about) = (staff("max", &["managers"]), About::Typed("1".to_owned()));
            Request::Act { actor, about, act, reply: ReplyTo("max".to_owned()) }
        };
        let opened = go(Request::Message(says("m1", "ann", "You idiots, I am furious!")), 0);
        go(deliver(opened).expect("a page"), 2);
        let raised = go(Request::DeadlineReached, 3_600);
        go(deliver(raised).expect("another page"), 3_602);
        go(act(Act::Acknowledge { next: None }), 3_700);
        go(act(Act::Promise { within: Some(chrono::TimeDelta::minutes(30)) }), 3_750);
        go(act(Act::Resolve { note: "Called her.".to_owned() }), 3_800);
        go(act(Act::Reopen { reason: "She called again.".to_owned() }), 3_900);
        log
    }

    fn seen() -> Timeline {
        timeline(EscalationId(1), recorded(), &procedure(), at(5_000))
    }

    #[test]
    fn what_happened_is_told_in_order() {
        let line = |moment: &Moment| {
            let what = serde_json::to_value(&moment.what).expect("plain data");
            format!("{} {}", moment.at - at(0).timestamp(), what["what"].as_str().unwrap_or_default())
        };
        let lines: Vec<String> = seen().moments.iter().map(line).collect();
        expect!["0 opened, 0 paged, 2 delivered, 3600 raised, 3600 paged, 3602 delivered, 3700 taken, 3700 promised, 3750 promised, 3800 resolved, 3900 reopened, 3900 paged"].assert_eq(&lines.join(", "));
    }

    #[test]
    fn a_run_ends_with_its_answer_and_has_to_spare_until_the_next() {
        let stretch = |stretch: &Stretch| {
            format!("{:?} {}-{}", stretch.kind, stretch.from - at(0).timestamp(), stretch.to - at(0).timestamp())
        };
        let run = |run: &Run| run.stretches.iter().map(stretch).collect::<Vec<_>>().join(" ");
        let line =
            |track: &Track| format!("{:?}: {}", track.of, track.runs.iter().map(run).collect::<Vec<_>>().join(" | "));
        let lines: Vec<String> = seen().tracks.iter().map(line).collect();
        expect![[r#"
            Page { team: "Team leads" }: Ran 2-902 Late 902-3600
            Page { team: "Team managers" }: Ran 3602-3700
            NextStep: Ran 3700-3750 | Ran 3750-3800"#]]
        .assert_eq(&lines.join("\n"));
    }

    #[test]
    fn facts_without_their_beginning_are_no_story() {
        let rest = recorded().into_iter().skip(1).collect();
        assert_eq!(timeline(EscalationId(1), rest, &procedure(), at(5_000)), Timeline::default());
    }
}
