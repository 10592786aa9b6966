//! How cases really went up and down, against the ladder that the procedure has for them.
//!
//! A case's path is the row of teams that were paged for it, each with why. Drills have none, nor have cases that go on
//! as part of another: theirs is the path of the whole. What a reader may not read is not counted for them, so the
//! figures of two readers may differ.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::sop::chronicle::What as Marked;
use crate::sop::desk::Desk;
use crate::sop::escalation::{Actor, Escalation, EscalationId, Fate, Page, PageReason, Status};
use crate::sop::team::{Plan, Step, TeamId};

/// The paths of the cases that were opened in a span of time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Paths {
    pub cases: u32,
    /// Those whose first page was answered in time by the team that the ladder begins with, and that went nowhere else.
    pub as_written: u32,
    /// The most travelled first.
    pub routes: Vec<Route>,
    /// Paths that did not fit.
    pub more_routes: usize,
    /// What the ladder does not ask for, the most frequent first.
    pub deviations: Vec<Deviation>,
    /// Each team on each plan, in the order of the ladder.
    pub steps: Vec<StepTime>,
}

/// Cases that went the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    /// The id of the plan they followed.
    pub plan: String,
    pub stops: Vec<Stop>,
    pub cases: u32,
    /// Of these, those that nobody has taken or resolved yet.
    pub open: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stop {
    pub team: TeamId,
    pub why: Why,
    /// It was paged as the last resort.
    pub last_resort: bool,
}

/// Why a team was paged: [`PageReason`] in an order, for its paths to be told in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    Opened,
    Silence,
    Undeliverable,
    ByHand,
    Stronger,
    Lapsed,
    Lowered,
    Reopened,
    MovedOver,
}

impl From<PageReason> for Why {
    fn from(reason: PageReason) -> Self {
        match reason {
            PageReason::Opened => Self::Opened,
            PageReason::Silence => Self::Silence,
            PageReason::Undeliverable => Self::Undeliverable,
            PageReason::ByHand => Self::ByHand,
            PageReason::Stronger => Self::Stronger,
            PageReason::Lapsed => Self::Lapsed,
            PageReason::Lowered => Self::Lowered,
            PageReason::Reopened => Self::Reopened,
            PageReason::MovedOver => Self::MovedOver,
        }
    }
}

/// Something that the ladder does not ask for, and the team where it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deviation {
    pub what: What,
    pub team: TeamId,
    pub times: u32,
    /// In so many different cases.
    pub cases: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The team did not answer in time.
    Silence,
    /// Somebody sent it on from the team by hand.
    ByHand,
    /// Somebody sent it back from the team.
    Lowered,
    /// The team's page could not be delivered.
    Undeliverable,
    /// The team was passed over, for nobody was on call.
    Gap,
    /// Somebody of the team took it and let the next step pass.
    Lapsed,
    /// The team was paged again, for something more severe was said.
    Stronger,
    /// It was opened again and came to the team.
    Reopened,
    /// It came to the team with another version of the procedure.
    MovedOver,
    /// Nobody had answered by then, and the team was paged as the last resort.
    LastResort,
    /// It was resolved while it was with the team, and nobody had taken it before.
    Untaken,
}

/// How long a team of a plan took to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepTime {
    pub plan: String,
    pub team: TeamId,
    pub last_resort: bool,
    /// What the ladder of the latest case gives, in seconds.
    pub within_seconds: i64,
    /// Pages that were delivered.
    pub pages: u32,
    /// Of these, those on which somebody took the case …
    pub answered: u32,
    /// … within the time that the case's own ladder gives.
    pub in_time: u32,
    /// From the delivery to the answer, the middle one of those that there are.
    pub median_seconds: Option<i64>,
}

/// Paths that are told one by one.
const ROUTES_SHOWN: usize = 20;
/// Cases looked at, the latest ones: more than a busy desk has in a year.
const CASES_MAX: usize = 100_000;

