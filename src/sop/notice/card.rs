//! What is shown of a case: on its card, in `/status` and `/queue`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sop::clock::ClockKind;
use crate::sop::desk::Desk;
use crate::sop::escalation::{
    Actor, Counted, Escalation, Fate, Grade, Information, Note, Quote, RaiseReason, Running, Status, Waiting,
};
use crate::sop::guidance::information::Field;
use crate::sop::message::{MessageId, Person, PlaceId, TicketRef};
use crate::sop::notice::is_newest;
use crate::sop::notice::playbook::{BookLine, books};
use crate::sop::procedure::Procedure;
use crate::sop::team::{Severity, Step, TeamId};
use crate::sop::ticket::{Known, Said, TicketPriority};
use crate::sop::trigger::Finding;

/// What a case's card shows. Times are seconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Card {
    pub id: String,
    /// Of the case, for buttons that act on it.
    pub version: u64,
    pub severity: Severity,
    pub status: Status,
    pub confidential: bool,
    /// Nothing has happened: people practise.
    pub drill: bool,
    pub codename: String,
    /// Names of the triggers, the leading one first; empty for a case opened by hand without one.
    pub triggers: Vec<String>,
    pub customer: Option<Person>,
    pub place: PlaceId,
    pub message: Option<MessageId>,
    /// It was said in a ticket.
    pub in_ticket: bool,
    pub ticket: Option<CardTicket>,
    pub quotes: Vec<Quote>,
    pub reasons: Vec<Finding>,
    pub information: Vec<Information>,
    pub owed: Option<CardOwed>,
    pub playbooks: Vec<BookLine>,
    /// By when the customer was told to expect something, and by whom.
    pub told_by: Option<Person>,
    pub told_due: Option<i64>,
    pub opened_by: Option<Person>,
    pub opened_at: i64,
    /// The name of the team whose answer is due, or that answered.
    pub team: String,
    /// Who is on call and was rung for it; empty: the whole team.
    pub on_call: Vec<Person>,
    /// "rung 2 of 3", or the catch-all.
    pub rung: usize,
    pub rungs: usize,
    pub catch_all: bool,
    /// What has to be so for it to go back to the team before; empty with the first team.
    pub lower_when: Vec<String>,
    /// By when the team has to answer; `None` while its page is on the way.
    pub due: Option<i64>,
    pub clocks: Vec<CardClock>,
    /// How long the team has, in minutes …
    pub within_minutes: i64,
    /// … of its own hours, so that the answer may be due much later.
    pub own_hours: bool,
    /// A page waits for an answer.
    pub awaited: bool,
    /// Who has answered the page, and how many have to: it is taken by all of them, the responder first.
    pub answered: Vec<Person>,
    pub required_acks: u32,
    pub responder: Option<Person>,
    pub responded_at: Option<i64>,
    /// By when the next step was promised, and whether whoever promised it was reminded.
    pub next_step_by: Option<i64>,
    pub nudged: bool,
    pub waiting: Option<Waiting>,
    /// Who was asked to take it over.
    pub offered_to: Option<Person>,
    /// The latest ones, oldest first.
    pub notes: Vec<Note>,
    pub grade: Option<Grade>,
    pub owner: Option<Person>,
    pub resolved_by: Option<Person>,
    pub resolved_at: Option<i64>,
    /// Empty where it was merged.
    pub resolution: Option<String>,
    /// The case that it goes on in.
    pub merged_into: Option<String>,
    /// Who was asked whether it is solved, until when, and whether they agree.
    pub confirm_by: Option<Person>,
    pub confirm_until: Option<i64>,
    pub confirmed: bool,
    pub raised: Option<CardRaise>,
    pub late_minutes: i64,
    /// Cases that go on as part of this one.
    pub parts: Vec<String>,
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
    /// The version of the procedure it opened under, and whether the desk works under another by now.
    pub procedure: String,
    pub outdated: bool,
    /// Which page this card was posted for, from 1.
    pub page: Option<usize>,
}

/// How a case came to the team it is with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardRaise {
    /// The name of the team it went on from.
    pub from: String,
    pub at: i64,
    /// The names of the teams that were passed over, because nobody is on call for them.
    pub gaps: Vec<String>,
    #[serde(flatten)]
    pub why: RaiseReason,
}

