//! Whether a case reaches somebody, whatever the hour it comes up.
//!
//! A rung whose team has nobody on call is passed at once, so at each moment a case lands on the first rung with
//! somebody, or on the catch-all. Where that is changes only at the edges of shifts and of opening hours.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{Defect, Finding, Gravity, Happens, Moment, Place};
use crate::sop::calendar::{Calendar, Span};
use crate::sop::procedure::Procedure;
use crate::sop::team::{Plan, Rung, Severity, TeamId};
use crate::sop::trigger::Mode;

/// An answer that is due after this long, counted by everybody's clock, is due too late.
pub(super) const LATE: TimeDelta = TimeDelta::days(30);

pub(super) fn findings(procedure: &Procedure, year: Span) -> Vec<Finding> {
    let look = Look::at(procedure, year);
    let mut findings = look.gaps();
    findings.extend(look.calendars());
    for plan in look.plans() {
        findings.extend(look.unreached(plan));
        findings.extend(look.late_rungs(plan));
    }
    let catch_all = &procedure.default_plan.catch_all;
    findings.extend(look.late(catch_all, Place::CatchAll));
    findings.extend(look.waiting());
    findings
}

/// When nobody of a team is on call. Never, for a team without a rota: all of it is paged.
pub(super) fn gaps(procedure: &Procedure, team: &TeamId, within: Span) -> Vec<Span> {
    let gaps = procedure.rotas_of(team).map(|rota| {
        let shifts = rota.shifts(within.from, within.to);
        shifts.filter(|shift| shift.person.is_none()).map(|shift| shift.span).collect::<Vec<_>>()
    });
    // With several rotas, when nobody has any of them.
    let common = |some: Vec<Span>, others: Vec<Span>| {
        let both = some.iter().flat_map(|one| others.iter().filter_map(|other| one.common(*other)));
        both.collect()
    };
    gaps.reduce(common).unwrap_or_default()
}

/// Where a case lands that comes up at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Landing {
    /// A team that is on call, or that is paged as a whole.
    Reached,
    /// A team that is not at work.
    Closed,
    CatchAll,
    Nobody,
}

/// A procedure, and what is worked out once for all of its plans.
pub(super) struct Look<'p> {
    procedure: &'p Procedure,
    year: Span,
    gaps: BTreeMap<&'p TeamId, Vec<Span>>,
    open: BTreeMap<&'p str, Vec<Span>>,
}

impl<'p> Look<'p> {
    pub(super) fn at(procedure: &'p Procedure, year: Span) -> Self {
        let gaps = procedure.teams.iter().map(|team| (&team.id, gaps(procedure, &team.id, year)));
        let open = procedure.calendars.iter().map(|it| (it.id.as_str(), it.open(year).collect()));
        Self { procedure, year, gaps: gaps.collect(), open: open.collect() }
    }

