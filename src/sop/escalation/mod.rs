//! The case: what happened to it ([`Event`]), what somebody wants of it ([`Command`]), and what follows.
//!
//! [`Escalation::decide`] holds every rule and changes nothing; [`Escalation::apply`] changes everything and knows no
//! rule. State is the fold of the events, so it survives a restart by being folded again, and
//! [`Escalation::next_deadline`] is a function of state, so a deadline survives with it.

mod apply;
mod clocks;
mod command;
mod confirm;
mod decide;
mod event;
mod information;
mod merge;
mod moving;
mod on_call;
mod playbook;
mod promise;
#[cfg(test)]
mod properties;
mod tell;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

pub use crate::sop::escalation::clocks::Running;
pub use crate::sop::escalation::command::{Act, Actor, Command};
pub use crate::sop::escalation::confirm::Confirmation;
pub use crate::sop::escalation::decide::{NOTE_CHARS_MAX, Refusal, open};
pub use crate::sop::escalation::event::{Event, Grade, PageReason, RaiseReason};
pub use crate::sop::escalation::merge::{Merger, Part, merge};
pub use crate::sop::escalation::moving::{Moved, Terms};
pub use crate::sop::escalation::on_call::OnCall;
pub use crate::sop::guidance::information::Information;
use crate::sop::guidance::information::Owed;
use crate::sop::guidance::message::Told;
use crate::sop::guidance::playbook::StepDone;
use crate::sop::instant;
use crate::sop::message::{MessageId, Person, PersonId, PlaceId, TicketRef};
use crate::sop::signal::Kind;
use crate::sop::team::{Plan, Rung, Severity, Step, TeamId};
use crate::sop::trigger::{Finding, Flip, NearMiss, Ownership, Scope};

/// The number of a case on its desk, from 1. People see `ESC-142`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EscalationId(pub u32);

impl std::fmt::Display for EscalationId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ESC-{}", self.0)
    }
}

impl std::str::FromStr for EscalationId {
    type Err = ();

    /// Takes `ESC-142`, `esc-142`, `#142` and `142`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim();
        let prefix = text.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("esc-"));
        let digits = prefix.map_or(text, |prefix| &text[prefix.len()..]).trim_start_matches('#');
        let number = digits.parse().map_err(|_| ())?;
        if number == 0 { Err(()) } else { Ok(Self(number)) }
    }
}

/// What a case is about: what decides whether a later message belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// `None` where a rep escalated without naming a customer.
    pub customer: Option<Arc<Person>>,
    pub place: PlaceId,
    pub ticket: Option<Box<TicketRef>>,
    pub scope: Scope,
}

impl Subject {
    /// The same issue: the same ticket where both have one, else the same customer. A case for everyone is about
    /// whatever its plan is for.
    pub fn is_same_issue(&self, other: &Self) -> bool {
        if self.scope == Scope::Everyone && other.scope == Scope::Everyone {
            return true;
        }
        if self.ticket.is_some() && other.ticket.is_some() {
            return self.is_same_ticket(other);
        }
        self.customer_id().is_some() && self.customer_id() == other.customer_id()
    }

    pub fn is_same_ticket(&self, other: &Self) -> bool {
        matches!((&self.ticket, &other.ticket), (Some(ours), Some(theirs)) if ours.is_same(theirs))
    }

    pub fn customer_id(&self) -> Option<&PersonId> {
        self.customer.as_ref().map(|customer| &customer.id)
    }
}

/// Words of the customer that a reader should see, and what they count for. Never the whole message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    pub kind: Kind,
    pub words: CompactString,
}

/// A message, or a form, that speaks for a case: the one that opened it or one that was added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub customer: Option<Arc<Person>>,
    pub place: PlaceId,
    pub message: Option<MessageId>,
    /// When it was said.
    #[serde(deserialize_with = "instant::read")]
    pub said_at: DateTime<Utc>,
    /// Earlier messages that a condition counted: those of the same customer, or of others with the same trouble.
    pub counted: Box<[Counted]>,
    /// Ids and names of the triggers that fired on it, the leading one first; empty for a case opened by hand.
    pub triggers: Arc<[TriggerName]>,
    pub findings: Box<[Finding]>,
    /// For each trigger that fired, what would have kept it quiet; empty where that is not on record.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub flips: Box<[Flip]>,
    pub quotes: Box<[Quote]>,
    /// What a form asked for; empty for a message.
    pub information: Box<[Information]>,
}