/// A clock that runs, or stands still.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardClock {
    pub clock: ClockKind,
    /// `None` while it stands still.
    pub due: Option<i64>,
    pub late: bool,
}

fn card_clock(running: &Running) -> CardClock {
    let Running { clock, is_late, .. } = running;
    CardClock { clock: clock.target.clock, due: clock.due().map(|due| due.timestamp()), late: *is_late }
}

/// What the team has to know and has not been told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardOwed {
    pub fields: Vec<Field>,
    /// Who owes it; `None` is the team.
    pub by: Option<Person>,
    pub team: String,
    pub due: i64,
    pub overdue: bool,
}

/// The team that can find out what is missing: the front, unless it must not know of the case.
pub fn debtor<'a>(case: &'a Escalation, procedure: &'a Procedure) -> &'a TeamId {
    if case.opened.confidential { case.team() } else { &procedure.front }
}

/// Notes on one card.
const NOTES_SHOWN: usize = 3;
/// Answers of forms on one card.
const INFORMATION_SHOWN: usize = 10;
/// Reasons on one card, those of later messages included.
const REASONS_SHOWN: usize = 8;
/// Customers named on one card.
const CUSTOMERS_SHOWN: usize = 12;
/// Earlier messages linked on one card.
const EARLIER_SHOWN: usize = 5;

/// The triggers that fired for a case, the leading one first.
pub(crate) fn trigger_names(case: &Escalation) -> Vec<String> {
    let mut names = Vec::new();
    extend_new(&mut names, case.reports().flat_map(|report| &*report.triggers).map(|trigger| trigger.name.clone()));
    names
}

