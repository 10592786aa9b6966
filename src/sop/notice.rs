//! Who is told what. A notice names its audience and what it is about; the words are made from its facts in
//! `templates/`, and what stands on a card is taken from the case at the moment it is sent.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::desk::Desk;
use crate::sop::escalation::{
    Actor, Command, Counted, Escalation, EscalationId, Event, Fate, Information, Quote, RaiseReason, Refusal, Status,
};
use crate::sop::message::{MessageId, Person, PlaceId, TicketRef};
use crate::sop::procedure::Procedure;
use crate::sop::team::{Severity, Step, TeamId};

/// Something that somebody is to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// A new card that pings its team.
    Page { escalation: EscalationId, page: usize },
    /// The card of a delivered page shows the case as it stands.
    Card { escalation: EscalationId, page: usize },
    /// One line in a team's place.
    Line { team: TeamId, escalation: EscalationId, version: u64, line: Line },
    /// The answer to a command or a button, seen by whoever gave it. Never stored: what it is addressed to is a
    /// secret, and it is worth nothing later.
    #[serde(skip)]
    Reply { to: ReplyTo, answer: Box<Answer> },
}

/// Where an answer goes. Opaque; the connector that heard the question can read it.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyTo(pub String);

impl std::fmt::Debug for ReplyTo {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ReplyTo(…)")
    }
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    Opened,
    Acknowledged {
        by: Person,
        minutes: Option<i64>,
    },
    /// Nobody answered, or nobody could be reached, or somebody raised it.
    Raised,
    Resolved {
        by: Person,
    },
    Undeliverable {
        team: TeamId,
        why: String,
    },
}

impl Line {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Raised => "raised",
            Self::Resolved { .. } => "resolved",
            Self::Undeliverable { .. } => "undeliverable",
        }
    }
}

/// The answer to one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Done {
        command: &'static str,
        case: Card,
    },
    /// `case` is `None` where it joined a confidential case that the rep may not read.
    Escalated {
        joined: bool,
        codename: String,
        case: Option<Card>,
    },
    Status {
        case: Card,
    },
    Why {
        why: Why,
    },
    Queue(Queue),
    Help {
        staff: bool,
    },
    Refused(Refusal),
}

impl Command {
    /// The verb, for the words.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge { .. } => "acknowledge",
            Self::Raise { .. } => "raise",
            Self::Resolve { .. } => "resolve",
            Self::Report { .. } => "report",
            Self::PageDelivered { .. } | Self::PageUndeliverable { .. } | Self::DeadlineReached => "settle",
        }
    }
}

/// Whom an event makes us tell, and of what. Called after the event was applied.
pub fn notices(event: &Event, case: &Escalation, procedure: &Procedure) -> Vec<Notice> {
    let mut notices = Vec::new();
    let escalation = case.id;
    let line = |line: Line| Notice::Line { team: procedure.front.clone(), escalation, version: case.version, line };
    let front_is_paged = case.team() == &procedure.front;
    match event {
        Event::Opened(_) if front_is_paged => {}
        Event::Opened(_) => notices.push(line(Line::Opened)),
        Event::Paged { .. } => {
            notices.push(Notice::Page { escalation, page: case.pages.len() - 1 });
            // The card in the same place is redrawn when the new one has arrived below it.
            let elsewhere = |notice: &Notice| !matches!(notice, Notice::Card { page, .. } if case.pages[*page].team == *case.team());
            notices.extend(redraw(case).into_iter().filter(elsewhere));
        }
        Event::Delivered { page, .. } => {
            // The card that was the newest in this place until now loses its buttons.
            let older = (0..*page).rev().find(|older| place_of(case, *older) == place_of(case, *page));
            notices.extend(older.map(|page| Notice::Card { escalation, page }));
            // What happened while it was on its way is not on it yet.
            if case.awaiting != Some(*page) || !case.added.is_empty() {
                notices.push(Notice::Card { escalation, page: *page });
            }
        }
        Event::Added { .. } | Event::Strengthened { .. } => notices.extend(redraw(case)),
        Event::Undeliverable { page, why } => {
            let team = case.pages[*page].team.clone();
            let line = Line::Undeliverable { team, why: why.clone() };
            let catch_all = case.opened.plan.catch_all.team.clone();
            notices.push(Notice::Line { team: catch_all, escalation, version: case.version, line });
        }
        Event::Breached { .. } => {}
        Event::Raised { .. } => notices.push(line(Line::Raised)),
        Event::Acknowledged { by } => {
            let minutes = case.time_to_answer().map(|taken| taken.num_minutes());
            notices.push(line(Line::Acknowledged { by: by.clone(), minutes }));
            notices.extend(redraw(case));
        }
        Event::Resolved { by, .. } => {
            notices.push(line(Line::Resolved { by: by.clone() }));
            notices.extend(redraw(case));
        }
    }
    notices
}