/// A message that counts towards a number of contacts or of customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub customer: Person,
    pub place: PlaceId,
    pub message: MessageId,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerName {
    pub id: String,
    pub name: String,
}

/// Everything that is frozen when a case opens. A changed procedure does not bend it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened<P = Arc<Plan>> {
    pub subject: Subject,
    pub severity: Severity,
    pub confidential: bool,
    pub ownership: Ownership,
    pub plan: P,
    /// The version of the procedure it opened under.
    pub procedure: CompactString,
    /// The person who escalated by hand; `None` where a trigger did.
    pub by: Option<Box<Person>>,
    pub report: Report,
    pub near: Box<[NearMiss]>,
    /// The resolved case about the same issue before this one.
    pub after: Option<EscalationId>,
    /// Nothing has happened: people practise. It never meets a real case.
    #[serde(default)]
    pub drill: bool,
}

impl<P> Opened<P> {
    /// The same with its plan in another form.
    pub(super) fn with_plan<Q>(self, plan: Q) -> Opened<Q> {
        Opened {
            subject: self.subject,
            severity: self.severity,
            confidential: self.confidential,
            ownership: self.ownership,
            plan,
            procedure: self.procedure,
            by: self.by,
            report: self.report,
            near: self.near,
            after: self.after,
            drill: self.drill,
        }
    }
}

/// A page that was asked for, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    pub step: Step,
    pub team: TeamId,
    pub reason: PageReason,
    /// The people it rings; none: the whole team.
    pub on_call: Box<[Person]>,
    pub asked_at: DateTime<Utc>,
    /// How many messages had joined the case by then.
    pub added: usize,
    pub fate: Fate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// On its way.
    Asked,
    Delivered {
        at: DateTime<Utc>,
        place: PlaceId,
        message: MessageId,
    },
    Undeliverable {
        at: DateTime<Utc>,
        why: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Unacknowledged,
    Acknowledged,
    Resolved,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Unacknowledged => "unacknowledged",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

/// A case as it stands: the fold of its events. What most cases lack most of the time takes a
/// pointer: there may be very many.
#[derive(Clone, Debug, PartialEq)]
pub struct Escalation {
    pub id: EscalationId,
    pub opened: Opened,
    pub opened_at: DateTime<Utc>,
    pub severity: Severity,
    pub step: Step,
    /// Every page so far, oldest first.
    pub pages: ThinVec<Page>,
    /// The page that somebody still has to answer, an index into [`Self::pages`].
    pub awaiting: Option<usize>,
    /// Who has answered the page, in their order, where several must: the first becomes the responder.
    pub answered: ThinVec<Person>,
    /// Who took it last.
    pub responder: Option<Box<(Person, DateTime<Utc>)>>,
    /// When the responder's next step is due; `None` while nobody has it, or it waits for the customer.
    pub promise: Option<Box<Promise>>,
    /// It waits for the customer.
    pub waiting: Option<Box<Waiting>>,
    /// Who was asked to take it over, and has not yet.
    pub offered: Option<Box<Person>>,
    /// What people wrote down, oldest first: why they changed the severity or reopened it, too.
    pub notes: ThinVec<Note>,
    /// What the team has to know and has not been told.
    pub owed: Option<Box<Owed>>,
    /// What was told after it was opened, oldest first.
    pub informed: ThinVec<Information>,
    /// Steps of playbooks that were done, oldest first.
    pub steps_done: ThinVec<StepDone>,
    /// By when the customer was told to expect something.
    pub told: Option<Box<Told>>,
    pub resolution: Option<Box<Resolution>>,
    /// Whether whoever reported it agrees; `None` where nobody was asked.
    pub confirmation: Option<Box<Confirmation>>,
    /// Whether it was right to open it, as judged last.
    pub grade: Option<Box<(Person, Grade)>>,
    /// Messages that joined after the first.
    pub added: ThinVec<Report>,
    /// Cases that go on as part of this one.
    pub parts: ThinVec<Part>,
    /// The last time it went to another step.
    pub raised: Option<Box<Raise>>,
    /// Teams found with nobody on call, since it last went to another step.
    pub gaps: ThinVec<TeamId>,
    pub breaches: u32,
    /// Those that run or stand still, besides the one of its page.
    pub clocks: ThinVec<Running>,
    /// How late the silence was noticed that last moved it on: more than a moment only if the program was down. 0 once
    /// something else moved it on.
    pub late_seconds: i64,
    /// When it last moved over to another version of the procedure.
    pub moved_at: Option<DateTime<Utc>>,
    /// Counts what changes the meaning of a card's buttons. A button carries the version it was drawn from.
    pub version: u64,
    /// How many facts it is the fold of.
    pub facts: u32,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Raise {
    pub at: DateTime<Utc>,
    /// The team it went on from.
    pub from: TeamId,
    pub why: RaiseReason,
    /// Teams that were passed over, because nobody is on call for them.
    pub gaps: ThinVec<TeamId>,
}

/// An acknowledgement is a promise: the next step comes by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    pub until: DateTime<Utc>,
    /// The responder was reminded then.
    pub nudged_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    pub by: Person,
    pub reason: String,
    pub since: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub by: Person,
    pub text: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    pub by: Person,
    pub at: DateTime<Utc>,
    pub note: String,
    /// It was merged: it is not solved, but goes on as part of this one. The note is empty.
    pub into: Option<EscalationId>,
}

/// The next instant at which a case wants to be woken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    pub at: DateTime<Utc>,
    pub why: &'static str,
}

