//! How a case stood at an instant: its marks up to then, one after the other.

use chrono::{DateTime, Utc};

use crate::sop::calendar::{Calendar, Span};
use crate::sop::chronicle::{Known, Mark, What};
use crate::sop::clock::{ClockKind, is_nearly_due};
use crate::sop::desk::Desk;
use crate::sop::digest::{Audience, State};
use crate::sop::escalation::{Escalation, EscalationId, Fate, Page};
use crate::sop::team::{Step, TeamId};

/// A case on its way through the marks.
pub(super) struct Course<'c> {
    pub(super) case: &'c Escalation,
    /// How many of its pages had been asked for at the end.
    pages: usize,
    /// The page after which somebody had it.
    taken: Option<(u16, DateTime<Utc>)>,
    responder: Option<Known>,
    /// When it was opened, or opened again.
    pub(super) since: DateTime<Utc>,
    is_over: bool,
    /// Something was done about it since it was opened.
    pub(super) has_acted: bool,
    pub(super) waits_since: Option<DateTime<Utc>>,
    /// In order and apart.
    pub(super) pauses: Vec<Span>,
    breached: Option<u16>,
    /// By when the next step is to come.
    promise: Option<DateTime<Utc>>,
    clocks: [Strain; ClockKind::ALL.len()],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Strain {
    #[default]
    None,
    Warned,
    Late(DateTime<Utc>),
}

/// Something that is late, or nearly.
pub(super) struct Danger {
    /// Less than a quarter of the time is left, or none.
    is_near: bool,
    pub(super) is_late: bool,
    pub(super) due: Option<DateTime<Utc>>,
    /// `None`: the promised next step.
    pub(super) clock: Option<ClockKind>,
}

impl Danger {
    pub(super) fn state(&self) -> State {
        match self {
            Self { is_late: true, .. } => State::Late,
            Self { is_near: true, .. } => State::AtRisk,
            _ => State::Fine,
        }
    }
}

impl<'c> Course<'c> {
    pub(super) fn of(case: &'c Escalation, until: DateTime<Utc>) -> Self {
        Self {
            case,
            pages: case.pages.partition_point(|page| page.asked_at < until),
            taken: None,
            responder: None,
            since: case.opened_at,
            is_over: false,
            has_acted: false,
            waits_since: None,
            pauses: Vec::new(),
            breached: None,
            promise: None,
            clocks: Default::default(),
        }
    }

    /// Takes a mark in.
    pub(super) fn follow(&mut self, mark: &Mark) {
        match mark.what {
            What::Taken { page } | What::HandedOff { page } => {
                self.taken = Some((page, mark.at));
                self.responder = mark.by;
                self.promise = None;
            }
            What::Acted => self.has_acted = true,
            What::Promised { until } => self.promise = DateTime::from_timestamp(until.into(), 0),
            What::Waits => {
                self.has_acted = true;
                self.promise = None;
                self.waits_since = Some(mark.at);
            }
            What::GoesOn => self.go_on(mark.at),
            What::Resolved | What::Merged => {
                self.has_acted = true;
                self.promise = None;
                self.go_on(mark.at);
                self.is_over = true;
            }
            What::Reopened => {
                self.since = mark.at;
                self.is_over = false;
                self.has_acted = false;
                self.responder = None;
                self.pauses.clear();
            }
            // A page ends a wait, too.
            What::Raised { .. } => {
                self.has_acted = true;
                self.promise = None;
                self.go_on(mark.at);
            }
            What::Breached { page } => self.breached = Some(page),
            What::Warned(clock) => self.clocks[clock as usize] = Strain::Warned,
            What::RanOut(clock) => self.clocks[clock as usize] = Strain::Late(mark.at),
            What::Stopped { clock, .. } => self.clocks[clock as usize] = Strain::None,
            _ => {}
        }
    }

    fn go_on(&mut self, at: DateTime<Utc>) {
        if let Some(from) = self.waits_since.take() {
            self.pauses.push(Span { from, to: at });
        }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.is_over
    }

