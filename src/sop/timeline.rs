//! What happened to one case, in order, as far as the case still knows it; and how its clocks ran.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sop::clock::ClockKind;
use crate::sop::escalation::{Escalation, Fate, PageReason, RaiseReason};
use crate::sop::message::Person;
use crate::sop::notice::trigger_names;
use crate::sop::procedure::Procedure;
use crate::sop::team::TeamId;

/// Something that happened. Times are seconds since 1970 (UTC).
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
    },
    /// Another message joined it.
    Joined {
        customer: Option<Person>,
    },
    Paged {
        team: String,
        on_call: Vec<Person>,
        reason: PageReason,
    },
    Delivered {
        team: String,
    },
    Undeliverable {
        team: String,
        why: String,
    },
    Raised {
        from: String,
        #[serde(flatten)]
        why: RaiseReason,
    },
    Taken {
        by: Person,
    },
    Noted {
        by: Person,
        text: String,
    },
    StepDone {
        by: Person,
        step: String,
    },
    CustomerTold {
        by: Person,
    },
    Waits {
        by: Person,
        reason: String,
    },
    /// The next step did not come, and whoever promised it was reminded.
    Nudged,
    /// What the team has to know did not come in time.
    Reminded,
    RanOut {
        clock: ClockKind,
    },
    MovedOver,
    Resolved {
        by: Person,
        note: String,
    },
    Merged {
        by: Person,
        into: String,
    },
}

/// Everything with a time that the case still knows, the oldest first.
pub fn timeline(case: &Escalation, procedure: &Procedure) -> Vec<Moment> {
    let name = |id: &TeamId| procedure.team(id).map_or_else(|| id.to_string(), |team| team.name.clone());
    let mut moments = Vec::new();
    let mut add = |at: DateTime<Utc>, what| moments.push(Moment { at: at.timestamp(), what });
    add(case.opened_at, Happened::Opened { by: case.opened.by.as_deref().cloned(), triggers: trigger_names(case) });
    for report in case.reports().skip(1) {
        add(report.said_at, Happened::Joined { customer: report.customer.as_deref().cloned() });
    }
    if let Some(raise) = case.raised.as_deref() {
        add(raise.at, Happened::Raised { from: name(&raise.from), why: raise.why.clone() });
    }
    for page in &case.pages {
        let (team, on_call, reason) = (name(&page.team), page.on_call.to_vec(), page.reason);
        add(page.asked_at, Happened::Paged { team: team.clone(), on_call, reason });
        match &page.fate {
            Fate::Asked => {}
            Fate::Delivered { at, .. } => add(*at, Happened::Delivered { team }),
            Fate::Undeliverable { at, why } => add(*at, Happened::Undeliverable { team, why: why.clone() }),
        }
    }
    if let Some((person, at)) = case.responder.as_deref() {
        add(*at, Happened::Taken { by: person.clone() });
    }
    for note in case.parts.iter().flat_map(|part| &part.notes).chain(&case.notes) {
        add(note.at, Happened::Noted { by: note.by.clone(), text: note.text.clone() });
    }
    for done in &case.steps_done {
        add(done.at, Happened::StepDone { by: done.by.clone(), step: done.step.clone() });
    }
    if let Some(told) = case.told.as_deref() {
        add(told.at, Happened::CustomerTold { by: told.by.clone() });
    }
    if let Some(waiting) = case.waiting.as_deref() {
        add(waiting.since, Happened::Waits { by: waiting.by.clone(), reason: waiting.reason.clone() });
    }
    if let Some(at) = case.promise.as_deref().and_then(|promise| promise.nudged_at) {
        add(at, Happened::Nudged);
    }
    if let Some(at) = case.owed.as_deref().and_then(|owed| owed.reminded_at) {
        add(at, Happened::Reminded);
    }
    for running in case.clocks.iter().filter(|running| running.is_late) {
        if let Some(due) = running.clock.due() {
            add(due, Happened::RanOut { clock: running.clock.target.clock });
        }
    }
    if let Some(at) = case.moved_at {
        add(at, Happened::MovedOver);
    }
    if let Some(done) = case.resolution.as_deref() {
        let by = done.by.clone();
        let what = match done.into {
            Some(into) => Happened::Merged { by, into: into.to_string() },
            None => Happened::Resolved { by, note: done.note.clone() },
        };
        add(done.at, what);
    }
    // Stable: of one second, what was added first happened first.
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// How a clock ran, for a drawing. Times are seconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Track {
    #[serde(flatten)]
    pub of: TrackOf,
    /// In order and apart.
    pub stretches: Vec<Stretch>,
    /// `None`: it stands still, or its page is on its way.
    pub due: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "track", rename_all = "snake_case")]