/// The facts of a card as the case stands; `page` is the page it was posted for.
pub fn card(case: &Escalation, desk: &Desk, procedure: &Procedure, page: Option<usize>) -> Card {
    let team_name = |id: &TeamId| procedure.team_name(id).to_owned();
    let opened = &case.opened;
    let reports: Vec<_> = case.reports().collect();
    let mut quotes: Vec<Quote> = Vec::new();
    let mut reasons: Vec<Finding> = Vec::new();
    let mut information: Vec<Information> = Vec::new();
    extend_new(&mut information, case.information().cloned());
    let mut customers: Vec<String> = Vec::new();
    let mut earlier: Vec<Counted> = Vec::new();
    for report in &reports {
        extend_new(&mut quotes, report.quotes.iter().cloned());
        extend_new(&mut reasons, report.findings.iter().map(Finding::told));
        let counted = report.counted.iter().map(|counted| &counted.customer);
        extend_new(&mut customers, counted.chain(report.customer.as_deref()).map(|customer| customer.name.to_string()));
        extend_new(&mut earlier, report.counted.iter().cloned());
    }
    quotes.truncate(CARD_QUOTES_MAX);
    reasons.truncate(REASONS_SHOWN);
    information.truncate(INFORMATION_SHOWN);
    customers.truncate(CUSTOMERS_SHOWN);
    earlier.truncate(EARLIER_SHOWN);
    let (rung, catch_all) = match case.step {
        Step::Rung { index, .. } => (index + 1, false),
        Step::CatchAll => (opened.plan.rungs.len(), true),
    };
    let resolution = case.resolution.as_ref();
    Card {
        id: case.id.to_string(),
        version: case.version,
        severity: case.severity,
        status: case.status(),
        confidential: opened.confidential,
        drill: opened.drill,
        codename: case.codename(),
        triggers: trigger_names(case),
        customer: opened.subject.customer.as_deref().cloned(),
        place: opened.report.place.clone(),
        message: opened.report.message.clone(),
        in_ticket: opened.report.place.ticket().is_some(),
        ticket: opened.subject.ticket.as_deref().map(|ticket| card_ticket(ticket, case, desk, procedure)),
        quotes,
        reasons,
        information,
        playbooks: books(case, procedure),
        told_by: case.told.as_ref().map(|told| told.by.clone()),
        told_due: case.told.as_ref().map(|told| told.due.timestamp()),
        owed: case.owed.as_ref().map(|owed| CardOwed {
            fields: owed.fields.to_vec(),
            by: owed.by.as_deref().cloned(),
            team: team_name(debtor(case, procedure)),
            due: owed.due.timestamp(),
            overdue: owed.reminded_at.is_some(),
        }),
        opened_by: opened.by.as_deref().cloned(),
        opened_at: case.opened_at.timestamp(),
        team: team_name(case.team()),
        on_call: case.pages.last().map(|page| page.on_call.to_vec()).unwrap_or_default(),
        rung,
        rungs: opened.plan.rungs.len(),
        catch_all,
        due: case.answer_due().map(|due| due.timestamp()),
        clocks: case.clocks.iter().map(card_clock).collect(),
        lower_when: opened.plan.before(case.step).map(|_| opened.plan.lower_when.clone()).unwrap_or_default(),
        within_minutes: case.rung().respond_within.num_minutes(),
        own_hours: case.rung().calendar.is_some(),
        awaited: case.awaiting.is_some(),
        answered: case.answered.to_vec(),
        required_acks: case.rung().required_acks,
        responder: case.responder.as_deref().map(|(person, _)| person.clone()),
        responded_at: case.responder.as_deref().map(|(_, at)| at.timestamp()),
        next_step_by: case.promise.as_ref().map(|promise| promise.until.timestamp()),
        nudged: is_nudged(case),
        waiting: case.waiting.as_deref().cloned(),
        offered_to: case.offered.as_deref().cloned(),
        notes: latest_notes(case),
        grade: case.grade.as_deref().map(|(_, grade)| *grade),
        owner: case.owner().cloned(),
        resolved_by: resolution.map(|done| done.by.clone()),
        resolved_at: resolution.map(|done| done.at.timestamp()),
        resolution: resolution.map(|done| done.note.clone()),
        merged_into: case.merged_into().map(|whole| whole.to_string()),
        confirm_by: case.confirmation.as_ref().map(|asked| asked.of.clone()),
        confirm_until: case.confirmation.as_ref().map(|asked| asked.until.timestamp()),
        confirmed: case.confirmation.as_ref().is_some_and(|asked| asked.confirmed),
        raised: case.raised.as_ref().map(|raise| CardRaise {
            from: team_name(&raise.from),
            at: raise.at.timestamp(),
            gaps: raise.gaps.iter().map(team_name).collect(),
            why: raise.why.clone(),
        }),
        late_minutes: case.late_seconds / 60,
        added: case.joined(),
        parts: case.parts.iter().map(|part| part.case.to_string()).collect(),
        customers,
        earlier,
        said_at: opened.report.said_at.timestamp(),
        after: opened.after.map(|id| id.to_string()),
        updated_at: case.updated_at.timestamp(),
        superseded: page.is_some_and(|page| !is_newest(case, page)),
        page: page.map(|page| page + 1),
        procedure: opened.procedure.to_string(),
        outdated: opened.procedure != procedure.version && resolution.is_none(),
    }
}

/// A ticket with what is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardTicket {
    #[serde(flatten)]
    pub ticket: TicketRef,
    pub known: Option<CardContext>,
    /// It is yet to be read, for the first time.
    pub awaited: bool,
    /// Why it cannot be read, or not any more.
    pub lost: Option<String>,
}

/// What a ticket system knows, as a reader wants it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardContext {
    pub subject: String,
    pub requester: String,
    pub organisation: Option<String>,
    pub plan: Option<String>,
    pub status: &'static str,
    pub priority: Option<&'static str>,
    pub tags: Vec<String>,
    pub group: Option<String>,
    pub assignee: Option<String>,
    pub created: i64,
    /// Tickets that the requester opened lately, this one among them.
    pub recent: Option<u32>,
    /// What the customer said last, the oldest first.
    pub said: Vec<CardSaid>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardSaid {
    pub at: i64,
    pub text: String,
}

/// Tags on one card.
const TAGS_SHOWN: usize = 8;

/// Where what was said there is also about something confidential, only the cards of that show it.
fn card_ticket(ticket: &TicketRef, case: &Escalation, desk: &Desk, procedure: &Procedure) -> CardTicket {
    let mut seen = desk.tickets().get(ticket).cloned().unwrap_or_default();
    if !case.opened.confidential && desk.about_ticket(ticket).any(|other| other.opened.confidential) {
        seen.known = seen.known.map(|known| known.without_words());
    }
    CardTicket {
        ticket: ticket.clone(),
        awaited: seen.known.is_none() && seen.lost.is_none() && procedure.ticket_access(&ticket.system).is_some(),
        known: seen.known.map(context),
        lost: seen.lost,
    }
}