/// The paths of cases that were opened from `since` on and before `until`, as far as this reader may know them.
pub fn paths(desk: &Desk, reader: &Actor, since: DateTime<Utc>, until: DateTime<Utc>) -> Paths {
    let is_asked = |case: &&Escalation| (since..until).contains(&case.opened_at);
    let is_its_own = |case: &&Escalation| !case.opened.drill && case.merged_into().is_none();
    let known = desk.cases().rev().filter(is_asked).filter(is_its_own).filter(|case| case.may_be_read_by(reader));
    let (mut routes, mut deviations, mut steps) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (mut cases, mut as_written) = (0, 0);
    let answers = Answers::of(desk, since);
    for case in known.take(CASES_MAX) {
        cases += 1;
        let found = deviations_of(case, &answers);
        as_written += u32::from(found.is_empty() && is_answered(case, &answers));
        count_route(case, &mut routes);
        count_deviations(found, &mut deviations);
        count_steps(case, &answers, &mut steps);
    }
    let mut routes: Vec<Route> = routes.into_values().collect();
    routes.sort_by_key(|route| Reverse(route.cases));
    let more_routes = routes.len().saturating_sub(ROUTES_SHOWN);
    routes.truncate(ROUTES_SHOWN);
    let mut deviations: Vec<Deviation> = deviations.into_values().collect();
    deviations.sort_by_key(|deviation| Reverse(deviation.times));
    let steps = steps.into_values().map(Delivered::told).collect();
    Paths { cases, as_written, routes, more_routes, deviations, steps }
}

/// When each page was answered, by the number of the page in its case.
struct Answers(BTreeMap<(EscalationId, usize), DateTime<Utc>>);

impl Answers {
    /// Of cases that were opened since then.
    fn of(desk: &Desk, since: DateTime<Utc>) -> Self {
        let mut answers = BTreeMap::new();
        for mark in desk.chronicle().since(since) {
            if let (Some(case), Marked::Taken { page }) = (mark.case, mark.what) {
                // What comes after the first is a second acknowledgement.
                answers.entry((case, usize::from(page))).or_insert(mark.at);
            }
        }
        Self(answers)
    }

    fn at(&self, case: &Escalation, page: usize) -> Option<DateTime<Utc>> {
        self.0.get(&(case.id, page)).copied()
    }
}

/// Somebody took it on its first page, in time.
fn is_answered(case: &Escalation, answers: &Answers) -> bool {
    let is_in_time = |page: &Page| match (&page.fate, answers.at(case, 0)) {
        (Fate::Delivered { at, .. }, Some(answered)) => answered <= case.opened.plan.rung(page.step).due(*at),
        _ => false,
    };
    case.pages.first().is_some_and(is_in_time)
}

fn count_route(case: &Escalation, routes: &mut BTreeMap<(String, Vec<Stop>), Route>) {
    let stop = |page: &Page| Stop {
        team: page.team.clone(),
        why: page.reason.into(),
        last_resort: page.step == Step::CatchAll,
    };
    // The last resort is paged again and again: that it was paged at all says all.
    let mut stops: Vec<Stop> = case.pages.iter().map(stop).collect();
    stops.dedup_by(|later, earlier| later.last_resort && *later == *earlier);
    let plan = case.opened.plan.id.clone();
    let route = routes.entry((plan.clone(), stops.clone())).or_insert(Route { plan, stops, cases: 0, open: 0 });
    route.cases += 1;
    route.open += u32::from(case.status() != Status::Resolved);
}

/// Everything about a case that its ladder does not ask for, each with the team where it happened.
fn deviations_of(case: &Escalation, answers: &Answers) -> Vec<(What, TeamId)> {
    let (plan, mut found) = (&case.opened.plan, Vec::new());
    let mut before: Option<&Page> = None;
    for page in &case.pages {
        let from = before.map_or(&page.team, |before| &before.team).clone();
        let to = page.team.clone();
        found.extend(match page.reason {
            PageReason::Opened => None,
            PageReason::Silence => Some((What::Silence, from)),
            PageReason::Undeliverable => Some((What::Undeliverable, from)),
            PageReason::ByHand => Some((What::ByHand, from)),
            PageReason::Lowered => Some((What::Lowered, from)),
            PageReason::Lapsed => Some((What::Lapsed, from)),
            PageReason::Stronger => Some((What::Stronger, to.clone())),
            PageReason::Reopened => Some((What::Reopened, to.clone())),
            PageReason::MovedOver => Some((What::MovedOver, to.clone())),
        });
        // A case that moved over to another ladder has steps of both, which do not follow each other.
        if case.moved_at.is_none() {
            found.extend(passed_over(plan, before, page).into_iter().map(|team| (What::Gap, team)));
        }
        let was_last = before.is_some_and(|before| before.step == Step::CatchAll);
        found.extend((page.step == Step::CatchAll && !was_last).then_some((What::LastResort, to)));
        before = Some(page);
    }
    // The last page is undeliverable where nothing came after it.
    let undelivered = case.pages.last().filter(|page| matches!(page.fate, Fate::Undeliverable { .. }));
    found.extend(undelivered.map(|page| (What::Undeliverable, page.team.clone())));
    // Who resolves what nobody has taken takes it at that instant.
    let answered = case.pages.len().checked_sub(1).and_then(|last| answers.at(case, last));
    let is_untaken = case.resolution.as_ref().is_some_and(|resolution| answered == Some(resolution.at));
    found.extend(is_untaken.then(|| (What::Untaken, case.team().clone())));
    found
}