/// A redraw of every card that still has buttons: the newest delivered one in each place.
fn redraw(case: &Escalation) -> Vec<Notice> {
    let newest = |page: &usize| is_newest(case, *page) && place_of(case, *page).is_some();
    let pages = (0..case.pages.len()).filter(newest);
    pages.map(|page| Notice::Card { escalation: case.id, page }).collect()
}

/// No later page was delivered to the same place.
fn is_newest(case: &Escalation, page: usize) -> bool {
    let place = place_of(case, page);
    place.is_none() || !(page + 1..case.pages.len()).any(|later| place_of(case, later) == place)
}

fn place_of(case: &Escalation, page: usize) -> Option<&PlaceId> {
    match &case.pages.get(page)?.fate {
        Fate::Delivered { place, .. } => Some(place),
        Fate::Asked | Fate::Undeliverable { .. } => None,
    }
}

/// Whether a notice still says something that is true and wanted: looked at each time before it is sent.
pub fn is_still_wanted(notice: &Notice, desk: &Desk) -> bool {
    match notice {
        // Somebody took it, or it went on, before this page got out: that team needs no ping any more.
        Notice::Page { escalation, page } => desk.case(*escalation).is_some_and(|case| case.awaiting == Some(*page)),
        Notice::Card { escalation, page } => desk.case(*escalation).is_some_and(|case| place_of(case, *page).is_some()),
        Notice::Line { .. } | Notice::Reply { .. } => true,
    }
}

/// What a case's card shows. Times are seconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Card {
    pub id: String,
    pub severity: Severity,
    pub status: Status,
    pub confidential: bool,
    pub codename: String,
    /// Names of the triggers, the leading one first; empty for a case opened by hand without one.
    pub triggers: Vec<String>,
    pub customer: Option<Person>,
    pub place: PlaceId,
    pub message: Option<MessageId>,
    pub ticket: Option<TicketRef>,
    pub quotes: Vec<Quote>,
    pub reasons: Vec<String>,
    pub information: Vec<Information>,
    pub opened_by: Option<Person>,
    pub opened_at: i64,
    /// The name of the team whose answer is due, or that answered.
    pub team: String,
    /// "rung 2 of 3", or the catch-all.
    pub rung: usize,
    pub rungs: usize,
    pub catch_all: bool,
    /// By when the team has to answer; `None` while its page is on the way.
    pub due: Option<i64>,
    /// How long the team has, in minutes.
    pub within_minutes: i64,
    /// A page waits for an answer.
    pub awaited: bool,
    pub responder: Option<Person>,
    pub responded_at: Option<i64>,
    pub owner: Option<Person>,
    pub resolved_by: Option<Person>,
    pub resolved_at: Option<i64>,
    pub resolution: Option<String>,
    pub raised: Option<CardRaise>,
    pub late_minutes: i64,
    /// Messages that joined after the first, and the names of the customers behind all of them.
    pub added: usize,
    pub customers: Vec<String>,
    /// Messages that a condition counted, oldest first.
    pub earlier: Vec<Counted>,
    /// When the message that opened it was written.
    pub said_at: i64,
    pub after: Option<String>,
    pub updated_at: i64,
    /// A newer card of the same case stands further down in the same place.
    pub superseded: bool,
    /// Which page this card was posted for, from 1.
    pub page: Option<usize>,
}

/// How a case came to the team it is with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardRaise {
    /// The name of the team it went on from.
    pub from: String,
    pub at: i64,
    #[serde(flatten)]
    pub why: RaiseReason,
}

