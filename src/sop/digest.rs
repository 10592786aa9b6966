//! What a stretch of time came to, for managers: what is open and in danger, who did what, how fast, which clocks were
//! kept, how right the triggers were, and whether the desk itself was late.
//!
//! A digest is a pure function of the desk and of a window. It shows how things stood at the end of the window, and the
//! same figures for the window before. What its reader may not read is not counted for them: of what is open and
//! confidential they read the codename, as everywhere. Drills do not count. A case that went on as part of another
//! counts as opened, and never as resolved.

mod course;
mod figures;
mod period;
mod schedule;
mod suggest;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::sop::calendar::Span;
use crate::sop::chronicle::{Known, Mark, What};
use crate::sop::clock::ClockKind;
use crate::sop::desk::Desk;
use crate::sop::digest::course::{Course, Courses, Danger};
pub use crate::sop::digest::figures::{Figures, Kept, Part, Spread, Times};
use crate::sop::digest::figures::{Tally, TeamTally};
pub use crate::sop::digest::period::{PeriodRefusal, period};
pub use crate::sop::digest::schedule::{NoSchedule, Schedule};
pub use crate::sop::digest::suggest::Suggestion;
use crate::sop::escalation::{Actor, Escalation};
use crate::sop::health::{Grades, is_known_to};
use crate::sop::procedure::Procedure;
use crate::sop::team::{Severity, Team, TeamId};
use crate::sop::trigger::Mode;

/// All of it. Lists are complete; whoever shows them says how many do not fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Digest {
    pub since: DateTime<Utc>,
    /// Exclusive: how things stood at this instant.
    pub until: DateTime<Utc>,
    /// The version of the procedure in use.
    pub procedure: String,
    /// Cases that are not resolved, and that the reader may read.
    pub open: u32,
    /// Nobody has them: their page waits for an answer.
    pub unowned: Vec<Item>,
    /// Not late yet, but more than three quarters of some time are gone.
    pub at_risk: Vec<Item>,
    /// Something of theirs is late.
    pub breached: Vec<Item>,
    /// Codenames of what is open and not for this reader.
    pub closed: Vec<String>,
    pub figures: Figures,
    /// Of the window of the same length before.
    pub before: Figures,
    pub clocks: Vec<ClockFigures>,
    /// In the order of the config; those that are not in it any more come last.
    pub triggers: Vec<TriggerFigures>,
    pub by_hand: TriggerFigures,
    /// In the order of the config, those that were paged.
    pub teams: Vec<TeamFigures>,
    /// Whoever did most comes first.
    pub people: Vec<PersonFigures>,
    pub failures: Failures,
    /// Teams that were to be paged and had nobody on call.
    pub gaps: Vec<GapFigures>,
    pub bot: BotFigures,
    /// One threshold that history says is too low. A person changes it.
    pub suggestion: Option<Suggestion>,
}

/// An open case in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    pub id: String,
    /// Names of the triggers that opened it; empty where a person did.
    pub triggers: Vec<String>,
    pub severity: Severity,
    /// The team that has it, or that is to answer.
    pub team: TeamId,
    pub responder: Option<String>,
    pub opened_at: DateTime<Utc>,
    pub state: State,
    /// When what is late, or nearly, was or is due.
    pub due: Option<DateTime<Utc>>,
    /// Which clock that is; `acknowledge` is the page's.
    pub clock: Option<ClockKind>,
    /// The next step did not come by when it was promised.
    pub lapsed: bool,
    pub waits_for_customer: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Fine,
    AtRisk,
    Late,
}