pub enum TrackOf {
    /// From the delivery of a page to its answer.
    Page {
        team: String,
    },
    Clock {
        clock: ClockKind,
    },
    /// From when it was taken to when the next step was promised.
    NextStep,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stretch {
    pub from: i64,
    pub to: i64,
    pub kind: StretchKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StretchKind {
    Ran,
    Paused,
    /// Beyond its time.
    Late,
    /// What is left of its time.
    Left,
}

/// Pages and clocks, in the order in which they began. A clock that has stopped is not kept by the case, nor drawn.
pub fn tracks(case: &Escalation, procedure: &Procedure, now: DateTime<Utc>) -> Vec<Track> {
    let mut tracks = pages(case, procedure, now);
    if let (Some(promise), Some((_, taken)), None) = (&case.promise, case.responder.as_deref(), case.awaiting) {
        tracks.push(track(TrackOf::NextStep, *taken, now, Some(promise.until), Vec::new()));
    }
    for running in &case.clocks {
        let clock = &running.clock;
        let lasting = clock.paused_since.map(|from| (from, now));
        let pauses = clock.pauses.iter().map(|span| (span.from, span.to)).chain(lasting);
        let of = TrackOf::Clock { clock: clock.target.clock };
        tracks.push(track(of, clock.started_at, now, clock.due(), pauses.collect()));
    }
    tracks
}

fn pages(case: &Escalation, procedure: &Procedure, now: DateTime<Utc>) -> Vec<Track> {
    let ends = case.pages.iter().skip(1).map(|next| Some(next.asked_at)).chain([None]);
    let page = |(number, (page, next)): (usize, (&crate::sop::escalation::Page, Option<DateTime<Utc>>))| {
        let Fate::Delivered { at, .. } = &page.fate else { return None };
        let taken = case.responder.as_deref().map(|(_, taken)| *taken).filter(|taken| taken >= at);
        let done = case.resolution.as_deref().map(|done| done.at);
        let answered = (case.awaiting != Some(number)).then_some([taken, next, done]).into_iter().flatten().flatten();
        let team = procedure.team(&page.team).map_or_else(|| page.team.to_string(), |team| team.name.clone());
        let due = case.opened.plan.rung(page.step).due(*at);
        Some(track(TrackOf::Page { team }, *at, answered.min().unwrap_or(now), Some(due), Vec::new()))
    };
    case.pages.iter().zip(ends).enumerate().filter_map(page).collect()
}

fn track(
    of: TrackOf,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    due: Option<DateTime<Utc>>,
    pauses: Vec<(DateTime<Utc>, DateTime<Utc>)>,
) -> Track {
    let mut stretches = Vec::new();
    let mut add = |from: DateTime<Utc>, to: DateTime<Utc>, kind| {
        if from < to {
            stretches.push(Stretch { from: from.timestamp(), to: to.timestamp(), kind });
        }
    };
    let in_time = due.map_or(to, |due| due.min(to)).max(from);
    let mut at = from;
    for (begins, ends) in pauses {
        add(at, begins.min(in_time), StretchKind::Ran);
        add(begins, ends.min(to), StretchKind::Paused);
        at = at.max(ends.min(to));
    }
    add(at, in_time, StretchKind::Ran);
    if let Some(due) = due {
        add(due.max(at), to, StretchKind::Late);
        add(to.max(from), due, StretchKind::Left);
    }
    Track { of, stretches, due: due.map(|due| due.timestamp()) }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::sop::desk::{About, Desk, Request};
    use crate::sop::escalation::{Act, EscalationId};
    use crate::sop::fixture::{at, procedure, says, staff};
    use crate::sop::notice::{Notice, ReplyTo};

    /// An angry customer; nobody answers the first page, somebody takes the second and resolves it.
    fn story() -> Desk {
        let (mut desk, procedure) = (Desk::default(), procedure());
        let mut notices =
            desk.handle(Request::Message(says("m1", "ann", "You idiots, I am furious!")), &procedure, at(0)).notices;
        for step in 0..2 {
            for notice in std::mem::take(&mut notices) {
                if let Notice::Page { escalation, page } = notice {
                    let (place, message) = ("place".into(), format!("card {page}").as_str().into());
                    let now = at(step * 3_600 + 2);
                    desk.handle(Request::PageDelivered { escalation, page, place, message }, &procedure, now);
                }
            }
            if step == 0 {
                notices = desk.handle(Request::DeadlineReached, &procedure, at(3_600)).notices;
            }
        }
        for (second, act) in
            [(3_700, Act::Acknowledge { next: None }), (3_800, Act::Resolve { note: "Called her.".to_owned() })]
        {
            let (actor, about) = (staff("max", &["managers"]), About::Typed("1".to_owned()));
            desk.handle(Request::Act { actor, about, act, reply: ReplyTo("max".to_owned()) }, &procedure, at(second));
        }
        desk
    }

    #[test]
    fn what_happened_is_told_in_order() {
        let desk = story();
        let case = desk.case(EscalationId(1)).expect("it was opened");
        let line = |moment: &Moment| {
            let what = serde_json::to_value(&moment.what).expect("plain data");
            format!("{} {}", moment.at - at(0).timestamp(), what["what"].as_str().unwrap_or_default())
        };
        let lines: Vec<String> = timeline(case, &procedure()).iter().map(line).collect();
        expect!["0 opened, 0 paged, 2 delivered, 3600 raised, 3600 paged, 3602 delivered, 3700 taken, 3800 resolved"]
            .assert_eq(&lines.join(", "));
    }

    #[test]
    fn a_page_runs_until_it_is_answered_or_left() {
        let desk = story();
        let case = desk.case(EscalationId(1)).expect("it was opened");
        let stretch = |stretch: &Stretch| {
            format!("{:?} {}-{}", stretch.kind, stretch.from - at(0).timestamp(), stretch.to - at(0).timestamp())
        };
        let line = |track: &Track| track.stretches.iter().map(stretch).collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = tracks(case, &procedure(), at(5_000)).iter().map(line).collect();
        expect![[r#"
            Ran 2-902 Late 902-3600
            Ran 3602-3700 Left 3700-5402"#]]
        .assert_eq(&lines.join("\n"));
    }

    #[test]
    fn pauses_stand_between_what_ran() {
        let track = track(TrackOf::Page { team: String::new() }, at(0), at(50), Some(at(100)), vec![(at(10), at(20))]);
        let stretches: Vec<_> = track.stretches.iter().map(|it| (it.kind, it.to - it.from)).collect();
        let expected =
            [(StretchKind::Ran, 10), (StretchKind::Paused, 10), (StretchKind::Ran, 30), (StretchKind::Left, 50)];
        assert_eq!(stretches, expected);
    }
}
