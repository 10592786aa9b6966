//! Why a case is one, and how its time is counted.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::sop::calendar::{Calendar, Span};
use crate::sop::clock::{Clock, ClockKind, Target};
use crate::sop::desk::Desk;
use crate::sop::escalation::{Escalation, Fate, Quote};
use crate::sop::message::Person;
use crate::sop::notice::card::card;
use crate::sop::procedure::Procedure;
use crate::sop::team::Severity;
use crate::sop::trigger::{Change, Finding, NearMiss};

/// What fired, what nearly did, what would have turned it round, how its time is counted, and which version of the
/// procedure said so.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    pub id: String,
    pub triggers: Vec<String>,
    pub opened_by: Option<Person>,
    pub reasons: Vec<Finding>,
    pub quotes: Vec<Quote>,
    /// What would have kept each trigger quiet: all of them, and there were no case.
    pub quiet: Vec<QuietLine>,
    pub near: Vec<NearLine>,
    pub severity: Severity,
    pub team: String,
    pub within_minutes: i64,
    pub own_hours: bool,
    pub sums: Vec<Sum>,
    pub added: usize,
    pub breaches: u32,
    pub procedure: String,
    /// The procedure has changed since.
    pub outdated: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuietLine {
    pub trigger: String,
    pub changes: Box<[Change]>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearLine {
    pub trigger: String,
    pub finding: Finding,
    /// What would have made the trigger fire; told with the first of its findings.
    pub changes: Box<[Change]>,
}

/// How the time of a page or of another clock is counted. Times are seconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sum {
    /// [`ClockKind::Acknowledge`] is that of a page.
    pub clock: ClockKind,
    /// The name of the team whose time it is.
    pub team: String,
    /// When the page was delivered, or the clock began. `None`: the page is still on its way.
    pub from: Option<i64>,
    pub within_minutes: i64,
    /// The id of the calendar whose hours count; `None` around the clock.
    pub calendar: Option<String>,
    /// The first hours of the calendar that count until it is due, and how many stretches more there are.
    pub counted: Vec<Stretch>,
    pub more: usize,
    /// How long it has stood still.
    pub paused_minutes: i64,
    /// `None` while it stands still, or has not begun.
    pub due: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stretch {
    pub from: i64,
    pub to: i64,
    pub minutes: i64,
}

/// Stretches of opening hours shown of one clock.
const STRETCHES_SHOWN: usize = 3;

pub fn why(case: &Escalation, desk: &Desk, procedure: &Procedure) -> Why {
    let card = card(case, desk, procedure, None);
    let clocks = case.clocks.iter().map(|running| clock_sum(&running.clock, &card.team));
    Why {
        id: card.id,
        triggers: card.triggers,
        opened_by: card.opened_by,
        reasons: card.reasons,
        quotes: card.quotes,
        quiet: quiet(case),
        near: near(case, procedure),
        severity: case.severity,
        sums: page_sum(case, &card.team).into_iter().chain(clocks).collect(),
        team: card.team,
        within_minutes: card.within_minutes,
        own_hours: card.own_hours,
        added: card.added,
        breaches: case.breaches,
        outdated: case.opened.procedure != procedure.version,
        procedure: case.opened.procedure.to_string(),
    }
}

/// Each trigger once, as it fired first.
fn quiet(case: &Escalation) -> Vec<QuietLine> {
    let mut quiet: Vec<QuietLine> = Vec::new();
    for report in case.reports() {
        for flip in report.flips.iter().filter(|flip| !flip.changes.is_empty()) {
            let named = report.triggers.iter().find(|name| name.id == flip.trigger);
            let trigger = named.map_or(&flip.trigger, |name| &name.name);
            if quiet.iter().all(|known| known.trigger != *trigger) {
                quiet.push(QuietLine { trigger: trigger.clone(), changes: flip.changes.clone() });
            }
        }
    }
    quiet
}

fn near(case: &Escalation, procedure: &Procedure) -> Vec<NearLine> {
    let name = |id: &str| procedure.trigger(id).map_or_else(|| id.to_owned(), |trigger| trigger.name.clone());
    let near = &case.opened.near;
    let line = |(at, miss): (usize, &NearMiss)| {
        let is_first = near[..at].iter().all(|before| before.trigger != miss.trigger);
        let changes = if is_first { miss.flip.clone() } else { Box::default() };
        NearLine { trigger: name(&miss.trigger), finding: miss.finding.told(), changes }
    };
    near.iter().enumerate().map(line).collect()
}

/// The time that the last page gives its team.
fn page_sum(case: &Escalation, team: &str) -> Option<Sum> {
    let page = case.pages.last()?;
    let rung = case.opened.plan.rung(page.step);
    let from = match &page.fate {
        Fate::Asked => None,
        Fate::Delivered { at, .. } => Some(*at),
        Fate::Undeliverable { .. } => return None,
    };
    let clock = ClockKind::Acknowledge;
    let target =
        Target { clock, within: rung.respond_within, calendar: rung.calendar.clone(), warn_at_percent: Vec::new() };
    Some(sum(&target, team, from, from.map(|from| rung.due(from)), &[]))
}

fn clock_sum(clock: &Clock, team: &str) -> Sum {
    sum(&clock.target, team, Some(clock.started_at), clock.due(), &clock.pauses)
}

fn sum(target: &Target, team: &str, from: Option<DateTime<Utc>>, due: Option<DateTime<Utc>>, pauses: &[Span]) -> Sum {
    let (calendar, counted) = hours(target, from.zip(due).map(|(from, to)| Span { from, to }), pauses);
    Sum {
        clock: target.clock,
        team: team.to_owned(),
        from: from.map(|at| at.timestamp()),
        within_minutes: target.within.num_minutes(),
        calendar: calendar.map(|calendar| calendar.id.clone()),
        counted: counted.iter().take(STRETCHES_SHOWN).map(Stretch::of).collect(),
        more: counted.len().saturating_sub(STRETCHES_SHOWN),
        paused_minutes: pauses.iter().map(Span::length).sum::<TimeDelta>().num_minutes(),
        due: due.map(|at| at.timestamp()),
    }
}

/// The calendar that the time is counted in, if there is one, and its hours within a span. One that does not open for
/// so long is not counted in.
fn hours<'t>(target: &'t Target, span: Option<Span>, pauses: &[Span]) -> (Option<&'t Calendar>, Vec<Span>) {
    let Some(calendar) = target.calendar.as_deref().filter(|calendar| !calendar.is_always_open()) else {
        return (None, Vec::new());
    };
    let counted: Vec<Span> = span.into_iter().flat_map(|span| calendar.counted(span, pauses)).collect();
    let is_long_enough = counted.iter().map(Span::length).sum::<TimeDelta>() >= target.within;
    if span.is_none() || is_long_enough { (Some(calendar), counted) } else { (None, Vec::new()) }
}

