//! How the clocks of a case ran, for a drawing: what ran is noticed while the case is followed from fact to fact.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sop::clock::ClockKind;
use crate::sop::escalation::{Escalation, Fate};
use crate::sop::procedure::Procedure;
use crate::sop::team::TeamId;

/// All that one clock ever ran. Times are seconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Track {
    #[serde(flatten)]
    pub of: TrackOf,
    /// In order.
    pub runs: Vec<Run>,
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
    /// From the promise of a next step to that step, or to the next promise.
    NextStep,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// In order and apart.
    pub stretches: Vec<Stretch>,
    /// `None`: it stands still.
    pub due: Option<i64>,
    pub outcome: Outcome,
}

/// What a run came to, by the rule of digests: what goes on as part of another case is not measured any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It still runs, or stands still.
    InTime,
    /// It still runs, beyond its time.
    OutOfTime,
    Kept,
    TooLate,
    /// Another promise took its place, or another case.
    Replaced,
}

impl Outcome {
    pub fn is_late(self) -> bool {
        matches!(self, Self::OutOfTime | Self::TooLate)
    }
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
    /// What is left of its time, while it runs.
    Left,
}

/// What runs, and what ran.
#[derive(Debug, Default)]
pub(super) struct Runs {
    going: Vec<Going>,
    over: Vec<Over>,
}

#[derive(Debug)]
struct Over {
    run: Going,
    at: DateTime<Utc>,
    outcome: Outcome,
}

#[derive(Clone, Debug)]
struct Going {
    what: What,
    from: DateTime<Utc>,
    due: Option<DateTime<Utc>>,
    pauses: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    paused_since: Option<DateTime<Utc>>,
}

/// What tells one run from another.
#[derive(Clone, Debug, PartialEq)]
enum What {
    Page { number: usize, team: TeamId },
    Clock { kind: ClockKind, started_at: DateTime<Utc> },
    NextStep { until: DateTime<Utc> },
}

impl Runs {
    pub(super) fn begin(case: &Escalation, at: DateTime<Utc>) -> Self {
        Self { going: going(case, at), over: Vec::new() }
    }

    /// The case has taken something in that happened at `at`.
    pub(super) fn go_on(&mut self, case: &Escalation, at: DateTime<Utc>) {
        let mut going = going(case, at);
        for was in self.going.drain(..) {
            if let Some(run) = going.iter_mut().find(|run| run.what == was.what) {
                run.from = was.from;
                continue;
            }
            let is_step = |run: &Going| matches!(run.what, What::NextStep { .. });
            let is_renewed = is_step(&was) && going.iter().any(is_step);
            let outcome = match was.is_late(at) {
                _ if is_renewed || case.merged_into().is_some() => Outcome::Replaced,
                true => Outcome::TooLate,
                false => Outcome::Kept,
            };
            self.over.push(Over { run: was, at, outcome });
        }
        self.going = going;
    }

    /// What has run by now.
    pub(super) fn tracks(self, procedure: &Procedure, now: DateTime<Utc>) -> Vec<Track> {
        let over = self.over.into_iter().map(|Over { run, at, outcome }| (run, at, outcome));
        let going = self.going.into_iter().map(|run| {
            let outcome = if run.is_late(now) { Outcome::OutOfTime } else { Outcome::InTime };
            (run, now, outcome)
        });
        let mut all: Vec<_> = over.chain(going).collect();
        all.sort_by_key(|(run, ..)| run.from);
        let mut tracks: Vec<Track> = Vec::new();
        for (run, end, outcome) in all {
            let of = run.what.of(procedure);
            let run = run.until(end, outcome);
            match tracks.iter_mut().find(|track| track.of == of) {
                Some(track) => track.runs.push(run),
                None => tracks.push(Track { of, runs: vec![run] }),
            }
        }
        tracks
    }
}

/// What runs while the case stands like this. A promise begins now, as far as the case knows.
fn going(case: &Escalation, at: DateTime<Utc>) -> Vec<Going> {
    let simple = |what, from, due| Going { what, from, due: Some(due), pauses: Vec::new(), paused_since: None };
    let page = case.awaiting.and_then(|number| {
        let page = &case.pages[number];
        let Fate::Delivered { at, .. } = page.fate else { return None };
        Some(simple(What::Page { number, team: page.team.clone() }, at, case.opened.plan.rung(page.step).due(at)))
    });
    let promise = case.promise.as_deref().filter(|_| case.awaiting.is_none());
    let promise = promise.map(|promise| simple(What::NextStep { until: promise.until }, at, promise.until));
    let clocks = case.clocks.iter().map(|running| {
        let clock = &running.clock;
        Going {
            what: What::Clock { kind: clock.target.clock, started_at: clock.started_at },
            from: clock.started_at,
            due: clock.due(),
            pauses: clock.pauses.iter().map(|span| (span.from, span.to)).collect(),
            paused_since: clock.paused_since,
        }
    });
    page.into_iter().chain(promise).chain(clocks).collect()
}

impl What {
    fn of(&self, procedure: &Procedure) -> TrackOf {
        match self {
            Self::Page { team, .. } => TrackOf::Page { team: procedure.team_name(team).to_owned() },
            Self::Clock { kind, .. } => TrackOf::Clock { clock: *kind },
            Self::NextStep { .. } => TrackOf::NextStep,
        }
    }
}

impl Going {
    /// At its due time it is.
    fn is_late(&self, end: DateTime<Utc>) -> bool {
        self.due.is_some_and(|due| due <= end)
    }

    fn until(self, end: DateTime<Utc>, outcome: Outcome) -> Run {
        let mut stretches = Vec::new();
        let mut add = |from: DateTime<Utc>, to: DateTime<Utc>, kind| {
            if from < to {
                stretches.push(Stretch { from: from.timestamp(), to: to.timestamp(), kind });
            }
        };
        let in_time = self.due.map_or(end, |due| due.min(end)).max(self.from);
        let lasting = self.paused_since.map(|from| (from, end));
        let mut at = self.from;
        for (begins, ends) in self.pauses.into_iter().chain(lasting) {
            add(at, begins.min(in_time), StretchKind::Ran);
            add(begins, ends.min(end), StretchKind::Paused);
            at = at.max(ends.min(end));
        }
        add(at, in_time, StretchKind::Ran);
        if let Some(due) = self.due {
            add(due.max(at), end, StretchKind::Late);
            if outcome == Outcome::InTime {
                add(end.max(self.from), due, StretchKind::Left);
            }
        }
        Run { stretches, due: self.due.map(|due| due.timestamp()), outcome }
    }
}

impl Track {
    pub fn stretches(&self) -> impl Iterator<Item = &Stretch> {
        self.runs.iter().flat_map(|run| &run.stretches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::fixture::at;

    #[test]
    fn pauses_stand_between_what_ran() {
        let what = What::NextStep { until: at(100) };
        let pauses = vec![(at(10), at(20))];
        let going = Going { what, from: at(0), due: Some(at(100)), pauses, paused_since: None };
        let run = going.until(at(50), Outcome::InTime);
        let stretches: Vec<_> = run.stretches.iter().map(|it| (it.kind, it.to - it.from)).collect();
        let expected =
            [(StretchKind::Ran, 10), (StretchKind::Paused, 10), (StretchKind::Ran, 30), (StretchKind::Left, 50)];
        assert_eq!(stretches, expected);
    }
}