    /// Each plan that can page somebody, once.
    fn plans(&self) -> Vec<&'p Plan> {
        let live = self.procedure.triggers.iter().filter(|trigger| trigger.mode == Mode::Live);
        let mut plans: Vec<&Plan> = Vec::new();
        for plan in live.map(|trigger| &trigger.plan).chain([&self.procedure.default_plan]) {
            if !plans.iter().any(|known| known.id == plan.id) {
                plans.push(plan);
            }
        }
        plans
    }

    /// Teams that are paged and have hours in which nobody is on call.
    fn gaps(&self) -> Vec<Finding> {
        let is_paged = |team: &TeamId| self.plans().iter().any(|plan| plan.teams().any(|it| it == team));
        let mut findings = Vec::new();
        for (team, gaps) in self.gaps.iter().filter(|(team, gaps)| !gaps.is_empty() && is_paged(team)) {
            let rota = self.procedure.rotas.iter().position(|rota| rota.team == **team).expect("no gap without a rota");
            let defect = Defect::Gap {
                team: (*team).clone(),
                times: gaps.len(),
                length: gaps.iter().map(Span::length).sum(),
                is_last: self.procedure.default_plan.catch_all.team == **team,
            };
            let first = Moment { at: gaps[0].from, happens: Happens::NobodyOnCall((*team).clone()) };
            let timeline = vec![first, self.after_gap(team, gaps[0])];
            let (gravity, zone) = (Gravity::Warning, self.procedure.rotas[rota].zone);
            findings.push(Finding { gravity, place: Place::Rota(rota), defect, timeline, zone });
        }
        findings
    }

    fn after_gap(&self, team: &TeamId, gap: Span) -> Moment {
        let person = self.procedure.on_call(team, &[], gap.to).and_then(|people| people.first().cloned());
        let happens = match person.filter(|_| gap.to < self.year.to) {
            Some(person) => Happens::BackOnCall { team: team.clone(), person },
            None => Happens::StillNobody(team.clone()),
        };
        Moment { at: gap.to, happens }
    }

    fn calendars(&self) -> Vec<Finding> {
        let never = |(index, calendar): (usize, &std::sync::Arc<Calendar>)| Finding {
            gravity: Gravity::Error,
            place: Place::Calendar(index),
            defect: Defect::NeverOpen { calendar: calendar.id.clone() },
            timeline: Vec::new(),
            zone: calendar.zone,
        };
        let calendars = self.procedure.calendars.iter().enumerate();
        calendars.filter(|(_, calendar)| self.open[calendar.id.as_str()].is_empty()).map(never).collect()
    }

    /// Where a case lands that comes up at a moment, and what happens until it does.
    pub(super) fn landing(&self, plan: &Plan, at: DateTime<Utc>) -> (Landing, Vec<Moment>) {
        let mut timeline = vec![Moment { at, happens: Happens::Fires }];
        for rung in &plan.rungs {
            if self.is_gap(&rung.team, at) {
                timeline.push(Moment { at, happens: Happens::NobodyOnCall(rung.team.clone()) });
            } else if let Some(calendar) = self.closed(rung, at) {
                let (team, calendar) = (rung.team.clone(), calendar.id.clone());
                timeline.push(Moment { at, happens: Happens::PagedClosed { team, calendar } });
                return (Landing::Closed, timeline);
            } else {
                return (Landing::Reached, timeline);
            }
        }
        let team = plan.catch_all.team.clone();
        let (landing, happens) = if self.is_gap(&team, at) {
            (Landing::Nobody, Happens::PagedOffDuty(team))
        } else {
            (Landing::CatchAll, Happens::PagedLast(team))
        };
        timeline.push(Moment { at, happens });
        (landing, timeline)
    }

    fn is_gap(&self, team: &TeamId, at: DateTime<Utc>) -> bool {
        self.gaps.get(team).is_some_and(|gaps| holds(gaps, at))
    }

    /// The calendar of a rung, where it is closed and nobody is on call in its stead.
    fn closed<'r>(&self, rung: &'r Rung, at: DateTime<Utc>) -> Option<&'r Calendar> {
        let calendar = rung.calendar.as_deref().filter(|_| self.procedure.rotas_of(&rung.team).next().is_none())?;
        (!holds(&self.open[calendar.id.as_str()], at)).then_some(calendar)
    }

    /// The year in stretches in which a case lands at the same place.
    pub(super) fn stretches(&self, plan: &Plan) -> Vec<(Span, Landing)> {
        let gaps = plan.teams().filter_map(|team| self.gaps.get(team)).flatten();
        let open = plan.rungs.iter().filter_map(|rung| rung.calendar.as_deref());
        let open = open.flat_map(|calendar| &self.open[calendar.id.as_str()]);
        let mut edges: Vec<DateTime<Utc>> = gaps.chain(open).flat_map(|span| [span.from, span.to]).collect();
        edges.extend([self.year.from, self.year.to]);
        edges.sort_unstable();
        edges.dedup();
        let mut stretches: Vec<(Span, Landing)> = Vec::new();
        for edge in edges.windows(2) {
            let landing = self.landing(plan, edge[0]).0;
            match stretches.last_mut() {
                Some((span, last)) if *last == landing => span.to = edge[1],
                _ => stretches.push((Span { from: edge[0], to: edge[1] }, landing)),
            }
        }
        stretches
    }

    /// Hours in which a plan finds nobody on call before the catch-all, or not even there.
    fn unreached(&self, plan: &Plan) -> Vec<Finding> {
        let stretches = self.stretches(plan);
        let found = |landing: Landing, gravity: Gravity, defect: fn(String, usize) -> Defect| {
            let spans: Vec<Span> = stretches.iter().filter(|it| it.1 == landing).map(|it| it.0).collect();
            let first = *spans.first()?;
            let mut timeline = self.landing(plan, first.from).1;
            timeline.extend(self.end_of_gap(plan, first));
            let (place, defect) = (Place::Ladder { plan: plan.id.clone() }, defect(plan.id.clone(), spans.len()));
            Some(Finding { gravity, place, defect, timeline, zone: self.zone(plan) })
        };
        let only_catch_all =
            found(Landing::CatchAll, Gravity::Warning, |plan, times| Defect::OnlyCatchAll { plan, times });
        let nobody = found(Landing::Nobody, Gravity::Error, |plan, times| Defect::Nobody { plan, times });
        nobody.into_iter().chain(only_catch_all).collect()
    }

    /// Who is on call first when it is over.
    fn end_of_gap(&self, plan: &Plan, gap: Span) -> Option<Moment> {
        let team = plan.teams().find(|team| !self.is_gap(team, gap.to)).unwrap_or(&plan.rungs[0].team);
        Some(self.after_gap(team, gap)).filter(|moment| !matches!(moment.happens, Happens::StillNobody(_)))
    }

    /// The zone of the first rota or calendar on the way.
    fn zone(&self, plan: &Plan) -> Tz {
        let of_rota = plan.teams().find_map(|team| Some(self.procedure.rotas_of(team).next()?.zone));
        let of_calendar = plan.rungs.iter().find_map(|rung| Some(rung.calendar.as_ref()?.zone));
        of_rota.or(of_calendar).unwrap_or_default()
    }

    /// Severe cases do not wait for opening hours: the longest wait of each trigger that does.
    fn waiting(&self) -> Vec<Finding> {
        let severe = |severity: Severity| severity >= Severity::Sev2;
        let triggers = self.procedure.triggers.iter().enumerate();
        let severe = triggers.filter(|(_, trigger)| trigger.mode == Mode::Live && severe(trigger.severity));
        severe.filter_map(|(index, trigger)| self.wait(index, trigger.severity, &trigger.plan)).collect()
    }

    fn wait(&self, trigger: usize, severity: Severity, plan: &Plan) -> Option<Finding> {
        let closed = self.stretches(plan).into_iter().filter(|(_, landing)| *landing == Landing::Closed);
        let first = |longest: Option<Span>, (span, _): (Span, Landing)| {
            Some(longest.filter(|longest| longest.length() >= span.length()).unwrap_or(span))
        };
        let longest = closed.fold(None, first)?;
        let mut timeline = self.landing(plan, longest.from).1;
        let rung = plan.rungs.iter().find(|rung| !self.is_gap(&rung.team, longest.from))?;
        let calendar = self.closed(rung, longest.from)?;
        let id = calendar.id.clone();
        if longest.to < self.year.to {
            timeline.push(Moment { at: longest.to, happens: Happens::Opens { calendar: id.clone() } });
            timeline.push(Moment { at: rung.due(longest.from), happens: Happens::AnswerDue(rung.team.clone()) });
        }
        let defect = Defect::Waits { severity, calendar: id, wait: longest.length() };
        let (gravity, place) = (Gravity::Warning, Place::PlanOf(trigger));
        Some(Finding { gravity, place, defect, timeline, zone: calendar.zone })
    }

    fn late_rungs(&self, plan: &Plan) -> Vec<Finding> {
        let place = |index: usize| Place::Rung { plan: plan.id.clone(), index };
        plan.rungs.iter().enumerate().filter_map(|(index, rung)| self.late(rung, place(index))).collect()
    }

    /// An answer in the hours of a calendar that may be due too late: the worst moment at which its page may come.
    fn late(&self, rung: &Rung, place: Place) -> Option<Finding> {
        let calendar = rung.calendar.as_deref()?;
        let open = &self.open[calendar.id.as_str()];
        if open.is_empty() {
            return None; // Told once, at the calendar.
        }
        // The wait is longest for whoever comes when it has just closed.
        let closings = open.iter().map(|span| span.to).filter(|at| *at < self.year.to);
        let left_open = |at: DateTime<Utc>| calendar.elapsed(at, at + LATE, &[]);
        let worst = [self.year.from].into_iter().chain(closings).min_by_key(|at| left_open(*at))?;
        if left_open(worst) >= rung.respond_within {
            return None;
        }
        let due = calendar.due(worst, rung.respond_within, &[]);
        let mut timeline = vec![Moment { at: worst, happens: Happens::Delivered(rung.team.clone()) }];
        timeline.extend(due.map(|at| Moment { at, happens: Happens::AnswerDue(rung.team.clone()) }));
        let gravity = if due.is_some() { Gravity::Warning } else { Gravity::Error };
        let defect = Defect::Late { within: rung.respond_within, wait: due.map(|due| due - worst) };
        Some(Finding { gravity, place, defect, timeline, zone: calendar.zone })
    }
}

/// Whether a moment is in one of these spans, which are in order and apart.
fn holds(spans: &[Span], at: DateTime<Utc>) -> bool {
    let after = spans.partition_point(|span| span.from <= at);
    after.checked_sub(1).is_some_and(|before| spans[before].holds(at))
}
