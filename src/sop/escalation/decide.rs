//! Every rule about a case: what a command leads to, or why it is refused.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sop::escalation::{
    Act, Actor, Command, Escalation, EscalationId, Event, Fate, Opened, PageReason, RaiseReason,
};
use crate::sop::message::{Person, cut};
use crate::sop::team::{Step, TeamId};

/// Why a command changes nothing. `templates/refusal.md` makes the sentence of it that the person in the chat reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    AlreadyAcknowledged {
        id: EscalationId,
        by: Person,
        since: DateTime<Utc>,
    },
    AlreadyResolved {
        id: EscalationId,
        by: Person,
        since: DateTime<Utc>,
    },
    /// The button was drawn before the case went on to another step, or was paged again.
    AlreadyRaised {
        id: EscalationId,
        team: TeamId,
        since: DateTime<Utc>,
    },
    EndOfLadder {
        id: EscalationId,
        team: TeamId,
    },
    NotYourTeam {
        id: EscalationId,
        teams: Vec<TeamId>,
    },
    NoteMissing {
        id: EscalationId,
    },
    /// There is no such case, or the asker may not know of it: the same words for both.
    Unknown {
        asked: String,
    },
    NotStaff,
    /// A field of a form is empty.
    Incomplete {
        field: String,
    },
    /// No trigger has this id.
    UnknownTrigger {
        asked: String,
    },
}

/// Longest note that is kept, in characters.
pub const NOTE_CHARS_MAX: usize = 1_000;

/// Opening a case: it is opened and its first team is paged.
pub fn open(opened: Opened) -> Vec<Event> {
    vec![Event::Opened(Box::new(opened)), Event::Paged { step: Step::FIRST, reason: PageReason::Opened }]
}