/// One clock, over all cases: how often it stopped in time, and how often it ran out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClockFigures {
    pub clock: ClockKind,
    #[serde(flatten)]
    pub kept: Kept,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TriggerFigures {
    pub id: String,
    pub name: String,
    /// It only watches: no case of its own.
    pub watched: bool,
    pub opened: u32,
    pub opened_before: u32,
    pub resolved: u32,
    /// How often it fired while it only watched.
    pub firings: u32,
    /// What was said of its cases in the window.
    pub grades: Grades,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TeamFigures {
    pub id: TeamId,
    pub name: String,
    /// Pages asked for.
    pub pages: u32,
    pub answered: u32,
    /// Pages that nobody answered in time.
    pub breached: u32,
    pub resolved: u32,
    /// From the delivery of a page to its answer.
    pub acknowledge: Times,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonFigures {
    pub name: String,
    /// Taken, by answering a page or by a hand-over.
    pub taken: u32,
    pub resolved: u32,
}

/// The six ways in which escalating fails, as far as they can be counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Failures {
    /// Over-escalation: graded as not needed, of what was graded.
    pub not_needed: Part,
    /// Under-escalation: opened by a person where no trigger had fired, of what was opened.
    pub missed: Part,
    /// Inconsistent criteria: graded as the wrong team's, sent on by hand or sent back, of what was opened.
    pub wrong_team: Part,
    /// Missing context: something that the team has to know was missing, of what was opened.
    pub missing: Part,
    /// No expectation: the next step did not come by when it was promised, of what was taken.
    pub lapsed: Part,
    /// Nobody owns it: a page was not answered in time, of what was opened.
    pub unanswered: Part,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GapFigures {
    pub team: TeamId,
    pub times: u32,
}

/// The desk's own shortcomings.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BotFigures {
    /// Things due that were noticed late, because the program was down.
    pub late: u32,
    /// Of those, the longest.
    pub latest_seconds: u32,
    /// How often nothing was heard …
    pub deaf: u32,
    /// … and for how long in all.
    pub deaf_seconds: i64,
    /// Pages that reached nobody.
    pub undeliverable: u32,
}

/// Who reads a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Whose clearance counts.
    pub reader: Actor,
    /// Only what this team was paged for; `None`: everything.
    pub team: Option<TeamId>,
}

impl Audience {
    /// Whoever can read a team's place. What is confidential is for a place that is closed to others. A team that
    /// manages reads of everything, any other of what it was paged for.
    pub fn of_team(team: &Team) -> Self {
        let teams = if team.cleared { vec![team.id.clone()] } else { Vec::new() };
        Self { reader: Actor::unnamed(teams, team.manages), team: (!team.manages).then(|| team.id.clone()) }
    }

    /// Anybody on staff: everything that is not confidential.
    pub fn everybody() -> Self {
        Self::person(&Actor::unnamed(Vec::new(), false))
    }

    /// A person, who reads of everything that they may read.
    pub fn person(reader: &Actor) -> Self {
        Self { reader: reader.clone(), team: None }
    }

    /// Whether a case is one of theirs, be they allowed to read it or not.
    fn is_concerned(&self, case: &Escalation) -> bool {
        !case.opened.drill && self.team.as_ref().is_none_or(|team| case.was_paged(team))
    }
}

/// What a window came to, as this audience may know it.
pub fn digest(desk: &Desk, procedure: &Procedure, audience: &Audience, window: Span) -> Digest {
    let before = Span { from: window.from - window.length(), to: window.from };
    let mut courses = Courses::of(desk, audience, window.to);
    let (mut now, mut past) = (Tally::new(window), Tally::new(before));
    for course in courses.iter() {
        now.open(course);
        past.open(course);
    }
    let marks = desk.chronicle().until(window.to);
    for mark in marks {
        let course = mark.case.map(|case| courses.get(case));
        // About a case that this reader knows nothing of.
        if let Some(None) = course {
            continue;
        }
        let mut course = course.flatten();
        // What a mark means depends on the course before it.
        if window.holds(mark.at) {
            now.count(mark, course.as_deref());
        } else if before.holds(mark.at) {
            past.count(mark, course.as_deref());
        }
        if let Some(course) = &mut course {
            course.follow(mark);
        }
    }
    let standing = OpenCases::of(&courses, desk, window.to);
    Digest {
        since: window.from,
        until: window.to,
        procedure: procedure.version.clone(),
        open: standing.open,
        unowned: standing.unowned,
        at_risk: standing.at_risk,
        breached: standing.breached,
        closed: closed(desk, audience, window.to),
        clocks: clock_figures(&now),
        triggers: trigger_figures(&now, &past, desk, procedure, &audience.reader),
        by_hand: by_hand(&now, &past),
        teams: team_figures(&mut now, procedure),
        people: people(&now, desk),
        failures: failures(&now),
        gaps: now
            .gaps
            .iter()
            .map(|(team, times)| GapFigures { team: desk.chronicle().id(*team).into(), times: *times })
            .collect(),
        bot: bot(&now, marks),
        suggestion: suggest::suggestion(desk, audience, window.to),
        figures: now.into_figures(),
        before: past.into_figures(),
    }
}