impl Stretch {
    fn of(span: &Span) -> Self {
        let Span { from, to } = span;
        Self { from: from.timestamp(), to: to.timestamp(), minutes: span.length().num_minutes() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::Weekday;
    use chrono_tz::Tz;
    use expect_test::{Expect, expect};

    use super::*;
    use crate::sop::calendar::Window;
    use crate::sop::fixture::at;

    /// Minutes from the fixture's Monday, 09:00 UTC, on: what counted, and when it is due.
    #[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
    fn check(days: Vec<Weekday>, minutes: i64, steps: &[(&str, i64)], want: Expect) {
        let window = Window { days, from: 9 * 60 + 30, to: 10 * 60 };
        let calendar = Some(Arc::new(Calendar::new("short", Tz::UTC, &[window], &[])));
        let (clock, within) = (ClockKind::Resolve, TimeDelta::minutes(minutes));
        let mut clock = Clock::start(Target { clock, within, calendar, warn_at_percent: Vec::new() }, at(0));
        for (step, minute) in steps {
            match *step {
                "pause" => clock.pause(at(minute * 60)),
                _ => clock.resume(at(minute * 60)),
            }
        }
        let sum = clock_sum(&clock, "The team");
        let minute = |instant: i64| (instant - at(0).timestamp()) / 60;
        let part = |part: &Stretch| format!("{}-{} ({})", minute(part.from), minute(part.to), part.minutes);
        let counted: Vec<String> = sum.counted.iter().map(part).collect();
        let (calendar, due) = (sum.calendar.as_deref().unwrap_or("-"), sum.due.map(minute));
        let (more, paused) = (sum.more, sum.paused_minutes);
        want.assert_eq(&format!("{calendar}: {} and {more} more, paused {paused}, due {due:?}", counted.join(", ")));
    }

    #[test]
    fn only_the_hours_that_count_are_told() {
        let every_day = || (0..7).map(|day| Weekday::try_from(day).expect("a day")).collect::<Vec<_>>();
        check(every_day(), 20, &[], expect!["short: 30-50 (20) and 0 more, paused 0, due Some(50)"]);
        check(
            every_day(),
            20,
            &[("pause", 35), ("resume", 40)],
            expect!["short: 30-35 (5), 40-55 (15) and 0 more, paused 5, due Some(55)"],
        );
        check(every_day(), 20, &[("pause", 35)], expect!["short:  and 0 more, paused 0, due None"]);
        check(
            every_day(),
            130,
            &[],
            expect!["short: 30-60 (30), 1470-1500 (30), 2910-2940 (30) and 2 more, paused 0, due Some(5800)"],
        );
        check(Vec::new(), 20, &[], expect!["-:  and 0 more, paused 0, due Some(20)"]);
    }
}
