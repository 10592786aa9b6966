//! Facts change the case. No rule lives here; applying cannot fail.

use chrono::{DateTime, Utc};
use thin_vec::ThinVec;

use crate::sop::escalation::clocks;
use crate::sop::escalation::{
    Confirmation, Escalation, EscalationId, Event, Fate, Note, Opened, Page, Promise, Raise, RaiseReason, Resolution,
    Waiting,
};
use crate::sop::guidance::message::Told;
use crate::sop::guidance::playbook::StepDone;
use crate::sop::message::Person;
use crate::sop::team::Step;

impl Escalation {
    /// A case begins with its [`Event::Opened`].
    pub fn open(id: EscalationId, opened: Opened, at: DateTime<Utc>) -> Self {
        Self {
            id,
            severity: opened.severity,
            step: Step::FIRST,
            pages: ThinVec::new(),
            awaiting: None,
            answered: ThinVec::new(),
            responder: None,
            promise: None,
            waiting: None,
            offered: None,
            notes: ThinVec::new(),
            owed: None,
            informed: ThinVec::new(),
            steps_done: ThinVec::new(),
            told: None,
            resolution: None,
            confirmation: None,
            grade: None,
            added: ThinVec::new(),
            parts: ThinVec::new(),
            raised: None,
            gaps: ThinVec::new(),
            breaches: 0,
            clocks: clocks::at_opening(&opened, at),
            late_seconds: 0,
            moved_at: None,
            version: 1,
            facts: 1,
            opened_at: at,
            updated_at: at,
            opened,
        }
    }

    /// Takes a fact in. A fact about a page that does not exist cannot be recorded, so it is not looked for.
    pub fn apply(&mut self, event: Event, at: DateTime<Utc>) {
        self.updated_at = at;
        self.facts += 1;
        self.run_clocks(&event, at);
        match event {
            Event::Opened(opened) => *self = Self::open(self.id, *opened, at),
            Event::Added { report } => {
                self.added.push(*report);
                self.settle_owed();
            }
            Event::Strengthened { report, severity } => {
                self.severity = severity;
                self.added.push(*report);
                self.settle_owed();
            }
            Event::Paged { step, reason, on_call } => {
                self.step = step;
                self.awaiting = Some(self.pages.len());
                self.answered.clear();
                self.rest();
                let (team, added) = (self.opened.plan.rung(step).team.clone(), self.joined());
                // Most cases are paged once.
                self.pages.reserve_exact(1);
                let on_call = on_call.into();
                self.pages.push(Page { step, team, reason, on_call, asked_at: at, added, fate: Fate::Asked });
                self.version += 1;
            }
            Event::Delivered { page, place, message } => {
                self.pages[page].fate = Fate::Delivered { at, place, message };
            }
            // The time of the page goes on.
            Event::Reposted { page, place, message } => {
                if let Fate::Delivered { place: known_place, message: known, .. } = &mut self.pages[page].fate {
                    (*known_place, *known) = (place, message);
                }
            }
            Event::Undeliverable { page, why } => {
                self.pages[page].fate = Fate::Undeliverable { at, why };
            }
            Event::Breached { late_seconds, .. } => {
                self.breaches += 1;
                self.late_seconds = late_seconds;
            }
            Event::Raised { from, to, why } => {
                if why != RaiseReason::Silence {
                    self.late_seconds = 0;
                }
                let from = self.opened.plan.rung(from).team.clone();
                self.step = to;
                let gaps = std::mem::take(&mut self.gaps);
                self.raised = Some(Box::new(Raise { at, from, why, gaps }));
            }
            Event::Answered { by } => self.answered.push(by),
            Event::Acknowledged { by } => self.give_to(by, at),
            Event::HandedOff { to } => {
                self.answered.clear();
                self.give_to(to, at);
            }
            Event::Promised { until, .. } => self.promise = Some(Box::new(Promise { until, nudged_at: None })),
            Event::Nudged { .. } => {
                if let Some(promise) = &mut self.promise {
                    promise.nudged_at = Some(at);
                }
                self.version += 1;
            }
            Event::Noted { by, text } => self.notes.push(Note { by, text, at }),
            Event::Waited { by, reason } => {
                self.rest();
                self.waiting = Some(Box::new(Waiting { by, reason, since: at }));
                self.version += 1;
            }
            Event::Resumed { .. } => {
                self.waiting = None;
                self.version += 1;
            }
            Event::Offered { to, .. } => {
                self.offered = Some(Box::new(to));
                self.version += 1;
            }
            Event::SeveritySet { by, severity, reason } => {
                self.severity = severity;
                self.notes.push(Note { by, text: reason, at });
            }
            Event::ConfirmationAsked { of, until } => {
                self.confirmation = Some(Box::new(Confirmation { of, until, confirmed: false }));
            }
            Event::Confirmed { .. } => {
                if let Some(asked) = &mut self.confirmation {
                    asked.confirmed = true;
                }
            }
            Event::Replied { at, .. } => {
                if self.is_kept_by(at) {
                    self.told = None;
                }
            }
            Event::CustomerAsked { .. } | Event::Warned { .. } | Event::RanOut { .. } => {}
            Event::Required { fields, by, due } => self.require(fields, by, due),
            Event::Bounced { field, from, due, .. } => self.require([*field].into(), from, due),
            Event::Informed { answers, .. } => {
                self.informed.extend(answers);
                self.settle_owed();
            }
            Event::Reminded { .. } => {
                if let Some(owed) = &mut self.owed {
                    owed.reminded_at = Some(at);
                }
            }
            Event::StepDone { by, playbook, step } => self.steps_done.push(StepDone { by, at, playbook, step }),
            Event::CustomerTold { by, due } => self.told = Some(Box::new(Told { by, due, at })),
            Event::MovedOver(terms) => self.take_terms(*terms, at),
            Event::Graded { by, grade } => self.grade = Some(Box::new((by, grade))),
            Event::Reopened { by, reason } => {
                self.notes.push(Note { by, text: reason, at });
                self.resolution = None;
                self.confirmation = None;
                self.responder = None;
            }
            Event::Resolved { by, note } => self.end(Resolution { by, at, note, into: None }),
            Event::Merged { by, into } => self.end(Resolution { by, at, note: String::new(), into: Some(into) }),
            Event::Joined { parts, severity, .. } => {
                self.severity = severity;
                for part in parts {
                    self.told = self.told.take().or_else(|| part.told.clone().map(Box::new));
                    self.parts.push(part);
                }
                self.settle_owed();
            }
            Event::Parted { parts } => self.parts.retain(|part| !parts.contains(&part.case)),
            Event::GapFound { team } => self.gaps.push(team),
        }
    }

    /// Somebody has it from now on.
    fn give_to(&mut self, by: Person, at: DateTime<Utc>) {
        self.responder = Some(Box::new((by, at)));
        self.awaiting = None;
        self.offered = None;
        self.version += 1;
    }

    fn end(&mut self, resolution: Resolution) {
        self.resolution = Some(Box::new(resolution));
        self.awaiting = None;
        self.rest();
        self.version += 1;
    }

    /// Nothing is promised any more, offered or waited for.
    fn rest(&mut self) {
        self.promise = None;
        self.waiting = None;
        self.offered = None;
    }
}
