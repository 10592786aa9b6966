//! What is open at one glance: who has it, what is due next, and how pressing that is.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sop::clock::{ClockKind, is_nearly_due};
use crate::sop::desk::Desk;
use crate::sop::escalation::{Actor, Escalation, Fate, Promise, Running, Status};
use crate::sop::message::Person;
use crate::sop::notice::trigger_names;
use crate::sop::procedure::Procedure;
use crate::sop::team::Severity;

/// Every open case, for any reader: [`Overview::to`] is what one of them may see.
#[derive(Debug)]
pub struct Overview {
    pub at: DateTime<Utc>,
    cases: Vec<Kept>,
    /// Open cases that did not fit.
    more: usize,
    /// Names of all teams, in the order of the config.
    teams: Vec<String>,
}

/// A case, with what tells whether somebody may read it.
#[derive(Debug)]
struct Kept {
    case: OpenCase,
    /// The case itself where not everybody may.
    closed: Option<Box<Escalation>>,
}

/// What one reader sees.
#[derive(Debug, PartialEq, Serialize)]
pub struct Shown<'o> {
    /// The most pressing first.
    pub cases: Vec<&'o OpenCase>,
    pub more: usize,
    /// Codenames of confidential cases that this reader may not read.
    pub closed: Vec<String>,
    pub teams: Vec<TeamLoad<'o>>,
}

/// What a team has on its hands.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct TeamLoad<'o> {
    pub name: &'o str,
    pub open: usize,
    pub unowned: usize,
    pub at_risk: usize,
    pub breached: usize,
}

/// Times are seconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpenCase {
    pub id: String,
    /// Names of the triggers, the leading one first; empty for a case opened by hand without one.
    pub triggers: Vec<String>,
    pub severity: Severity,
    pub status: Status,
    /// Its page waits for an answer.
    pub unowned: bool,
    pub confidential: bool,
    pub drill: bool,
    pub team: String,
    pub responder: Option<Person>,
    pub customer: Option<Person>,
    pub opened_at: i64,
    pub pressure: Pressure,
    /// What is due, the earliest first, what stands still last.
    pub dues: Vec<Due>,
    /// Its customer has to answer first.
    pub waits: bool,
    /// Pages that nobody answered in time.
    pub breaches: u32,
}

/// How pressing something is, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pressure {
    InTime,
    /// Three quarters of its time are gone; of a clock: it was warned of.
    AtRisk,
    Breached,
}

/// Something that is due for a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Due {
    pub what: DueKind,
    pub from: i64,
    /// `None`: it stands still.
    pub at: Option<i64>,
    pub pressure: Pressure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    /// The answer to a page.
    Answer,
    /// What whoever has it promised.
    NextStep,
    FirstReply,
    Update,
    Resolve,
    TimeInTier,
    /// What the team has to know.
    Information,
}

/// Cases in one overview, the most severe ones, then the oldest. More are no overview.
const CASES_MAX: usize = 500;

/// How things stand.
pub fn overview(desk: &Desk, procedure: &Procedure, now: DateTime<Utc>) -> Overview {
    let open = desk.open_cases();
    let kept = |case: &&Escalation| Kept {
        case: open_case(case, procedure, now),
        closed: case.opened.confidential.then(|| Box::new((*case).clone())),
    };
    let mut cases: Vec<Kept> = open.iter().take(CASES_MAX).map(kept).collect();
    let first_due = |case: &OpenCase| case.dues.first().and_then(|due| due.at).unwrap_or(i64::MAX);
    cases.sort_by_key(|Kept { case, .. }| {
        (std::cmp::Reverse(case.pressure), first_due(case), std::cmp::Reverse(case.severity))
    });
    let teams = procedure.teams.iter().map(|team| team.name.clone()).collect();
    Overview { at: now, more: open.len() - cases.len(), cases, teams }
}

impl Overview {
    /// What this reader may see. What they may not read is named by its codename, and counted nowhere.
    pub fn to(&self, reader: &Actor) -> Shown<'_> {
        let may_read = |kept: &&Kept| kept.closed.as_ref().is_none_or(|case| case.may_be_read_by(reader));
        let (readable, closed): (Vec<&Kept>, Vec<&Kept>) = self.cases.iter().partition(may_read);
        let cases: Vec<&OpenCase> = readable.into_iter().map(|kept| &kept.case).collect();
        let closed = closed.into_iter().filter_map(|kept| kept.closed.as_ref()).map(|case| case.codename()).collect();
        let teams = self.teams.iter().map(|name| TeamLoad::of(name, &cases)).collect();
        Shown { more: self.more, closed, teams, cases }
    }
}