    fn page(&self) -> Option<&'c Page> {
        self.case.pages.get(self.pages.checked_sub(1)?)
    }

    /// Its last page waits for an answer.
    pub(super) fn is_unowned(&self) -> bool {
        self.is_open() && self.taken.is_none_or(|(page, _)| usize::from(page) + 1 < self.pages)
    }

    pub(super) fn responder(&self) -> Option<Known> {
        self.responder.filter(|_| !self.is_unowned())
    }

    /// The team that was paged last.
    pub(super) fn team(&self) -> &'c TeamId {
        let step = self.page().map_or(Step::FIRST, |page| page.step);
        self.page().map_or(&self.case.opened.plan.rung(step).team, |page| &page.team)
    }

    /// What whoever has it promised was due, or is, while no page waits.
    fn promised(&self, at: DateTime<Utc>) -> Option<Danger> {
        let until = self.promise.filter(|_| self.is_open() && !self.is_unowned())?;
        let from = self.taken.map_or(self.since, |(_, at)| at).min(until);
        Some(Danger { is_near: is_nearly_due(from, until, at), is_late: until <= at, due: Some(until), clock: None })
    }

    /// The next step did not come by when it was promised.
    pub(super) fn has_lapsed(&self, at: DateTime<Utc>) -> bool {
        self.promised(at).is_some_and(|promised| promised.is_late)
    }

    /// Its page waits because the one before it, or a promise, came to nothing.
    fn is_unanswered(&self) -> bool {
        self.page().is_some_and(|page| self.is_unowned() && page.reason.is_unanswered())
    }

    /// Nobody answered this page in time.
    pub(super) fn breached(&self, page: u16) -> bool {
        self.breached.is_some_and(|breached| breached >= page)
    }

    /// The page that waits; `None` where none does, or it has not arrived.
    pub(super) fn waiting_page(&self, at: DateTime<Utc>) -> Option<Danger> {
        let page = self.page().filter(|_| self.is_unowned())?;
        let Fate::Delivered { at: arrived, .. } = page.fate else { return None };
        let due = self.case.opened.plan.rung(page.step).due(arrived);
        let is_late = due <= at || self.is_unanswered();
        let is_near = is_late || is_nearly_due(arrived, due, at);
        Some(Danger { is_near, is_late, due: Some(due), clock: Some(ClockKind::Acknowledge) })
    }

    /// What is late, or else what is nearly.
    pub(super) fn danger(&self, at: DateTime<Utc>) -> Option<Danger> {
        let page = self.waiting_page(at).filter(|page| page.is_near);
        let promised = self.promised(at).filter(|promised| promised.is_near);
        let clocks = ClockKind::ALL.into_iter().filter_map(|clock| {
            let (is_late, due) = match self.clocks[clock as usize] {
                Strain::None => return None,
                Strain::Warned => (false, self.case.running(clock).and_then(|running| running.clock.due())),
                Strain::Late(since) => (true, Some(since)),
            };
            Some(Danger { is_near: true, is_late, due, clock: Some(clock) })
        });
        let mut dangers: Vec<Danger> = page.into_iter().chain(promised).chain(clocks).collect();
        let late = dangers.iter().position(|danger| danger.is_late);
        (!dangers.is_empty()).then(|| dangers.swap_remove(late.unwrap_or(0)))
    }

    /// The hours in which the case is measured; around the clock without any.
    pub(super) fn calendar(&self) -> &'c Calendar {
        let plan = &self.case.opened.plan;
        let own = plan.clocks.calendar.as_deref().or(plan.rung(Step::FIRST).calendar.as_deref());
        own.unwrap_or(Calendar::around_the_clock())
    }
}

/// The cases that a digest is about.
pub(super) struct Courses<'c> {
    courses: Vec<Course<'c>>,
    /// By the number of the case.
    numbers: Vec<Option<u32>>,
}

impl<'c> Courses<'c> {
    /// Those opened by then that the reader may read.
    pub(super) fn of(desk: &'c Desk, audience: &Audience, until: DateTime<Utc>) -> Self {
        let opened = desk.cases().take_while(|case| case.opened_at < until);
        let known = |case: &&Escalation| audience.is_concerned(case) && case.may_be_read_by(&audience.reader);
        Self::new(opened.filter(known), until)
    }

    /// Those that the reader may not read.
    pub(super) fn closed(desk: &'c Desk, audience: &Audience, until: DateTime<Utc>) -> Self {
        let opened = desk.cases().take_while(|case| case.opened_at < until);
        let hidden = |case: &&Escalation| audience.is_concerned(case) && !case.may_be_read_by(&audience.reader);
        Self::new(opened.filter(hidden), until)
    }

    fn new(cases: impl Iterator<Item = &'c Escalation>, until: DateTime<Utc>) -> Self {
        let mut courses = Self { courses: Vec::new(), numbers: Vec::new() };
        for case in cases {
            let number = case.id.0 as usize;
            courses.numbers.resize(courses.numbers.len().max(number + 1), None);
            courses.numbers[number] = u32::try_from(courses.courses.len()).ok();
            courses.courses.push(Course::of(case, until));
        }
        courses
    }

    pub(super) fn get(&mut self, id: EscalationId) -> Option<&mut Course<'c>> {
        let number = (*self.numbers.get(id.0 as usize)?)?;
        self.courses.get_mut(number as usize)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.courses.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Course<'c>> {
        self.courses.iter()
    }
}