fn context(known: Known) -> CardContext {
    let Known { subject, status, priority, requester, assignee, group, tags, created, said, recent, .. } = known;
    let said = said.into_iter().map(|Said { at, text }| CardSaid { at: at.timestamp(), text });
    CardContext {
        subject,
        requester: requester.name,
        organisation: requester.organisation,
        plan: requester.plan,
        status: status.word(),
        priority: priority.map(TicketPriority::word),
        tags: tags.into_iter().take(TAGS_SHOWN).collect(),
        group,
        assignee,
        created: created.timestamp(),
        recent,
        said: said.collect(),
    }
}

/// Its own and those of its parts.
fn latest_notes(case: &Escalation) -> Vec<Note> {
    let mut notes: Vec<&Note> = case.parts.iter().flat_map(|part| &part.notes).chain(&case.notes).collect();
    notes.sort_by_key(|note| note.at);
    notes[notes.len().saturating_sub(NOTES_SHOWN)..].iter().map(|note| (*note).clone()).collect()
}

fn is_nudged(case: &Escalation) -> bool {
    case.promise.as_ref().is_some_and(|promise| promise.nudged_at.is_some())
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
    (asked.fate == Fate::Asked).then(|| case.opened.plan.rung(asked.step).due(now))
}

/// What a button does. Its label is a word of `templates/button.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Acknowledge,
    /// Promises the next step anew, after a reminder.
    Extend,
    Resolve,
    Raise,
    Why,
    /// Asks for what is owed.
    Inform,
    /// Asks what the team cannot work without, and asks back for it.
    Bounce,
    /// Ticks off a step of a playbook; stands under one, never on a card.
    Done,
    /// Below the question whether it is solved: it is.
    Confirm,
    /// It is not: asks why, and opens the case again.
    NotSolved,
    /// Moves a case over to the version of the procedure in use; stands below what that changes.
    MoveOver,
    /// Grades, on the cards of what is resolved.
    RightCall,
    NotNeeded,
    WrongTeam,
    MissingInformation,
}

impl Verb {
    /// In the order of the buttons. Once a case is taken the next button moves up: the second press of a nervous finger
    /// opens a form instead of paging somebody.
    pub const ALL: [Self; 15] = [
        Self::Acknowledge,
        Self::Extend,
        Self::Resolve,
        Self::Raise,
        Self::Why,
        Self::Inform,
        Self::Bounce,
        Self::Done,
        Self::Confirm,
        Self::NotSolved,
        Self::MoveOver,
        Self::RightCall,
        Self::NotNeeded,
        Self::WrongTeam,
        Self::MissingInformation,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Extend => "extend",
            Self::Raise => "raise",
            Self::Resolve => "resolve",
            Self::Why => "why",
            Self::Inform => "inform",
            Self::Bounce => "bounce",
            Self::Done => "done",
            Self::Confirm => "confirm",
            Self::NotSolved => "not_solved",
            Self::MoveOver => "move_over",
            Self::RightCall => "right_call",
            Self::NotNeeded => "not_needed",
            Self::WrongTeam => "wrong_team",
            Self::MissingInformation => "missing_information",
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
        Verb::Acknowledge => case.awaiting.is_some() || case.offered.is_some(),
        Verb::Extend => is_nudged(case),
        Verb::Raise => can_rise,
        Verb::Resolve => is_open,
        Verb::Why => true,
        Verb::Inform => is_open && case.owed.is_some(),
        Verb::Bounce => is_open && case.responder.is_some() && case.awaiting.is_none(),
        Verb::Done | Verb::Confirm | Verb::NotSolved | Verb::MoveOver => false,
        // What was invented need not be judged, and what goes on elsewhere is judged there.
        Verb::RightCall | Verb::NotNeeded | Verb::WrongTeam | Verb::MissingInformation => {
            !is_open && !case.opened.drill && case.merged_into().is_none()
        }
    };
    Verb::ALL.into_iter().filter(shown).collect()
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
        open: open.into_iter().take(QUEUE_MAX).map(|case| card(case, desk, procedure, None)).collect(),
        closed: closed.into_iter().take(QUEUE_MAX).map(Escalation::codename).collect(),
    }
}