impl<'o> TeamLoad<'o> {
    fn of(name: &'o str, cases: &[&OpenCase]) -> Self {
        let count = |is_in: fn(&OpenCase) -> bool| cases.iter().filter(|case| case.team == name && is_in(case)).count();
        Self {
            name,
            open: count(|_| true),
            unowned: count(OpenCase::is_unowned),
            at_risk: count(|case| case.pressure == Pressure::AtRisk),
            breached: count(|case| case.pressure == Pressure::Breached),
        }
    }
}

impl OpenCase {
    /// Its page waits for an answer, whoever had it before.
    pub fn is_unowned(&self) -> bool {
        self.unowned
    }
}

fn open_case(case: &Escalation, procedure: &Procedure, now: DateTime<Utc>) -> OpenCase {
    let opened = &case.opened;
    let dues = dues(case, now);
    let unowned = case.awaiting.is_some();
    // What was not answered, or promised and did not come, stays a breach until somebody has the case.
    let unanswered = unowned && case.pages.last().is_some_and(|page| page.reason.is_unanswered());
    // What the team has not been told breaks no clock.
    let clocks = dues.iter().filter(|due| due.what != DueKind::Information).map(|due| due.pressure);
    let pressure = clocks.chain(unanswered.then_some(Pressure::Breached)).max();
    OpenCase {
        id: case.id.to_string(),
        triggers: trigger_names(case),
        severity: case.severity,
        status: case.status(),
        unowned,
        confidential: opened.confidential,
        drill: opened.drill,
        team: procedure.team_name(case.team()).to_owned(),
        responder: case.responder.as_deref().filter(|_| !unowned).map(|(person, _)| person.clone()),
        customer: opened.subject.customer.as_deref().cloned(),
        opened_at: case.opened_at.timestamp(),
        pressure: pressure.unwrap_or(Pressure::InTime),
        dues,
        waits: case.waiting.is_some(),
        breaches: case.breaches,
    }
}

/// What is due for an open case; nothing for one that is resolved.
pub fn dues(case: &Escalation, now: DateTime<Utc>) -> Vec<Due> {
    if case.resolution.is_some() {
        return Vec::new();
    }
    let mut dues: Vec<Due> = case.clocks.iter().map(|running| of_clock(running, now)).collect();
    if let Some(page) = case.awaiting.and_then(|page| case.pages.get(page)) {
        let from = match &page.fate {
            Fate::Delivered { at, .. } | Fate::Undeliverable { at, .. } => *at,
            Fate::Asked => page.asked_at,
        };
        dues.push(due(DueKind::Answer, from, case.answer_due(), now));
    } else if let Some(Promise { until, nudged_at }) = case.promise.as_deref() {
        let from = case.responder.as_deref().map_or(case.opened_at, |(_, at)| *at).min(*until);
        dues.push(due(DueKind::NextStep, from, Some(*until), now).pressed(nudged_at.is_some(), Pressure::Breached));
    }
    if let Some(owed) = case.owed.as_deref() {
        let late = owed.reminded_at.is_some();
        let due = due(DueKind::Information, case.opened_at, Some(owed.due), now);
        dues.push(due.pressed(late, Pressure::Breached));
    }
    dues.sort_by_key(|due| due.at.unwrap_or(i64::MAX));
    dues
}

fn of_clock(running: &Running, now: DateTime<Utc>) -> Due {
    let what = match running.clock.target.clock {
        ClockKind::Acknowledge => DueKind::Answer,
        ClockKind::FirstReply => DueKind::FirstReply,
        ClockKind::Update => DueKind::Update,
        ClockKind::Resolve => DueKind::Resolve,
        ClockKind::TimeInTier => DueKind::TimeInTier,
    };
    let (from, at) = (running.clock.started_at.timestamp(), running.clock.due());
    // The config says from when on a clock is at risk: when it warns.
    let pressure = if running.is_late || at.is_some_and(|at| at <= now) {
        Pressure::Breached
    } else if running.warned_percent > 0 {
        Pressure::AtRisk
    } else {
        Pressure::InTime
    };
    Due { what, from, at: at.map(|at| at.timestamp()), pressure }
}