/// The teams between the step that would have come and the one that did, each once.
fn passed_over(plan: &Plan, before: Option<&Page>, page: &Page) -> Vec<TeamId> {
    let wanted = match (page.reason, before) {
        (PageReason::Opened, _) => Some(Step::FIRST),
        (PageReason::Silence | PageReason::Undeliverable | PageReason::ByHand | PageReason::Lapsed, Some(before)) => {
            Some(plan.next(before.step))
        }
        _ => None,
    };
    let mut teams: Vec<TeamId> = Vec::new();
    let mut step = wanted.unwrap_or(page.step);
    while step != page.step && step != Step::CatchAll {
        let team = &plan.rung(step).team;
        if !teams.contains(team) {
            teams.push(team.clone());
        }
        step = plan.next(step);
    }
    teams
}

fn count_deviations(found: Vec<(What, TeamId)>, deviations: &mut BTreeMap<(What, TeamId), Deviation>) {
    let mut counted: Vec<(What, TeamId)> = Vec::new();
    for (what, team) in found {
        let known = deviations.entry((what, team.clone()));
        let deviation = known.or_insert(Deviation { what, team: team.clone(), times: 0, cases: 0 });
        deviation.times += 1;
        if !counted.contains(&(what, team.clone())) {
            deviation.cases += 1;
            counted.push((what, team));
        }
    }
}

/// The pages of a team on a plan. Cases are counted from the latest on.
struct Delivered {
    plan: String,
    team: TeamId,
    last_resort: bool,
    within: TimeDelta,
    count: u32,
    in_time: u32,
    answers: Vec<TimeDelta>,
}

/// By plan, where it stands on the ladder, and team.
type StepKey = (String, usize, TeamId);

fn count_steps(case: &Escalation, answers: &Answers, steps: &mut BTreeMap<StepKey, Delivered>) {
    let plan = &case.opened.plan;
    for (number, page) in case.pages.iter().enumerate() {
        let Fate::Delivered { at, .. } = &page.fate else { continue };
        let index = match page.step {
            Step::Rung { index, .. } => index,
            Step::CatchAll => usize::MAX,
        };
        let (rung, team) = (plan.rung(page.step), page.team.clone());
        let known = steps.entry((plan.id.clone(), index, team.clone()));
        let counted = known.or_insert_with(|| Delivered {
            plan: plan.id.clone(),
            team,
            last_resort: page.step == Step::CatchAll,
            within: rung.respond_within,
            count: 0,
            in_time: 0,
            answers: Vec::new(),
        });
        counted.count += 1;
        if let Some(answered) = answers.at(case, number) {
            counted.answers.push(answered - *at);
            counted.in_time += u32::from(answered <= rung.due(*at));
        }
    }
}

impl Delivered {
    fn told(mut self) -> StepTime {
        self.answers.sort_unstable();
        // Of an even number the earlier of the two in the middle: a time that there was.
        let median = self.answers.get(self.answers.len().saturating_sub(1) / 2);
        StepTime {
            median_seconds: median.map(TimeDelta::num_seconds),
            plan: self.plan,
            team: self.team,
            last_resort: self.last_resort,
            within_seconds: self.within.num_seconds(),
            pages: self.count,
            answered: u32::try_from(self.answers.len()).unwrap_or(u32::MAX),
            in_time: self.in_time,
        }
    }
}

#[cfg(test)]
mod tests;