/// Whoever is reminded and does nothing for this long is not there; a team that answers faster has less.
pub const NUDGE_GRACE_MAX: TimeDelta = TimeDelta::minutes(15);

impl Escalation {
    pub fn status(&self) -> Status {
        if self.resolution.is_some() {
            Status::Resolved
        } else if self.responder.is_some() {
            Status::Acknowledged
        } else {
            Status::Unacknowledged
        }
    }

    /// The next step of the case, the next that is to be said of one of its clocks, or the information that is owed.
    pub fn next_deadline(&self) -> Option<Deadline> {
        [self.step_deadline(), self.clock_deadline(), self.owed_deadline()]
            .into_iter()
            .flatten()
            .min_by_key(|deadline| deadline.at)
    }

    /// By when the page that waits has to be answered.
    pub fn answer_due(&self) -> Option<DateTime<Utc>> {
        self.page_deadline().map(|deadline| deadline.at)
    }

    /// When the page that waits for an answer runs out; where somebody has it, when they are reminded of their next
    /// step, and when that was in vain; where it is resolved, when nobody needs to confirm that any more.
    pub fn step_deadline(&self) -> Option<Deadline> {
        if self.resolution.is_some() {
            return self.confirmation_deadline();
        }
        if self.awaiting.is_some() {
            return self.page_deadline();
        }
        let Promise { until, nudged_at } = self.promise.as_deref()?;
        Some(match nudged_at {
            None => Deadline { at: self.when_read(*until), why: "the next step is due" },
            Some(at) => Deadline { at: *at + self.nudge_grace(), why: "nothing came of the reminder" },
        })
    }

    /// How long a reminder is left alone before the next team is paged.
    fn nudge_grace(&self) -> TimeDelta {
        self.rung().respond_within.min(NUDGE_GRACE_MAX)
    }

    /// Never, while the page has not been delivered: time that nobody could have used does not count. A team's time is
    /// counted in its own hours.
    fn page_deadline(&self) -> Option<Deadline> {
        let page = &self.pages[self.awaiting?];
        let rung = self.opened.plan.rung(page.step);
        match &page.fate {
            Fate::Delivered { at, .. } => Some(Deadline { at: rung.due(*at), why: "nobody has answered the page" }),
            // Only the catch-all stays on an undeliverable page: it is tried again, so that the case is never silent,
            // and around the clock, for what failed is no person.
            Fate::Undeliverable { at, .. } => {
                Some(Deadline { at: *at + rung.respond_within, why: "the page could not be delivered" })
            }
            Fate::Asked => None,
        }
    }

