//! Counting: what one window came to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::sop::calendar::{Calendar, Span};
use crate::sop::chronicle::{Known, Mark, What};
use crate::sop::clock::ClockKind;
use crate::sop::digest::course::Course;
use crate::sop::escalation::{EscalationId, Fate, Grade};
use crate::sop::health::Grades;
use crate::sop::share::Share;
use crate::sop::team::TeamId;

/// The headline figures of a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    pub opened: u32,
    pub resolved: u32,
    pub reopened: u32,
    /// Pages answered.
    pub taken: u32,
    /// Pages that nobody answered in time.
    pub breached: u32,
    /// From the delivery of a page to its answer.
    pub acknowledge: Times,
    /// From the opening to the first thing that was done about it, answering a page aside.
    pub first_action: Times,
    /// From the opening to the resolution, without what it waited for the customer.
    pub resolve: Times,
    /// All clocks together.
    pub clocks: Kept,
}

/// How long something took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Times {
    pub count: u32,
    /// By the clock on the wall; `None` where nothing was measured.
    pub wall: Option<Spread>,
    /// In the hours of whoever had to do it.
    pub business: Option<Spread>,
}

/// In seconds; the value that half, or 90 of 100, do not exceed (nearest rank).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    pub median_seconds: i64,
    pub p90_seconds: i64,
}

/// Clocks that stopped in time, and those that ran out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Kept {
    pub kept: u32,
    pub late: u32,
    /// The share of the kept ones; `None` where there are none.
    pub share: Option<Share>,
}

/// Some of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Part {
    pub some: u32,
    pub of: u32,
    pub share: Option<Share>,
}

impl Part {
    /// More than all there are happens where something is counted in another window than what it belongs to.
    pub(super) fn of(some: u32, of: u32) -> Self {
        Self { some, of, share: (of > 0).then(|| Share::of(some.min(of), of)) }
    }

    pub(super) fn of_cases(cases: &BTreeSet<EscalationId>, of: u32) -> Self {
        Self::of(u32::try_from(cases.len()).unwrap_or(u32::MAX), of)
    }
}

impl Kept {
    fn of(Judged { kept, late }: Judged) -> Self {
        let all = kept + late;
        Self { kept, late, share: (all > 0).then(|| Share::of(kept, all)) }
    }
}

/// How often a clock stopped in time, and how often it ran out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Judged {
    kept: u32,
    late: u32,
}

impl Judged {
    fn count(&mut self, in_time: bool) {
        if in_time {
            self.kept += 1;
        } else {
            self.late += 1;
        }
    }
}

/// Lengths of time, by the wall and by the hours of whoever had them.
#[derive(Clone, Debug, Default)]
pub(super) struct Lengths {
    wall: Vec<i64>,
    business: Vec<i64>,
}

impl Lengths {
    fn add(&mut self, calendar: &Calendar, from: DateTime<Utc>, to: DateTime<Utc>, pauses: &[Span]) {
        let waited: TimeDelta = pauses.iter().map(Span::length).sum();
        let wall = to - from - waited;
        self.wall.push(wall.num_seconds());
        let business = if calendar.is_always_open() { wall } else { calendar.elapsed(from, to, pauses) };
        self.business.push(business.num_seconds());
    }

    pub(super) fn into_times(self) -> Times {
        let count = u32::try_from(self.wall.len()).unwrap_or(u32::MAX);
        Times { count, wall: spread(self.wall), business: spread(self.business) }
    }
}

fn spread(mut lengths: Vec<i64>) -> Option<Spread> {
    lengths.sort_unstable();
    let value = |percent: usize| lengths.get((lengths.len() * percent).div_ceil(100).checked_sub(1)?).copied();
    Some(Spread { median_seconds: value(50)?, p90_seconds: value(90)? })
}

#[derive(Default)]
pub(super) struct TriggerTally<'c> {
    /// As its cases call it.
    pub(super) name: &'c str,
    pub(super) opened: u32,
    pub(super) resolved: u32,
}

#[derive(Default)]
pub(super) struct TeamTally {
    pub(super) pages: u32,
    pub(super) answered: u32,
    pub(super) breached: u32,
    pub(super) resolved: u32,
    pub(super) acknowledge: Lengths,
}