fn due(what: DueKind, from: DateTime<Utc>, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Due {
    let pressure = match at {
        Some(at) if at <= now => Pressure::Breached,
        Some(at) if is_nearly_due(from, at, now) => Pressure::AtRisk,
        _ => Pressure::InTime,
    };
    Due { what, from: from.timestamp(), at: at.map(|at| at.timestamp()), pressure }
}

impl Due {
    /// At least as pressing as this, if so.
    fn pressed(mut self, is_so: bool, pressure: Pressure) -> Self {
        if is_so {
            self.pressure = self.pressure.max(pressure);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::sop::desk::{About, Request};
    use crate::sop::escalation::Act;
    use crate::sop::fixture::{at, procedure, says, staff};
    use crate::sop::notice::{Notice, ReplyTo};

    /// Hears these, and has every page delivered at once.
    fn desk(texts: &[&str]) -> Desk {
        let (mut desk, procedure) = (Desk::default(), procedure());
        for (number, text) in texts.iter().enumerate() {
            let message = says(&format!("m{number}"), &format!("customer {number}"), text);
            let outcome = desk.handle(Request::Message(message), &procedure, at(0));
            for notice in outcome.notices {
                if let Notice::Page { escalation, page } = notice {
                    let (place, message) = ("place".into(), format!("card {number}").as_str().into());
                    desk.handle(Request::PageDelivered { escalation, page, place, message }, &procedure, at(0));
                }
            }
        }
        desk
    }

    fn seen(desk: &Desk, reader: &Actor, seconds: i64) -> String {
        let overview = overview(desk, &procedure(), at(seconds));
        let shown = overview.to(reader);
        let line = |case: &&OpenCase| format!("{} {:?} {}", case.id, case.pressure, case.team);
        let lines: Vec<String> = shown.cases.iter().map(line).collect();
        let counted: usize = shown.teams.iter().map(|team| team.open).sum();
        format!("{} | {} counted | {}", lines.join(", "), counted, shown.closed.join(", "))
    }

    #[test]
    fn what_a_reader_may_not_read_is_a_codename_and_counted_nowhere() {
        let desk = desk(&["I will sue you, my lawyer writes tomorrow.", "You idiots, I am furious!"]);
        let (cleared, rep) = (staff("lena", &["legal"]), staff("rosa", &["tier-1"]));
        let (all, some) = (seen(&desk, &cleared, 1), seen(&desk, &rep, 1));
        assert!(all.contains("ESC-1") && all.contains("2 counted"), "{all}");
        assert!(!some.contains("ESC-1") && some.contains("1 counted") && some.ends_with("Heron"), "{some}");
    }

    #[test]
    fn what_runs_out_comes_first() {
        let desk = desk(&["You idiots, I am furious!"]);
        let reader = staff("rosa", &["tier-1"]);
        let due = desk.next_deadline().expect("a page waits");
        let left = |left: TimeDelta| (due - left - at(0)).num_seconds();
        let pressures = [left(due - at(0)), left((due - at(0)) / 8), left(TimeDelta::zero())];
        let seen: Vec<String> = pressures.into_iter().map(|seconds| seen(&desk, &reader, seconds)).collect();
        assert!(seen[0].contains("InTime") && seen[1].contains("AtRisk") && seen[2].contains("Breached"), "{seen:?}");
    }

    #[test]
    fn a_page_that_went_unanswered_counts_until_somebody_has_the_case() {
        let (mut desk, procedure) = (desk(&["You idiots, I am furious!"]), procedure());
        let due = desk.next_deadline().expect("a page waits");
        desk.handle(Request::DeadlineReached, &procedure, due);
        let reader = staff("max", &["leads", "managers"]);
        let after = (due - at(0)).num_seconds() + 1;
        assert!(seen(&desk, &reader, after).contains("Breached"));
        let (about, act) = (About::Typed("1".to_owned()), Act::Acknowledge { next: None });
        let reply = ReplyTo("max".to_owned());
        desk.handle(Request::Act { actor: reader.clone(), about, act, reply }, &procedure, at(after));
        assert!(seen(&desk, &reader, after).contains("InTime"));
    }
}