/// Reasons on one card, those of later messages included.
const REASONS_SHOWN: usize = 8;
/// Customers named on one card.
const CUSTOMERS_SHOWN: usize = 12;
/// Earlier messages linked on one card.
const EARLIER_SHOWN: usize = 5;

/// The facts of a card as the case stands; `page` is the page it was posted for.
pub fn card(case: &Escalation, procedure: &Procedure, page: Option<usize>) -> Card {
    let team_name = |id: &TeamId| procedure.team(id).map_or_else(|| id.to_string(), |team| team.name.clone());
    let opened = &case.opened;
    let reports: Vec<_> = case.reports().collect();
    let mut triggers: Vec<String> = Vec::new();
    let mut quotes: Vec<Quote> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    let mut customers: Vec<String> = Vec::new();
    let mut earlier: Vec<Counted> = Vec::new();
    for report in &reports {
        extend_new(&mut triggers, report.triggers.iter().map(|trigger| trigger.name.clone()));
        extend_new(&mut quotes, report.quotes.iter().cloned());
        extend_new(&mut reasons, report.findings.iter().map(ToString::to_string));
        let counted = report.counted.iter().map(|counted| &counted.customer);
        extend_new(&mut customers, counted.chain(&report.customer).map(|customer| customer.name.clone()));
        extend_new(&mut earlier, report.counted.iter().cloned());
    }
    quotes.truncate(CARD_QUOTES_MAX);
    reasons.truncate(REASONS_SHOWN);
    customers.truncate(CUSTOMERS_SHOWN);
    earlier.truncate(EARLIER_SHOWN);
    let (rung, catch_all) = match case.step {
        Step::Rung { index, .. } => (index + 1, false),
        Step::CatchAll => (opened.plan.rungs.len(), true),
    };
    let resolution = case.resolution.as_ref();
    Card {
        id: case.id.to_string(),
        severity: case.severity,
        status: case.status(),
        confidential: opened.confidential,
        codename: case.codename(),
        triggers,
        customer: opened.subject.customer.clone(),
        place: opened.report.place.clone(),
        message: opened.report.message.clone(),
        ticket: opened.subject.ticket.clone(),
        quotes,
        reasons,
        information: opened.information.clone(),
        opened_by: opened.by.clone(),
        opened_at: case.opened_at.timestamp(),
        team: team_name(case.team()),
        rung,
        rungs: opened.plan.rungs.len(),
        catch_all,
        due: case.next_deadline().map(|deadline| deadline.at.timestamp()),
        within_minutes: case.rung().respond_within.num_minutes(),
        awaited: case.awaiting.is_some(),
        responder: case.responder.as_ref().map(|(person, _)| person.clone()),
        responded_at: case.responder.as_ref().map(|(_, at)| at.timestamp()),
        owner: case.owner().cloned(),
        resolved_by: resolution.map(|done| done.by.clone()),
        resolved_at: resolution.map(|done| done.at.timestamp()),
        resolution: resolution.map(|done| done.note.clone()),
        raised: case.raised.as_ref().map(|raise| CardRaise {
            from: team_name(&raise.from),
            at: raise.at.timestamp(),
            why: raise.why.clone(),
        }),
        late_minutes: case.late_seconds / 60,
        added: case.added.len(),
        customers,
        earlier,
        said_at: opened.report.said_at.timestamp(),
        after: opened.after.map(|id| id.to_string()),
        updated_at: case.updated_at.timestamp(),
        superseded: page.is_some_and(|page| !is_newest(case, page)),
        page: page.map(|page| page + 1),
    }
}

/// Quotes on a card, those of later messages included.
const CARD_QUOTES_MAX: usize = 8;

fn extend_new<T: PartialEq>(list: &mut Vec<T>, more: impl Iterator<Item = T>) {
    for item in more {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}

/// The first delivery answers before the clock is known, so a page says how long the team has from now.
pub fn page_due(case: &Escalation, page: usize, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let asked = case.pages.get(page)?;
    (asked.fate == Fate::Asked).then(|| now + case.opened.plan.rung(asked.step).respond_within)
}

/// What a button does. Its label is a word of `templates/button.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Acknowledge,
    Resolve,
    Raise,
    Why,
}