/// Everything that is counted of one window.
pub(super) struct Tally<'c> {
    pub(super) window: Span,
    pub(super) opened: u32,
    resolved: u32,
    reopened: u32,
    pub(super) taken: u32,
    breached: u32,
    acknowledge: Lengths,
    first_action: Lengths,
    resolve: Lengths,
    clocks: [Judged; ClockKind::ALL.len()],
    pub(super) triggers: BTreeMap<&'c str, TriggerTally<'c>>,
    pub(super) by_hand: TriggerTally<'c>,
    pub(super) teams: BTreeMap<&'c TeamId, TeamTally>,
    /// Taken and resolved.
    pub(super) people: BTreeMap<Known, (u32, u32)>,
    /// The last grade of each case, and the triggers that opened it; none: a person did.
    pub(super) graded: BTreeMap<EscalationId, (Grade, Vec<&'c str>)>,
    pub(super) misdirected: BTreeSet<EscalationId>,
    pub(super) missing: BTreeSet<EscalationId>,
    pub(super) lapsed: BTreeSet<EscalationId>,
    pub(super) unanswered: BTreeSet<EscalationId>,
    pub(super) watched: BTreeMap<Known, u32>,
    pub(super) gaps: BTreeMap<Known, u32>,
    pub(super) late: u32,
    pub(super) latest_seconds: u32,
    pub(super) undeliverable: u32,
}

impl<'c> Tally<'c> {
    pub(super) fn new(window: Span) -> Self {
        Self {
            window,
            opened: 0,
            resolved: 0,
            reopened: 0,
            taken: 0,
            breached: 0,
            acknowledge: Lengths::default(),
            first_action: Lengths::default(),
            resolve: Lengths::default(),
            clocks: Default::default(),
            triggers: BTreeMap::new(),
            by_hand: TriggerTally::default(),
            teams: BTreeMap::new(),
            people: BTreeMap::new(),
            graded: BTreeMap::new(),
            misdirected: BTreeSet::new(),
            missing: BTreeSet::new(),
            lapsed: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            watched: BTreeMap::new(),
            gaps: BTreeMap::new(),
            late: 0,
            latest_seconds: 0,
            undeliverable: 0,
        }
    }

    /// What a case itself keeps: how it opened, and its pages.
    pub(super) fn open(&mut self, course: &Course<'c>) {
        let case = course.case;
        if self.window.holds(case.opened_at) {
            self.opened += 1;
            self.each_trigger(course, |tally| tally.opened += 1);
        }
        for page in case.pages.iter().filter(|page| self.window.holds(page.asked_at)) {
            self.teams.entry(&page.team).or_default().pages += 1;
        }
    }

    /// One mark, with the course of its case before it.
    pub(super) fn count(&mut self, mark: &Mark, course: Option<&Course<'c>>) {
        let Some(course) = course else {
            if let What::Watched { trigger } = mark.what {
                *self.watched.entry(trigger).or_default() += 1;
            }
            return;
        };
        match mark.what {
            What::Taken { page } => self.take(mark, course, page),
            What::HandedOff { .. } => self.person(mark).0 += 1,
            What::Acted | What::Waits => self.act(mark, course),
            What::Resolved => {
                self.act(mark, course);
                self.resolve(mark, course);
            }
            What::Reopened => self.reopened += 1,
            What::Raised { by_hand: true } => {
                self.act(mark, course);
                self.misdirected.insert(course.case.id);
            }
            What::Breached { page } => {
                self.breached += 1;
                self.clocks[ClockKind::Acknowledge as usize].count(false);
                self.unanswered.insert(course.case.id);
                if let Some(page) = course.case.pages.get(usize::from(page)) {
                    self.teams.entry(&page.team).or_default().breached += 1;
                }
            }
            What::RanOut(clock) => self.clocks[clock as usize].count(false),
            // One that had run out was counted then.
            What::Stopped { clock, in_time } => {
                if in_time {
                    self.clocks[clock as usize].count(true);
                }
            }
            What::Lapsed => {
                self.lapsed.insert(course.case.id);
            }
            What::Missing => {
                self.missing.insert(course.case.id);
            }
            What::Graded(grade) => self.grade(grade, course),
            What::NoticedLate { seconds } => {
                self.late += 1;
                self.latest_seconds = self.latest_seconds.max(seconds);
            }
            What::Gap { team } => *self.gaps.entry(team).or_default() += 1,
            What::Undeliverable => self.undeliverable += 1,
            What::Raised { by_hand: false }
            | What::Promised { .. }
            | What::GoesOn
            | What::Merged
            | What::Warned(_)
            | What::Watched { .. }
            | What::Deaf { .. }
            | What::Hearing => {}
        }
    }

