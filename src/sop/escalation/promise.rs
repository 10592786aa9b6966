//! An acknowledgement is a promise: by when the next step comes, and what follows if it does not.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::sop::calendar::Span;
use crate::sop::escalation::decide::moved;
use crate::sop::escalation::{Actor, Deadline, Escalation, Event, PageReason, Promise, RaiseReason, Refusal};
use crate::sop::message::{Person, PersonId};
use crate::sop::rota::{End, moment_after};

/// Who needs longer hands the case off, or waits for the customer.
const PROMISE_MAX: TimeDelta = TimeDelta::days(7);

impl Escalation {
    pub(super) fn promise(
        &self,
        by: &Actor,
        within: Option<TimeDelta>,
        seen: Option<u64>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        self.refuse_if_nobody_has_it()?;
        self.refuse_strangers(by)?;
        // The button of whoever had it before speaks of a promise that is not theirs any more.
        if seen.is_some_and(|seen| seen < self.version) && !self.is_responder(&by.person.id) {
            self.refuse_if_taken()?;
        }
        self.refuse_far_promise(within)?;
        let resumed = self.waiting.is_some().then(|| Event::Resumed { by: Some(by.person.clone()) });
        Ok(resumed.into_iter().chain([self.promised(by.person.clone(), within, now)]).collect())
    }

    pub(super) fn is_responder(&self, person: &PersonId) -> bool {
        self.responder.as_deref().is_some_and(|(responder, _)| responder.id == *person)
    }

    /// The next step comes before the day is over: before the team goes home, or, where it has no hours or they are over,
    /// by midnight where the person lives.
    pub(super) fn promise_today(
        &self,
        by: &Actor,
        zone: Tz,
        seen: Option<u64>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Refusal> {
        let calendar = self.rung().calendar.as_deref();
        let midnight = |zone| moment_after("00:00", zone, End::First, now).unwrap_or(now);
        let closing = calendar.and_then(|calendar| {
            let today = Span { from: now, to: midnight(calendar.zone) };
            calendar.open(today).last().map(|open| open.to)
        });
        self.promise(by, Some(closing.unwrap_or_else(|| midnight(zone)) - now), seen, now)
    }

    /// The next step comes within this time, or within the time that the team has to answer, in its own hours.
    pub(super) fn promised(&self, by: Person, within: Option<TimeDelta>, now: DateTime<Utc>) -> Event {
        Event::Promised { by, until: within.map_or_else(|| self.rung().due(now), |within| now + within) }
    }

    /// The next step did not come: first a reminder, then the next team.
    pub(super) fn pass_promise(&self, deadline: &Deadline, now: DateTime<Utc>) -> Vec<Event> {
        let Some((responder, _)) = self.responder.as_deref() else { return Vec::new() };
        if let Some(Promise { until, nudged_at: None }) = self.promise.as_deref() {
            let late_seconds = self.lateness(deadline.at, now);
            return vec![Event::Nudged { due: *until, late_seconds }];
        }
        let why = RaiseReason::Lapsed { responder: responder.clone() };
        moved(self.step, self.opened.plan.next(self.step), why, PageReason::Lapsed)
    }

    pub(super) fn refuse_far_promise(&self, within: Option<TimeDelta>) -> Result<(), Refusal> {
        match within {
            Some(within) if within > PROMISE_MAX => {
                Err(Refusal::PromiseTooFar { id: self.id, hours: PROMISE_MAX.num_hours() })
            }
            _ => Ok(()),
        }
    }
}
