//! The clocks of a case besides those of its pages: which event starts, pauses and stops them, and what is due.
//!
//! A plan says which there are and how long each may take. A case whose customer is not known is measured without the
//! two that are about its customer. Each start is an occurrence of its own: it warns at most once for each share of
//! its time, and it is late at most once.

use chrono::{DateTime, TimeDelta, Utc};
use thin_vec::ThinVec;

use crate::sop::clock::{Clock, ClockKind, Target};
use crate::sop::escalation::{Deadline, Escalation, Event, Opened, Report};
use crate::sop::message::{Person, PlaceId, TicketRef};
use crate::sop::team::Severity;

/// A clock that runs or stands still; one that has stopped is not kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    pub clock: Clock,
    /// The last share of its time that was warned of, in percent; 0 before the first.
    pub warned_percent: u8,
    /// Its time was up, and that is on record.
    pub is_late: bool,
    /// How long after its time that was noticed: more than a moment only if the program was down.
    pub late_seconds: i64,
}

impl Running {
    fn start(target: Target, at: DateTime<Utc>) -> Self {
        Self { clock: Clock::start(target, at), warned_percent: 0, is_late: false, late_seconds: 0 }
    }

    fn kind(&self) -> ClockKind {
        self.clock.target.clock
    }
}

/// Clocks that begin when a case opens, in the order in which they are shown.
const AT_OPENING: [ClockKind; 4] =
    [ClockKind::FirstReply, ClockKind::Update, ClockKind::Resolve, ClockKind::TimeInTier];
/// Those that begin anew when it is opened again: the customer has not asked anything yet.
const AT_REOPENING: [ClockKind; 3] = [ClockKind::Update, ClockKind::Resolve, ClockKind::TimeInTier];

/// Those that run from the opening on. A customer whose message opened the case waits from that message on.
pub(super) fn at_opening(opened: &Opened, at: DateTime<Utc>) -> ThinVec<Running> {
    let asked_at = if opened.by.is_none() { opened.report.said_at.min(at) } else { at };
    let from = |kind| if kind == ClockKind::FirstReply { asked_at } else { at };
    AT_OPENING.into_iter().filter_map(|kind| started(opened, kind, from(kind))).collect()
}

fn started(opened: &Opened, kind: ClockKind, at: DateTime<Utc>) -> Option<Running> {
    let is_about_customer = matches!(kind, ClockKind::FirstReply | ClockKind::Update);
    let target = opened.plan.clocks.target(kind)?;
    let runs = !is_about_customer || opened.subject.customer.is_some();
    runs.then(|| Running::start(target, at))
}

/// The time until the customer expects something, whatever the hour.
fn promised(opened: &Opened, within: TimeDelta) -> Target {
    let warn_at_percent = match opened.plan.clocks.warn_at_percent.as_slice() {
        [] => vec![PROMISE_WARNED_PERCENT],
        configured => configured.to_vec(),
    };
    Target { clock: ClockKind::Update, within, calendar: None, warn_at_percent }
}

/// When whoever promised something is warned, where the plan does not say.
const PROMISE_WARNED_PERCENT: u8 = 75;

impl Escalation {
    /// What an event does to the clocks.
    pub(super) fn run_clocks(&mut self, event: &Event, at: DateTime<Utc>) {
        match event {
            Event::Resolved { .. } | Event::Merged { .. } => self.clocks.clear(),
            Event::Reopened { .. } => AT_REOPENING.into_iter().for_each(|kind| self.restart(kind, at)),
            // A team that is paged again still has it.
            Event::Raised { from, to, .. } => {
                let team = |step| &self.opened.plan.rung(step).team;
                if team(*from) != team(*to) {
                    self.restart(ClockKind::TimeInTier, at);
                }
            }
            Event::Waited { .. } => self.clocks.iter_mut().for_each(|running| running.clock.pause(at)),
            // A page ends a wait, too.
            Event::Resumed { .. } | Event::Paged { .. } => {
                self.clocks.iter_mut().for_each(|running| running.clock.resume(at));
            }
            Event::CustomerAsked { at: asked } => self.restart(ClockKind::FirstReply, *asked),
            Event::Replied { at: replied, .. } => {
                self.replace(ClockKind::FirstReply, None);
                if self.told.is_none() || self.is_kept_by(*replied) {
                    self.restart(ClockKind::Update, *replied);
                }
            }
            // Whoever is told something has a reply; the next word comes when it was promised.
            Event::CustomerTold { due, .. } => {
                self.replace(ClockKind::FirstReply, None);
                self.replace(ClockKind::Update, Some(Running::start(promised(&self.opened, *due - at), at)));
            }
            Event::Warned { clock, percent, .. } => {
                for running in self.clocks.iter_mut().filter(|running| running.kind() == *clock) {
                    running.warned_percent = *percent;
                }
            }
            Event::RanOut { clock, late_seconds, .. } => {
                for running in self.clocks.iter_mut().filter(|running| running.kind() == *clock) {
                    (running.is_late, running.late_seconds) = (true, *late_seconds);
                }
            }
            _ => {}
        }
    }

    fn restart(&mut self, kind: ClockKind, at: DateTime<Utc>) {
        self.replace(kind, started(&self.opened, kind, at));
    }

    /// `None`: it has stopped.
    fn replace(&mut self, kind: ClockKind, running: Option<Running>) {
        self.clocks.retain(|known| known.kind() != kind);
        self.clocks.extend(running);
        self.clocks.sort_by_key(Running::kind);
    }