    fn take(&mut self, mark: &Mark, course: &Course<'c>, number: u16) {
        self.taken += 1;
        self.person(mark).0 += 1;
        let Some(page) = course.case.pages.get(usize::from(number)) else { return };
        if !course.breached(number) {
            self.clocks[ClockKind::Acknowledge as usize].count(true);
        }
        let team = self.teams.entry(&page.team).or_default();
        team.answered += 1;
        // Whoever takes it before its page has arrived needed no time.
        if let Fate::Delivered { at, .. } = page.fate {
            let from = at.min(mark.at);
            let calendar = course.case.opened.plan.rung(page.step).calendar.as_deref();
            let calendar = calendar.unwrap_or(Calendar::around_the_clock());
            team.acknowledge.add(calendar, from, mark.at, &[]);
            self.acknowledge.add(calendar, from, mark.at, &[]);
        }
    }

    fn act(&mut self, mark: &Mark, course: &Course<'c>) {
        if !course.has_acted {
            self.first_action.add(course.calendar(), course.since, mark.at, &[]);
        }
    }

    fn resolve(&mut self, mark: &Mark, course: &Course<'c>) {
        self.resolved += 1;
        self.person(mark).1 += 1;
        self.teams.entry(course.team()).or_default().resolved += 1;
        self.each_trigger(course, |tally| tally.resolved += 1);
        let waited = course.waits_since.map(|from| Span { from, to: mark.at });
        let pauses: Vec<Span> = course.pauses.iter().copied().chain(waited).collect();
        self.resolve.add(course.calendar(), course.since, mark.at, &pauses);
    }

    fn grade(&mut self, grade: Grade, course: &Course<'c>) {
        if grade == Grade::WrongTeam {
            self.misdirected.insert(course.case.id);
        }
        let by_trigger = course.case.opened.by.is_none();
        let triggers = course.case.opened.report.triggers.iter().filter(|_| by_trigger);
        self.graded.insert(course.case.id, (grade, triggers.map(|trigger| trigger.id.as_str()).collect()));
    }

    fn person(&mut self, mark: &Mark) -> &mut (u32, u32) {
        self.people.entry(mark.by.expect("people take and resolve cases")).or_default()
    }

    /// A case counts for every trigger that opened it; one that a person opened counts for none.
    fn each_trigger(&mut self, course: &Course<'c>, count: impl Fn(&mut TriggerTally<'c>)) {
        let opened = &course.case.opened;
        if opened.by.is_some() {
            return count(&mut self.by_hand);
        }
        for trigger in opened.report.triggers.iter() {
            let tally = self.triggers.entry(&trigger.id).or_default();
            tally.name = &trigger.name;
            count(tally);
        }
    }

    /// Of a trigger, or of what people opened.
    pub(super) fn grades(&self, trigger: Option<&str>) -> Grades {
        let is_of_it = |triggers: &Vec<&str>| trigger.map_or(triggers.is_empty(), |id| triggers.contains(&id));
        let of_it = self.graded.values().filter(|(_, triggers)| is_of_it(triggers));
        of_it.fold(Grades::default(), |grades, (grade, _)| grades.with(Some(*grade)))
    }

    pub(super) fn not_needed(&self) -> u32 {
        let not_needed = self.graded.values().filter(|(grade, _)| *grade == Grade::NotNeeded);
        u32::try_from(not_needed.count()).unwrap_or(u32::MAX)
    }

    pub(super) fn clock(&self, clock: ClockKind) -> Kept {
        Kept::of(self.clocks[clock as usize])
    }

    pub(super) fn into_figures(self) -> Figures {
        let all = self
            .clocks
            .iter()
            .fold(Judged::default(), |all, clock| Judged { kept: all.kept + clock.kept, late: all.late + clock.late });
        Figures {
            opened: self.opened,
            resolved: self.resolved,
            reopened: self.reopened,
            taken: self.taken,
            breached: self.breached,
            acknowledge: self.acknowledge.into_times(),
            first_action: self.first_action.into_times(),
            resolve: self.resolve.into_times(),
            clocks: Kept::of(all),
        }
    }
}
