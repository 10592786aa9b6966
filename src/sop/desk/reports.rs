//! When a team is due its digest, and what is told of it.
//!
//! A digest is a deadline like any other: a function of its schedule and of the last one that is on record. What the
//! program slept through comes in one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::sop::calendar::Span;
use crate::sop::desk::turn::{Turn, managers_only};
use crate::sop::desk::{Desk, Fact};
use crate::sop::digest::{Audience, Schedule, digest, period};
use crate::sop::escalation::{Actor, Refusal};
use crate::sop::message::{MessageId, PlaceId, cut};
use crate::sop::notice::{Answer, DigestFacts, Notice, Section};
use crate::sop::procedure::Procedure;
use crate::sop::team::TeamId;

#[derive(Clone, Debug, Default)]
pub(super) struct Reports {
    /// Up to when each schedule has been told, by its id.
    told: BTreeMap<String, DateTime<Utc>>,
    next: Option<DateTime<Utc>>,
    /// The version of the procedure that the next one was worked out for; `None`: not yet.
    worked_out: Option<String>,
}

impl Reports {
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.next
    }

    pub(super) fn tell(&mut self, schedule: String, until: DateTime<Utc>) {
        self.told.insert(schedule, until);
        self.worked_out = None;
    }
}

impl Desk {
    /// Works out the next digest, if anything that it depends on has changed.
    pub(super) fn look_for_reports(&mut self, procedure: &Procedure) {
        if self.reports.worked_out.as_ref() == Some(&procedure.version) {
            return;
        }
        let next = procedure.digests.iter().filter_map(|schedule| schedule.next(self.told_up_to(schedule)?.0));
        self.reports.next = next.min();
        // Before the procedure is on record as adopted there is no beginning to count from.
        self.reports.worked_out = self.adopted.is_some().then(|| procedure.version.clone());
    }

    /// Up to when a schedule has been told; one that never was counts from when its procedure was adopted, which is
    /// said beside it.
    fn told_up_to(&self, schedule: &Schedule) -> Option<(DateTime<Utc>, bool)> {
        let told = self.reports.told.get(&schedule.id()).map(|told| (*told, false));
        told.or_else(|| Some((self.adopted.as_ref()?.since(), true)))
    }
}

/// What somebody asks for who names none.
const PERIOD: &str = "7d";
/// Characters of what was typed that are shown again.
const TYPED_SHOWN: usize = 40;

impl Turn<'_> {
    pub(super) fn pass_reports(&mut self) {
        for schedule in &self.procedure.digests {
            let Some((since, is_first)) = self.desk.told_up_to(schedule) else { continue };
            let Some(window) = schedule.due(since, is_first, self.now) else { continue };
            self.record(Fact::Reported { schedule: schedule.id(), until: window.to });
            let late_minutes = (self.now - window.to).num_minutes();
            self.outcome.notices.push(Notice::Digest { team: schedule.team.clone(), window, late_minutes });
        }
    }

    /// The digest stands in a team's place: what did not fit into it is told below.
    pub(super) fn tell_details(&mut self, team: &TeamId, window: Span, place: &PlaceId, message: &MessageId) {
        for section in Section::ALL {
            let (team, place, message) = (team.clone(), place.clone(), message.clone());
            self.outcome.notices.push(Notice::DigestSection { team, window, section, place, message });
        }
    }

    pub(super) fn digest(&self, actor: &Actor, typed: Option<&str>) -> Result<Answer, Refusal> {
        managers_only(actor)?;
        let typed = typed.unwrap_or(PERIOD);
        let zone = self.procedure.person(&actor.person.id).map(|known| known.zone);
        let zone = zone.or_else(|| self.procedure.digests.first().map(|schedule| schedule.zone)).unwrap_or(Tz::UTC);
        let window = period(typed, zone, self.now)
            .map_err(|why| Refusal::NoPeriod { typed: cut(typed.trim(), TYPED_SHOWN), why })?;
        let digest = digest(self.desk, self.procedure, &Audience::person(actor), window);
        Ok(Answer::Digest(Box::new(DigestFacts { digest, team: None, late_minutes: 0 })))
    }
}
