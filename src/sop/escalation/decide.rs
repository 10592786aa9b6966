//! Every rule about a case: what a command leads to, or why it is refused.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::sop::digest::PeriodRefusal;
use crate::sop::escalation::on_call::{paged, ring};
use crate::sop::escalation::{
    Act, Actor, Command, Deadline, Escalation, EscalationId, Event, Fate, Grade, OnCall, Opened, Page, PageReason,
    RaiseReason, Resolution, Waiting,
};
use crate::sop::guidance::information::WrongAnswer;
use crate::sop::message::{MessageId, Person, PlaceId, cut};
use crate::sop::rota::DutyRefusal;
use crate::sop::team::{Severity, Step, TeamId};

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
    /// It goes on as part of another case.
    AlreadyMerged {
        id: EscalationId,
        into: EscalationId,
    },
    /// The version in use says otherwise whether it is confidential.
    OtherReaders {
        id: EscalationId,
    },
    /// The version in use has neither its triggers nor its plan.
    NoTerms {
        id: EscalationId,
    },
    /// The procedure has changed since the difference was shown.
    OldDifference {
        id: EscalationId,
    },
    /// One of them is confidential, or a drill, and the other is not in the same way.
    CannotMerge {
        id: EscalationId,
        into: EscalationId,
    },
    /// The button was drawn before the case went on to another step, or was paged again.
    AlreadyRaised {
        id: EscalationId,
        team: TeamId,
        since: DateTime<Utc>,
    },
    /// Several have to acknowledge it, and this person is one of them already.
    AlreadyAnswered {
        id: EscalationId,
        answered: usize,
        required: u32,
    },
    EndOfLadder {
        id: EscalationId,
        team: TeamId,
    },
    /// It is with the first team already: there is none before it.
    StartOfLadder {
        id: EscalationId,
        team: TeamId,
    },
    /// Nobody has taken it yet, so nobody can promise, wait or hand it off.
    NotTaken {
        id: EscalationId,
    },
    NotResolved {
        id: EscalationId,
    },
    AlreadyWaiting {
        id: EscalationId,
        by: Person,
        since: DateTime<Utc>,
    },
    /// A promise is for the near future.
    PromiseTooFar {
        id: EscalationId,
        hours: i64,
    },
    /// It would change nothing.
    AlreadySo {
        id: EscalationId,
    },
    /// Somebody outside of its teams cannot take it over.
    CannotTake {
        id: EscalationId,
        who: Person,
    },
    /// No digest can be given of what was typed.
    NoPeriod {
        typed: String,
        why: PeriodRefusal,
    },
    /// What was typed as a time is none.
    NotATime {
        typed: String,
    },
    ReasonMissing {
        id: EscalationId,
    },
    /// What the text promises is over.
    PromiseOver {
        id: EscalationId,
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
        /// The one that was probably meant, of those that the asker may read.
        meant: Option<EscalationId>,
    },
    NotStaff,
    /// A field of a form is empty.
    Incomplete {
        field: String,
    },
    /// No trigger has this id.
    UnknownTrigger {
        asked: String,
        /// The id of the one that was probably meant.
        meant: Option<String>,
    },
    /// It cannot go back to a team that nobody is on call for.
    NobodyOnCall {
        id: EscalationId,
        team: TeamId,
    },
    /// What was typed into a form is no answer to what it asks.
    WrongAnswer(Box<WrongAnswer>),
    /// Nothing is owed any more.
    NothingOwed {
        id: EscalationId,
    },
    /// The procedure has no playbook for it.
    NoPlaybook {
        id: EscalationId,
    },
    Duty(DutyRefusal),
    ManagersOnly,
    /// The procedure has no text for its customer.
    NoMessage {
        id: EscalationId,
    },
}

impl From<DutyRefusal> for Refusal {
    fn from(refusal: DutyRefusal) -> Self {
        Self::Duty(refusal)
    }
}

/// Longest note that is kept, in characters.
pub const NOTE_CHARS_MAX: usize = 1_000;

/// Opening a case: it is opened and its first team is paged.
pub fn open(opened: Opened, on_call: &OnCall) -> Vec<Event> {
    let plan = opened.plan.clone();
    let events = vec![Event::Opened(Box::new(opened)), paged(Step::FIRST, PageReason::Opened)];
    ring(events, &plan, on_call)
}

impl Escalation {
    /// What a command leads to. Pure: the events are yet to be recorded and applied. `on_call` is who is on call now.
    pub fn decide(&self, command: &Command, on_call: &OnCall, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        let events = self.follow(command, now)?;
        if let Command::Act { act: Act::Lower { .. }, .. } = command {
            self.refuse_gap_below(on_call)?;
        }
        Ok(ring(events, &self.opened.plan, on_call))
    }