    /// The plan has changed: what runs keeps its beginning and has another end, what is measured anew begins.
    pub(super) fn limit_clocks(&mut self, at: DateTime<Utc>) {
        let limits = &self.opened.plan.clocks;
        let is_promised = self.told.is_some();
        self.clocks.retain_mut(|running| match limits.target(running.kind()) {
            _ if is_promised && running.kind() == ClockKind::Update => true,
            Some(target) => {
                running.clock.target = target;
                if running.clock.due().is_none_or(|due| due > at) {
                    (running.is_late, running.late_seconds, running.warned_percent) = (false, 0, 0);
                }
                true
            }
            None => false,
        });
        let new = AT_REOPENING.into_iter().filter(|kind| self.running(*kind).is_none()).collect::<Vec<_>>();
        for kind in new {
            self.restart(kind, at);
        }
        if self.waiting.is_some() {
            self.clocks.iter_mut().for_each(|running| running.clock.pause(at));
        }
    }

    pub fn running(&self, kind: ClockKind) -> Option<&Running> {
        self.clocks.iter().find(|running| running.kind() == kind)
    }

    /// Whether what is said where its customer writes matters to it: a clock of the open case is about it.
    pub fn listens(&self) -> bool {
        let about_customer = [ClockKind::FirstReply, ClockKind::Update];
        let is_measured = about_customer.iter().any(|kind| self.opened.plan.clocks.target(*kind).is_some());
        let has_promise = self.told.is_some();
        self.resolution.is_none() && self.opened.subject.customer.is_some() && (is_measured || has_promise)
    }

    /// Whether it is about something that its customer said there. Those of its parts are not measured.
    pub fn is_in(&self, place: &PlaceId) -> bool {
        let own = self.opened.subject.customer_id();
        let is_own = |report: &Report| report.customer.as_ref().is_none_or(|customer| Some(&customer.id) == own);
        place.ticket().is_some_and(|ticket| self.is_of_ticket(&ticket))
            || self.reports().any(|report| report.place == *place && is_own(report))
    }

    pub fn is_of_ticket(&self, ticket: &TicketRef) -> bool {
        self.opened.subject.ticket.as_deref().is_some_and(|own| own.is_same(ticket))
    }

    /// When the next warning or the end of a clock is to be seen to.
    pub(super) fn clock_deadline(&self) -> Option<Deadline> {
        let ends = self.clocks.iter().filter(|running| !running.is_late).filter_map(|running| running.clock.due());
        let ends = ends.map(|at| Deadline { at, why: "a clock runs out" });
        let warnings = self.clocks.iter().filter_map(|running| self.warnings(running).next());
        let warnings = warnings.map(|(_, at)| Deadline { at, why: "a clock is to be warned of" });
        ends.chain(warnings).min_by_key(|deadline| deadline.at)
    }

    /// What is still to be warned of, earliest first. A warning waits for the hours of its reader, and where they
    /// begin too late there is none.
    fn warnings(&self, running: &Running) -> impl Iterator<Item = (u8, DateTime<Utc>)> {
        let due = running.clock.due().filter(|_| !running.is_late);
        due.into_iter().flat_map(move |due| {
            let next = running.clock.warnings().filter(|(percent, _)| *percent > running.warned_percent);
            next.map(|(percent, at)| (percent, self.when_read(at))).filter(move |(_, at)| *at < due)
        })
    }

    /// A reminder waits until the team is at work; one about something severe does not.
    pub fn when_read(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        match &self.rung().calendar {
            Some(calendar) if self.severity < Severity::Sev2 => calendar.next_open(at).unwrap_or(at),
            _ => at,
        }
    }

    /// Everything that the clocks have to say by now: of each its end, or else the latest warning.
    pub(super) fn pass_clocks(&self, now: DateTime<Utc>) -> Vec<Event> {
        let said = |running: &Running| {
            let clock = running.kind();
            let due = running.clock.due()?;
            if due <= now {
                let late_seconds = self.lateness(due, now);
                return (!running.is_late).then_some(Event::RanOut { clock, due, late_seconds });
            }
            let (percent, _) = self.warnings(running).take_while(|(_, at)| *at <= now).last()?;
            Some(Event::Warned { clock, percent, due })
        };
        self.clocks.iter().filter_map(said).collect()
    }

    /// The customer has written: from now on they wait, if they did not before.
    pub(super) fn ask(&self, at: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Event> {
        let is_measured = self.listens() && self.opened.plan.clocks.target(ClockKind::FirstReply).is_some();
        let waits = self.running(ClockKind::FirstReply).is_some();
        if is_measured && !waits && at >= self.opened_at {
            vec![Event::CustomerAsked { at: at.min(now) }]
        } else {
            Vec::new()
        }
    }

    /// Staff have written to the customer. What was written before the customer asked is no answer.
    pub(super) fn reply(&self, by: &Person, at: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Event> {
        let at = at.min(now);
        let answers = |kind| self.running(kind).is_some_and(|running| running.clock.started_at <= at);
        let is_heard = answers(ClockKind::FirstReply) || answers(ClockKind::Update);
        let asked_later = self.running(ClockKind::FirstReply).is_some_and(|running| running.clock.started_at > at);
        if is_heard && !asked_later { vec![Event::Replied { by: by.clone(), at }] } else { Vec::new() }
    }
}