/// Codenames of what is open at an instant and not for this reader.
fn closed(desk: &Desk, audience: &Audience, at: DateTime<Utc>) -> Vec<String> {
    let mut hidden = Courses::closed(desk, audience, at);
    if hidden.is_empty() {
        return Vec::new();
    }
    for mark in desk.chronicle().until(at) {
        if let Some(course) = mark.case.and_then(|case| hidden.get(case)) {
            course.follow(mark);
        }
    }
    hidden.iter().filter(|course| course.is_open()).map(|course| course.case.codename()).collect()
}

/// What is open at the end, and in which danger.
#[derive(Default)]
struct OpenCases {
    open: u32,
    unowned: Vec<Item>,
    at_risk: Vec<Item>,
    breached: Vec<Item>,
}

impl OpenCases {
    fn of(courses: &Courses<'_>, desk: &Desk, at: DateTime<Utc>) -> Self {
        let mut open: Vec<&Course<'_>> = courses.iter().filter(|course| course.is_open()).collect();
        open.sort_by_key(|course| (std::cmp::Reverse(course.case.severity), course.case.id));
        let mut standing = Self::default();
        for course in open {
            standing.open += 1;
            if course.is_unowned() {
                let danger = course.danger(at).or_else(|| course.waiting_page(at));
                standing.unowned.push(item(course, desk, danger.as_ref(), at));
            }
            if let Some(danger) = course.danger(at) {
                let list = if danger.is_late { &mut standing.breached } else { &mut standing.at_risk };
                list.push(item(course, desk, Some(&danger), at));
            }
        }
        standing
    }
}

fn item(course: &Course<'_>, desk: &Desk, danger: Option<&Danger>, at: DateTime<Utc>) -> Item {
    let Course { case, .. } = course;
    Item {
        id: case.id.to_string(),
        triggers: case.opened.report.triggers.iter().map(|trigger| trigger.name.clone()).collect(),
        severity: case.severity,
        team: course.team().clone(),
        responder: course.responder().map(|known| desk.chronicle().person(known).to_owned()),
        opened_at: case.opened_at,
        state: danger.map_or(State::Fine, Danger::state),
        due: danger.and_then(|danger| danger.due),
        clock: danger.and_then(|danger| danger.clock),
        lapsed: course.has_lapsed(at),
        waits_for_customer: course.waits_since.is_some(),
    }
}

fn clock_figures(now: &Tally<'_>) -> Vec<ClockFigures> {
    let measured = ClockKind::ALL.into_iter().map(|clock| ClockFigures { clock, kept: now.clock(clock) });
    measured.filter(|figures| figures.kept.share.is_some()).collect()
}

fn trigger_figures(
    now: &Tally<'_>,
    past: &Tally<'_>,
    desk: &Desk,
    procedure: &Procedure,
    reader: &Actor,
) -> Vec<TriggerFigures> {
    let firings = |id: &str| -> u32 {
        let of_it = now.watched.iter().filter(|(trigger, _)| desk.chronicle().id(**trigger) == id);
        of_it.map(|(_, times)| *times).sum()
    };
    let figures = |id: &str, name: &str, watched: bool| {
        let (tally, before) = (now.triggers.get(id), past.triggers.get(id));
        TriggerFigures {
            id: id.to_owned(),
            name: name.to_owned(),
            watched,
            opened: tally.map_or(0, |tally| tally.opened),
            opened_before: before.map_or(0, |before| before.opened),
            resolved: tally.map_or(0, |tally| tally.resolved),
            firings: firings(id),
            grades: now.grades(Some(id)),
        }
    };
    let used = procedure.triggers.iter().filter(|trigger| is_known_to(trigger, reader));
    let mut all: Vec<TriggerFigures> =
        used.map(|trigger| figures(&trigger.id, &trigger.name, trigger.mode == Mode::Watch)).collect();
    let gone = now.triggers.iter().filter(|(id, _)| procedure.trigger(id).is_none());
    all.extend(gone.map(|(id, tally)| figures(id, tally.name, false)));
    all
}