    /// What a command leads to, whoever is on call.
    fn follow(&self, command: &Command, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Report { report, severity } => {
                self.refuse_if_resolved()?;
                if *severity > self.severity {
                    let strengthened = Event::Strengthened { report: report.clone(), severity: *severity };
                    Ok(vec![strengthened, paged(self.step, PageReason::Stronger)])
                } else {
                    Ok(vec![Event::Added { report: report.clone() }])
                }
            }
            Command::Act { by, act, seen } => self.act(by, act, *seen, now),
            Command::CustomerWrote => Ok(self.resume(None, now)),
            Command::PageDelivered { page, place, message } => Ok(match self.pages.get(*page).map(|page| &page.fate) {
                Some(Fate::Asked) => {
                    vec![Event::Delivered { page: *page, place: place.clone(), message: message.clone() }]
                }
                _ => Vec::new(),
            }),
            Command::CardReposted { page, place, message } => Ok(self.repost(*page, place, message)),
            Command::PageUndeliverable { page, why } => Ok(self.go_around(*page, why)),
            Command::DeadlineReached => Ok(self.remind(now).into_iter().chain(self.pass_deadline(now)).collect()),
            Command::CustomerAsked { at } => Ok(self.ask(*at, now)),
            Command::Replied { by, at } => Ok(self.reply(by, *at, now)),
            Command::Require { fields, by } => {
                self.refuse_if_resolved()?;
                Ok(self.missing(fields, by.as_ref(), now))
            }
        }
    }

    fn act(&self, by: &Actor, act: &Act, seen: Option<u64>, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        match act {
            Act::Acknowledge { next } => self.acknowledge(by, *next, seen, now),
            Act::Promise { within } => self.promise(by, *within, seen, now),
            Act::PromiseToday { zone } => self.promise_today(by, *zone, seen, now),
            Act::Note { text } => self.note(by, text, now),
            Act::Wait { reason } => self.wait(by, reason),
            Act::HandOff { to } => self.hand_off(by, to),
            Act::Raise { reason } => self.raise(by, reason, seen),
            Act::Lower { reason } => self.lower(by, reason),
            Act::SetSeverity { severity, reason } => self.set_severity(by, *severity, reason),
            Act::Resolve { note } => self.resolve(by, note, now),
            Act::Reopen { reason } => self.reopen(by, reason),
            Act::Grade { grade } => self.grade(by, *grade),
            Act::Inform { answers } => self.inform(by, answers),
            Act::Bounce { missing } => self.bounce(by, missing, now),
            Act::TellCustomer { due } => self.tell_customer(by, *due, now),
            Act::DoStep { playbook, step } => self.do_step(by, playbook, step),
            Act::Confirm => self.confirm(by, seen),
        }
    }

    fn acknowledge(
        &self,
        by: &Actor,
        next: Option<TimeDelta>,
        seen: Option<u64>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        self.refuse_far_promise(next)?;
        let taker = by.person.clone();
        let is_offered = self.awaiting.is_none() && self.offered.as_ref().is_some_and(|to| to.id == taker.id);
        if is_offered && seen.is_none_or(|seen| seen >= self.version) {
            return Ok(vec![Event::HandedOff { to: taker.clone() }, self.promised(taker, next, now)]);
        }
        self.refuse_if_taken()?;
        self.refuse_old_button(seen)?;
        self.refuse_outsiders(by)?;
        self.answer(taker, next, now)
    }

    /// Where several have to acknowledge, the first of them becomes the responder once there are enough; by when the
    /// next step comes is what the last of them says.
    fn answer(&self, by: Person, next: Option<TimeDelta>, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        let (id, answered, required) = (self.id, self.answered.len(), self.rung().required_acks);
        if self.answered.iter().any(|known| known.id == by.id) {
            return Err(Refusal::AlreadyAnswered { id, answered, required });
        }
        let responder = self.answered.first().unwrap_or(&by).clone();
        let mut events = Vec::new();
        if required > 1 {
            events.push(Event::Answered { by });
        }
        if answered + 1 >= required as usize {
            events.extend([Event::Acknowledged { by: responder.clone() }, self.promised(responder, next, now)]);
        }
        Ok(events)
    }

    /// What is written down is a step: the next one is due a whole time later.
    fn note(&self, by: &Actor, text: &str, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_merged()?;
        self.refuse_strangers(by)?;
        let text = told(text).ok_or(Refusal::NoteMissing { id: self.id })?;
        let mut events = vec![Event::Noted { by: by.person.clone(), text }];
        let until = self.rung().due(now);
        if self.promise.as_ref().is_some_and(|promise| promise.until < until) {
            events.push(Event::Promised { by: by.person.clone(), until });
        }
        Ok(events)
    }

    fn wait(&self, by: &Actor, reason: &str) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        self.refuse_if_nobody_has_it()?;
        self.refuse_strangers(by)?;
        if let Some(Waiting { by, since, .. }) = self.waiting.as_deref() {
            return Err(Refusal::AlreadyWaiting { id: self.id, by: by.clone(), since: *since });
        }
        let reason = told(reason).ok_or(Refusal::ReasonMissing { id: self.id })?;
        Ok(vec![Event::Waited { by: by.person.clone(), reason }])
    }

    /// The waiting ends, and the responder has a whole time for the next step.
    pub(super) fn resume(&self, by: Option<&Person>, now: DateTime<Utc>) -> Vec<Event> {
        let (Some(_), Some((responder, _))) = (&self.waiting, self.responder.as_deref()) else { return Vec::new() };
        vec![Event::Resumed { by: by.cloned() }, self.promised(responder.clone(), None, now)]
    }

    fn hand_off(&self, by: &Actor, to: &Actor) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        self.refuse_if_nobody_has_it()?;
        self.refuse_strangers(by)?;
        let who = &to.person;
        if self.is_responder(&who.id) {
            return Err(Refusal::AlreadySo { id: self.id });
        }
        if self.refuse_outsiders(to).is_err() {
            return Err(Refusal::CannotTake { id: self.id, who: who.clone() });
        }
        Ok(vec![Event::Offered { by: by.person.clone(), to: who.clone() }])
    }

    /// Back to the team before: its criteria for coming down are met, as the reason says.
    fn lower(&self, by: &Actor, reason: &str) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        self.refuse_strangers(by)?;
        let Some(to) = self.opened.plan.before(self.step) else {
            return Err(Refusal::StartOfLadder { id: self.id, team: self.team().clone() });
        };
        let reason = self.opened.plan.criterion(reason).cloned().or_else(|| told(reason));
        let reason = reason.ok_or(Refusal::ReasonMissing { id: self.id })?;
        let why = RaiseReason::Lowered { by: by.person.clone(), reason };
        Ok(moved(self.step, to, why, PageReason::Lowered))
    }

    fn set_severity(&self, by: &Actor, severity: Severity, reason: &str) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        self.refuse_strangers(by)?;
        if severity == self.severity {
            return Err(Refusal::AlreadySo { id: self.id });
        }
        let reason = told(reason).ok_or(Refusal::ReasonMissing { id: self.id })?;
        Ok(vec![Event::SeveritySet { by: by.person.clone(), severity, reason }])
    }

    /// The team that had it last is paged again.
    fn reopen(&self, by: &Actor, reason: &str) -> Result<Vec<Event>, Refusal> {
        if self.resolution.is_none() {
            return Err(Refusal::NotResolved { id: self.id });
        }
        self.refuse_strangers(by)?;
        let reason = told(reason).ok_or(Refusal::ReasonMissing { id: self.id })?;
        let paged = paged(self.step, PageReason::Reopened);
        Ok(vec![Event::Reopened { by: by.person.clone(), reason }, paged])
    }

    fn grade(&self, by: &Actor, grade: Grade) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_merged()?;
        self.refuse_strangers(by)?;
        if self.grade.as_deref().is_some_and(|(person, known)| *known == grade && person.id == by.person.id) {
            return Err(Refusal::AlreadySo { id: self.id });
        }
        Ok(vec![Event::Graded { by: by.person.clone(), grade }])
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
        Ok(moved(self.step, to, why, PageReason::ByHand))
    }

    fn resolve(&self, by: &Actor, note: &str, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        self.refuse_if_resolved()?;
        self.refuse_strangers(by)?;
        let note = told(note).ok_or(Refusal::NoteMissing { id: self.id })?;
        let mut events = Vec::new();
        if self.responder.is_none() {
            events.push(Event::Acknowledged { by: by.person.clone() });
        }
        events.push(Event::Resolved { by: by.person.clone(), note });
        events.extend(self.ask_reporter(&by.person, now));
        Ok(events)
    }

    fn repost(&self, page: usize, place: &PlaceId, message: &MessageId) -> Vec<Event> {
        match self.pages.get(page).map(|page| &page.fate) {
            Some(Fate::Delivered { message: known, .. }) if known != message => {
                vec![Event::Reposted { page, place: place.clone(), message: message.clone() }]
            }
            _ => Vec::new(),
        }
    }

    /// A page that reaches nobody: the next team at once, for waiting would help no one. The catch-all alone is tried
    /// again after its time.
    fn go_around(&self, page: usize, why: &str) -> Vec<Event> {
        let is_awaited = self.awaiting == Some(page);
        let is_new = |asked: &Page| match asked.fate {
            Fate::Asked => true,
            // Its place is gone: whoever was to answer it cannot any more.
            Fate::Delivered { .. } => is_awaited,
            Fate::Undeliverable { .. } => false,
        };
        let Some(asked) = self.pages.get(page).filter(|asked| is_new(asked)) else { return Vec::new() };
        let mut events = vec![Event::Undeliverable { page, why: why.to_owned() }];
        let to = self.opened.plan.next(asked.step);
        if is_awaited && to != asked.step {
            events.extend(moved(asked.step, to, RaiseReason::Undeliverable, PageReason::Undeliverable));
        }
        events
    }

    /// What follows when a time is up. Early calls lead to nothing.
    fn pass_deadline(&self, now: DateTime<Utc>) -> Vec<Event> {
        let mut events = self.pass_clocks(now);
        events.extend(match self.step_deadline().filter(|deadline| deadline.at <= now) {
            None => Vec::new(),
            Some(_) if self.resolution.is_some() => vec![Event::Confirmed { by: None }],
            Some(deadline) if self.awaiting.is_some() => self.pass_silence(&deadline, now),
            Some(deadline) => self.pass_promise(&deadline, now),
        });
        events
    }

    /// Nobody answered in time: on record once, and the next team.
    fn pass_silence(&self, deadline: &Deadline, now: DateTime<Utc>) -> Vec<Event> {
        let Some(page) = self.awaiting else { return Vec::new() };
        let from = self.pages[page].step;
        let late_seconds = self.lateness(deadline.at, now);
        let mut events = Vec::new();
        if matches!(self.pages[page].fate, Fate::Delivered { .. }) {
            events.push(Event::Breached { page, due: deadline.at, late_seconds });
        }
        events.extend(moved(from, self.opened.plan.next(from), RaiseReason::Silence, PageReason::Silence));
        events
    }

    /// What is said of a part belongs to the whole.
    fn refuse_if_merged(&self) -> Result<(), Refusal> {
        self.merged_into().map_or(Ok(()), |into| Err(Refusal::AlreadyMerged { id: self.id, into }))
    }

    /// How many seconds after its time something is noticed. What became due by moving over was not due before.
    pub(super) fn lateness(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
        (now - self.moved_at.map_or(due, |moved| due.max(moved))).num_seconds()
    }

    pub(super) fn refuse_if_resolved(&self) -> Result<(), Refusal> {
        match self.resolution.as_deref() {
            Some(Resolution { into: Some(into), .. }) => Err(Refusal::AlreadyMerged { id: self.id, into: *into }),
            Some(done) => Err(Refusal::AlreadyResolved { id: self.id, by: done.by.clone(), since: done.at }),
            None => Ok(()),
        }
    }

    pub(super) fn refuse_if_taken(&self) -> Result<(), Refusal> {
        match (self.responder.as_deref(), self.awaiting) {
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

    pub(super) fn refuse_if_nobody_has_it(&self) -> Result<(), Refusal> {
        match (&self.responder, self.awaiting) {
            (Some(_), None) => Ok(()),
            _ => Err(Refusal::NotTaken { id: self.id }),
        }
    }

    /// Whoever opened or has the case may act on it, too.
    pub(super) fn refuse_strangers(&self, by: &Actor) -> Result<(), Refusal> {
        if self.is_of(&by.person.id) { Ok(()) } else { self.refuse_outsiders(by) }
    }

    /// A paged team's member, whoever a page rang by name, or a manager who may see the case.
    fn refuse_outsiders(&self, by: &Actor) -> Result<(), Refusal> {
        let is_paged = by.teams.iter().any(|team| self.was_paged(team)) || self.was_rung(&by.person.id);
        if is_paged || (by.manages && self.may_be_read_by(by)) { Ok(()) } else { Err(self.not_your_team()) }
    }

    pub(super) fn not_your_team(&self) -> Refusal {
        let mut teams: Vec<TeamId> = Vec::new();
        for page in &self.pages {
            if !teams.contains(&page.team) {
                teams.push(page.team.clone());
            }
        }
        Refusal::NotYourTeam { id: self.id, teams }
    }
}

/// The case goes to another step, whose team is paged; where there is no other, its team is paged again.
pub(super) fn moved(from: Step, to: Step, why: RaiseReason, reason: PageReason) -> Vec<Event> {
    let raised = (to != from).then_some(Event::Raised { from, to, why });
    raised.into_iter().chain([paged(to, reason)]).collect()
}

/// A text worth keeping, if there is one.
pub(super) fn told(text: &str) -> Option<String> {
    Some(cut(text.trim(), NOTE_CHARS_MAX)).filter(|text| !text.is_empty())
}
