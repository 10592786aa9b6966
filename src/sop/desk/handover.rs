//! When duties change hands while cases are open with their team, and who is told.
//!
//! A hand-over is a deadline like any other: a function of the rota, of what is open, and of the last one that is on
//! record. With nothing open there is none. What the program slept through is told once, as it is then.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::sop::desk::turn::Turn;
use crate::sop::desk::{Desk, Fact};
use crate::sop::escalation::{Escalation, EscalationId};
use crate::sop::notice::{Notice, Post};
use crate::sop::procedure::Procedure;
use crate::sop::rota::Rota;
use crate::sop::team::TeamId;

/// A longer shift is told from here on.
const SHIFT_MAX: TimeDelta = TimeDelta::days(31);

#[derive(Clone, Debug, Default)]
pub(super) struct Handovers {
    /// Open cases by the team that has them, and since when it does.
    pub(super) held: BTreeMap<TeamId, BTreeSet<(DateTime<Utc>, EscalationId)>>,
    /// Hand-overs up to here are seen to.
    seen_to: BTreeMap<TeamId, DateTime<Utc>>,
    ahead: Ahead,
}

/// The next hand-over, and what it was worked out from.
#[derive(Clone, Debug, Default)]
struct Ahead {
    next: Option<DateTime<Utc>>,
    since: BTreeMap<TeamId, DateTime<Utc>>,
    covers: usize,
}

impl Handovers {
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.ahead.next
    }

    pub(super) fn see_to(&mut self, team: TeamId, at: DateTime<Utc>) {
        self.seen_to.insert(team, at);
    }

    /// A case came to a team, or left it.
    pub(super) fn move_case(&mut self, id: EscalationId, before: Option<Held>, after: Option<Held>) {
        if before == after {
            return;
        }
        if let Some((team, since)) = before
            && let Some(held) = self.held.get_mut(&team)
        {
            held.remove(&(since, id));
            if held.is_empty() {
                self.held.remove(&team);
            }
        }
        if let Some((team, since)) = after {
            self.held.entry(team).or_default().insert((since, id));
        }
    }

    /// From when on the hand-overs of each team with something open are still to be seen to.
    fn since(&self) -> BTreeMap<TeamId, DateTime<Utc>> {
        let since =
            |team: &TeamId, oldest: DateTime<Utc>| self.seen_to.get(team).map_or(oldest, |seen| oldest.max(*seen));
        let oldest = self.held.iter().filter_map(|(team, held)| Some((team, held.first()?.0)));
        oldest.map(|(team, oldest)| (team.clone(), since(team, oldest))).collect()
    }
}

/// The team that has an open case, and since when.
pub(super) type Held = (TeamId, DateTime<Utc>);

pub(super) fn held(case: &Escalation) -> Option<Held> {
    let paged = case.pages.last().filter(|_| case.resolution.is_none())?;
    Some((paged.team.clone(), paged.asked_at))
}

impl Desk {
    /// Works out the next hand-over and the next digest, if anything that it depends on has changed. [`Desk::handle`] does it by itself;
    /// whoever folds a log calls it once afterwards.
    pub fn look_ahead(&mut self, procedure: &Procedure) {
        self.look_for_reports(procedure);
        let (since, covers) = (self.handovers.since(), self.covers.len());
        if since == self.handovers.ahead.since && covers == self.handovers.ahead.covers {
            return;
        }
        let next = since.iter().filter_map(|(team, since)| self.next_handover(team, *since, procedure)).min();
        self.handovers.ahead = Ahead { next, since, covers };
    }

    /// Open cases of a team, the most severe first, then the oldest.
    pub fn held_by(&self, team: &TeamId) -> Vec<&Escalation> {
        let held = self.handovers.held.get(team).into_iter().flatten();
        let mut held: Vec<&Escalation> = held.filter_map(|(_, id)| self.case(*id)).collect();
        held.sort_by_key(|case| (std::cmp::Reverse(case.severity), case.id));
        held
    }

    /// When the shift began that ends at this moment: the latest, where a team has several duties. `None` where nobody
    /// had one.
    pub fn shift_before(&self, team: &TeamId, until: DateTime<Utc>, procedure: &Procedure) -> Option<DateTime<Utc>> {
        let rotas = procedure.rotas_of(team).map(|rota| rota.with_covers(&self.covers));
        let last = |rota: Cow<'_, Rota>| {
            let shift = rota.shifts(until - SHIFT_MAX, until).last()?;
            shift.person.map(|_| shift.span.from)
        };
        rotas.filter_map(last).max()
    }

    fn next_handover(&self, team: &TeamId, after: DateTime<Utc>, procedure: &Procedure) -> Option<DateTime<Utc>> {
        let rotas = procedure.rotas_of(team).map(|rota| rota.with_covers(&self.covers));
        rotas.filter_map(|rota| rota.next_handover(after).map(|next| next.at)).min()
    }

    fn last_handover(&self, team: &TeamId, after: DateTime<Utc>, turn: &Turn<'_>) -> Option<DateTime<Utc>> {
        let next = |at: &DateTime<Utc>| self.next_handover(team, *at, turn.procedure).filter(|next| *next <= turn.now);
        std::iter::successors(next(&after), next).last()
    }
}

impl Turn<'_> {
    /// Each team whose duty has changed hands hears of what is open with it. Of several changes that nobody saw to in
    /// time only what they come to is told.
    pub(super) fn pass_handovers(&mut self) {
        for (team, since) in self.desk.handovers.since() {
            let Some(at) = self.desk.last_handover(&team, since, self) else { continue };
            let on_call = |at| self.desk.people_on_call(&team, self.procedure, at).unwrap_or_default();
            let (from, to) = (on_call(since), on_call(self.now));
            self.record(Fact::HandedOver { team: team.clone(), at, from: from.clone(), to: to.clone() });
            if from != to {
                let late_minutes = (self.now - at).num_minutes();
                let post = Post::HandedOver { team: team.clone(), at, from, to: to.clone(), late_minutes };
                self.outcome.notices.push(Notice::Post { team, made_at: self.now, post, calls: to });
            }
        }
    }
}