fn by_hand(now: &Tally<'_>, past: &Tally<'_>) -> TriggerFigures {
    TriggerFigures {
        opened: now.by_hand.opened,
        opened_before: past.by_hand.opened,
        resolved: now.by_hand.resolved,
        grades: now.grades(None),
        ..TriggerFigures::default()
    }
}

fn team_figures(now: &mut Tally<'_>, procedure: &Procedure) -> Vec<TeamFigures> {
    let order = |id: &TeamId| procedure.teams.iter().position(|team| team.id == *id).unwrap_or(usize::MAX);
    let mut teams: Vec<(TeamId, TeamTally)> =
        std::mem::take(&mut now.teams).into_iter().map(|(id, tally)| (id.clone(), tally)).collect();
    teams.sort_by_key(|(id, _)| order(id));
    let figures = |(id, tally): (TeamId, TeamTally)| TeamFigures {
        name: procedure.team_name(&id).to_owned(),
        id,
        pages: tally.pages,
        answered: tally.answered,
        breached: tally.breached,
        resolved: tally.resolved,
        acknowledge: tally.acknowledge.into_times(),
    };
    teams.into_iter().map(figures).collect()
}

fn people(now: &Tally<'_>, desk: &Desk) -> Vec<PersonFigures> {
    let figures = |(known, (taken, resolved)): (&Known, &(u32, u32))| PersonFigures {
        name: desk.chronicle().person(*known).to_owned(),
        taken: *taken,
        resolved: *resolved,
    };
    let mut people: Vec<PersonFigures> = now.people.iter().map(figures).collect();
    people
        .sort_by(|one, other| (other.taken + other.resolved, &one.name).cmp(&(one.taken + one.resolved, &other.name)));
    people
}

fn failures(now: &Tally<'_>) -> Failures {
    let graded = now.graded.len();
    let opened = now.opened;
    Failures {
        not_needed: Part::of(now.not_needed(), u32::try_from(graded).unwrap_or(u32::MAX)),
        missed: Part::of(now.by_hand.opened, opened),
        wrong_team: Part::of_cases(&now.misdirected, opened),
        missing: Part::of_cases(&now.missing, opened),
        lapsed: Part::of_cases(&now.lapsed, now.taken),
        unanswered: Part::of_cases(&now.unanswered, opened),
    }
}

/// Silences count as far as they lie in the window.
fn bot(now: &Tally<'_>, marks: &[Mark]) -> BotFigures {
    let (mut deaf, mut since, mut silence) = (0, None, TimeDelta::zero());
    let mut add = |from: DateTime<Utc>, to: DateTime<Utc>| {
        if let Some(common) = now.window.common(Span { from, to }) {
            deaf += 1;
            silence += common.length();
        }
    };
    for mark in marks.iter().filter(|mark| mark.case.is_none()) {
        match (mark.what, since) {
            (What::Deaf { seconds }, None) => since = Some(mark.at - TimeDelta::seconds(seconds.into())),
            (What::Hearing, Some(from)) => {
                add(from, mark.at);
                since = None;
            }
            _ => {}
        }
    }
    if let Some(from) = since {
        add(from, now.window.to);
    }
    BotFigures {
        late: now.late,
        latest_seconds: now.latest_seconds,
        deaf,
        deaf_seconds: silence.num_seconds(),
        undeliverable: now.undeliverable,
    }
}

#[cfg(test)]
mod tests;