impl Verb {
    /// In the order of the buttons. Once a case is taken the next button moves up: the second press of a nervous finger
    /// opens a form instead of paging somebody.
    pub const ALL: [Self; 4] = [Self::Acknowledge, Self::Resolve, Self::Raise, Self::Why];

    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Raise => "raise",
            Self::Resolve => "resolve",
            Self::Why => "why",
        }
    }
}

/// The buttons of the card of a page, in their order on it.
pub fn buttons(case: &Escalation, page: usize) -> Vec<Verb> {
    if !is_newest(case, page) {
        return Vec::new();
    }
    let is_open = case.status() != Status::Resolved;
    let can_rise = is_open && case.opened.plan.next(case.step) != case.step;
    let shown = |verb: &Verb| match verb {
        Verb::Acknowledge => case.awaiting.is_some(),
        Verb::Raise => can_rise,
        Verb::Resolve => is_open,
        Verb::Why => true,
    };
    Verb::ALL.into_iter().filter(shown).collect()
}

/// Why a case is one: what fired, what nearly did, and which version of the procedure said so.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    pub id: String,
    pub triggers: Vec<String>,
    pub opened_by: Option<Person>,
    pub reasons: Vec<String>,
    pub quotes: Vec<Quote>,
    pub near: Vec<NearLine>,
    pub severity: Severity,
    pub team: String,
    pub within_minutes: i64,
    pub added: usize,
    pub breaches: u32,
    pub procedure: String,
    /// The procedure has changed since.
    pub outdated: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearLine {
    pub trigger: String,
    pub finding: String,
}

pub fn why(case: &Escalation, procedure: &Procedure) -> Why {
    let card = card(case, procedure, None);
    let name = |id: &str| procedure.trigger(id).map_or_else(|| id.to_owned(), |trigger| trigger.name.clone());
    let near = case.opened.near.iter();
    Why {
        id: card.id,
        triggers: card.triggers,
        opened_by: card.opened_by,
        reasons: card.reasons,
        quotes: card.quotes,
        near: near.map(|miss| NearLine { trigger: name(&miss.trigger), finding: miss.finding.to_string() }).collect(),
        severity: case.severity,
        team: card.team,
        within_minutes: card.within_minutes,
        added: card.added,
        breaches: case.breaches,
        outdated: case.opened.procedure != procedure.version,
        procedure: case.opened.procedure.clone(),
    }
}

/// What is open, for one reader.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Queue {
    pub open: Vec<Card>,
    /// Open cases that did not fit.
    pub more: usize,
    /// Codenames of confidential cases that this reader may not read.
    pub closed: Vec<String>,
}

/// Cases shown in one answer.
const QUEUE_MAX: usize = 15;

pub fn queue(desk: &Desk, actor: &Actor, procedure: &Procedure) -> Queue {
    let (open, closed): (Vec<_>, Vec<_>) = desk.open_cases().into_iter().partition(|case| case.may_be_read_by(actor));
    Queue {
        more: open.len().saturating_sub(QUEUE_MAX),
        open: open.into_iter().take(QUEUE_MAX).map(|case| card(case, procedure, None)).collect(),
        closed: closed.into_iter().take(QUEUE_MAX).map(Escalation::codename).collect(),
    }
}

/// What everybody may know of a case that only cleared people may read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineFacts<'a> {
    /// What happened, by its name: all that an uncleared reader learns.
    pub line: &'static str,
    pub detail: Option<&'a Line>,
    pub confidential: bool,
    pub codename: String,
    /// `None` where the line goes to people who may not know.
    pub case: Option<Card>,
}

/// The facts of a line. Of a confidential case it holds the codename and the verb, nothing else.
pub fn line_facts<'a>(line: &'a Line, team: &TeamId, case: &Escalation, procedure: &Procedure) -> LineFacts<'a> {
    let confidential = case.opened.confidential;
    let is_cleared = case.opened.plan.teams().any(|paged| paged == team);
    let may_know = !confidential || is_cleared;
    LineFacts {
        line: line.name(),
        detail: may_know.then_some(line),
        confidential,
        codename: case.codename(),
        case: may_know.then(|| card(case, procedure, None)),
    }
}

#[cfg(test)]
mod tests;