impl Escalation {
    /// What a command leads to. Pure: the events are yet to be recorded and applied.
    pub fn decide(&self, command: &Command, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Report { report, severity } => {
                self.refuse_if_resolved()?;
                if *severity > self.severity {
                    let strengthened = Event::Strengthened { report: report.clone(), severity: *severity };
                    Ok(vec![strengthened, Event::Paged { step: self.step, reason: PageReason::Stronger }])
                } else {
                    Ok(vec![Event::Added { report: report.clone() }])
                }
            }
            Command::Act { by, act, seen } => self.act(by, act, *seen),
            Command::PageDelivered { page, place, message } => Ok(match self.pages.get(*page).map(|page| &page.fate) {
                Some(Fate::Asked) => {
                    vec![Event::Delivered { page: *page, place: place.clone(), message: message.clone() }]
                }
                // A card that was deleted and posted again keeps the clock of the first delivery.
                _ => Vec::new(),
            }),
            Command::PageUndeliverable { page, why } => Ok(self.go_around(*page, why)),
            Command::DeadlineReached => Ok(self.pass_deadline(now)),
        }
    }

    fn act(&self, by: &Actor, act: &Act, seen: Option<u64>) -> Result<Vec<Event>, Refusal> {
        match act {
            Act::Acknowledge => self.acknowledge(by, seen),
            Act::Raise { reason } => self.raise(by, reason, seen),
            Act::Resolve { note } => self.resolve(by, note),
        }
    }

    fn acknowledge(&self, by: &Actor, seen: Option<u64>) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        self.refuse_if_taken()?;
        self.refuse_old_button(seen)?;
        self.refuse_outsiders(by)?;
        Ok(vec![Event::Acknowledged { by: by.person.clone() }])
    }

    fn raise(&self, by: &Actor, reason: &str, seen: Option<u64>) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        self.refuse_old_button(seen)?;
        if !self.may_be_read_by(by) {
            return Err(self.not_your_team());
        }
        let to = self.opened.plan.next(self.step);
        if to == self.step {
            return Err(Refusal::EndOfLadder { id: self.id, team: self.team().clone() });
        }
        let reason = cut(reason.trim(), NOTE_CHARS_MAX);
        let why = RaiseReason::ByHand { by: by.person.clone(), reason };
        Ok(vec![Event::Raised { from: self.step, to, why }, Event::Paged { step: to, reason: PageReason::ByHand }])
    }

    fn resolve(&self, by: &Actor, note: &str) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        let is_owner = self.owner().is_some_and(|owner| owner.id == by.person.id);
        if !is_owner {
            self.refuse_outsiders(by)?;
        }
        let note = cut(note.trim(), NOTE_CHARS_MAX);
        if note.is_empty() {
            return Err(Refusal::NoteMissing { id: self.id });
        }
        let mut events = Vec::new();
        if self.responder.is_none() {
            events.push(Event::Acknowledged { by: by.person.clone() });
        }
        events.push(Event::Resolved { by: by.person.clone(), note });
        Ok(events)
    }

    /// A page that reaches nobody: the next team at once, for waiting would help no one. The catch-all alone is tried
    /// again after its time.
    fn go_around(&self, page: usize, why: &str) -> Vec<Event> {
        let Some(asked) = self.pages.get(page).filter(|page| page.fate == Fate::Asked) else { return Vec::new() };
        let mut events = vec![Event::Undeliverable { page, why: why.to_owned() }];
        let to = self.opened.plan.next(asked.step);
        if self.awaiting == Some(page) && to != asked.step {
            events.push(Event::Raised { from: asked.step, to, why: RaiseReason::Undeliverable });
            events.push(Event::Paged { step: to, reason: PageReason::Undeliverable });
        }
        events
    }

    /// Nobody answered in time: on record once, and the next team. Early calls lead to nothing.
    fn pass_deadline(&self, now: DateTime<Utc>) -> Vec<Event> {
        let Some(deadline) = self.next_deadline().filter(|deadline| deadline.at <= now) else { return Vec::new() };
        let Some(page) = self.awaiting else { return Vec::new() };
        let from = self.pages[page].step;
        let to = self.opened.plan.next(from);
        let late_seconds = (now - deadline.at).num_seconds();
        let mut events = Vec::new();
        if matches!(self.pages[page].fate, Fate::Delivered { .. }) {
            events.push(Event::Breached { page, due: deadline.at, late_seconds });
        }
        if to != from {
            events.push(Event::Raised { from, to, why: RaiseReason::Silence });
        }
        events.push(Event::Paged { step: to, reason: PageReason::Silence });
        events
    }

    fn refuse_if_resolved(&self) -> Result<(), Refusal> {
        match &self.resolution {
            Some(done) => Err(Refusal::AlreadyResolved { id: self.id, by: done.by.clone(), since: done.at }),
            None => Ok(()),
        }
    }

    fn refuse_if_taken(&self) -> Result<(), Refusal> {
        match (&self.responder, self.awaiting) {
            (Some((by, since)), None) => {
                Err(Refusal::AlreadyAcknowledged { id: self.id, by: by.clone(), since: *since })
            }
            _ => Ok(()),
        }
    }

    /// What the button said may no longer be what it would do.
    fn refuse_old_button(&self, seen: Option<u64>) -> Result<(), Refusal> {
        if seen.is_none_or(|seen| seen >= self.version) {
            return Ok(());
        }
        self.refuse_if_taken()?;
        let since = self.pages.last().map_or(self.opened_at, |page| page.asked_at);
        Err(Refusal::AlreadyRaised { id: self.id, team: self.team().clone(), since })
    }

    /// A paged team's member, or a manager who may see the case.
    fn refuse_outsiders(&self, by: &Actor) -> Result<(), Refusal> {
        let is_paged = by.teams.iter().any(|team| self.was_paged(team));
        if is_paged || (by.manages && self.may_be_read_by(by)) { Ok(()) } else { Err(self.not_your_team()) }
    }

    fn not_your_team(&self) -> Refusal {
        let mut teams: Vec<TeamId> = Vec::new();
        for page in &self.pages {
            if !teams.contains(&page.team) {
                teams.push(page.team.clone());
            }
        }
        Refusal::NotYourTeam { id: self.id, teams }
    }
}