    /// Who the customer's trouble belongs to now: the rep or the responder, as the trigger says.
    pub fn owner(&self) -> Option<&Person> {
        match self.opened.ownership {
            Ownership::Responder => self.responder.as_deref().map(|(person, _)| person).or(self.opened.by.as_deref()),
            Ownership::Reporter => self.opened.by.as_deref().or(self.responder.as_deref().map(|(person, _)| person)),
        }
    }

    /// The rung it stands on.
    pub fn rung(&self) -> &Rung {
        self.opened.plan.rung(self.step)
    }

    /// The team whose answer is due, or that answered.
    pub fn team(&self) -> &TeamId {
        &self.rung().team
    }

    /// Every message that speaks for it, the one that opened it first.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        let of_parts = self.parts.iter().flat_map(|part| &part.reports);
        [&self.opened.report].into_iter().chain(&self.added).chain(of_parts)
    }

    /// How many messages joined after the first.
    pub fn joined(&self) -> usize {
        self.reports().count() - 1
    }

    /// The same message with no trigger that it had not fired before: an edit, or a second delivery.
    pub fn has_heard(&self, report: &Report) -> bool {
        report.message.is_some()
            && self.reports().any(|known| {
                known.message == report.message && report.triggers.iter().all(|name| known.triggers.contains(name))
            })
    }

    pub fn was_paged(&self, team: &TeamId) -> bool {
        self.pages.iter().any(|page| page.team == *team)
    }

    /// Time from the first delivered page to the first acknowledgement that stands.
    pub fn time_to_answer(&self) -> Option<TimeDelta> {
        let (_, taken_at) = self.responder.as_deref()?;
        self.pages.iter().find_map(|page| match &page.fate {
            Fate::Delivered { at, .. } => Some(*taken_at - *at),
            _ => None,
        })
    }

    /// The name under which uncleared people may speak of a confidential case: says nothing about it.
    pub fn codename(&self) -> String {
        let number = self.id.0 as usize - 1;
        let bird = CODENAMES[number % CODENAMES.len()];
        match number / CODENAMES.len() {
            0 => bird.to_owned(),
            round => format!("{bird} {}", round + 1),
        }
    }

    /// Whether somebody may read a case: anybody on staff, unless it is confidential; then only the teams on its
    /// ladder and those that were paged, whoever a page rang by name, and whoever took it or opened it.
    pub fn may_be_read_by(&self, actor: &Actor) -> bool {
        !self.opened.confidential
            || self.opened.plan.teams().any(|team| actor.teams.contains(team))
            || actor.teams.iter().any(|team| self.was_paged(team))
            || self.is_of(&actor.person.id)
            || self.was_rung(&actor.person.id)
    }

    /// Whoever took it or opened it; the owner is one of them.
    pub fn is_of(&self, person: &PersonId) -> bool {
        let responder = self.responder.as_deref().map(|(person, _)| person);
        responder.into_iter().chain(self.opened.by.as_deref()).any(|known| known.id == *person)
    }
}

/// Birds of the shore: easy to say, about nothing.
const CODENAMES: [&str; 32] = [
    "Heron",
    "Tern",
    "Plover",
    "Gannet",
    "Curlew",
    "Dunlin",
    "Eider",
    "Fulmar",
    "Godwit",
    "Avocet",
    "Knot",
    "Osprey",
    "Petrel",
    "Pintail",
    "Puffin",
    "Rail",
    "Redshank",
    "Ruff",
    "Sanderling",
    "Scoter",
    "Shag",
    "Shelduck",
    "Skua",
    "Smew",
    "Snipe",
    "Stilt",
    "Teal",
    "Turnstone",
    "Whimbrel",
    "Wigeon",
    "Goldeneye",
    "Kittiwake",
];
