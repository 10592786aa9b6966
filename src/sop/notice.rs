//! Who is told what. A notice names its audience and what it is about; the words are made from its facts in
//! `templates/`, and what stands on a card is taken from the case at the moment it is sent.

mod answer;
mod card;
mod checkup;
mod digest;
mod duty;
mod history;
mod playbook;
mod terms;
mod why;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::calendar::Span;
use crate::sop::clock::ClockKind;
use crate::sop::desk::{Desk, Sop};
use crate::sop::escalation::{Escalation, EscalationId, Event, Fate};
use crate::sop::message::{Message, MessageId, Person, PlaceId, TicketRef};
pub use crate::sop::notice::answer::{Answer, Choice, ReplyTo, Soon};
pub(crate) use crate::sop::notice::card::trigger_names;
pub use crate::sop::notice::card::{
    Card, CardClock, CardOwed, CardRaise, Queue, Verb, buttons, card, debtor, page_due, queue,
};
pub use crate::sop::notice::checkup::{Check, Checkup, Outcome};
pub use crate::sop::notice::digest::{DigestFacts, Section};
pub use crate::sop::notice::duty::{Duty, OpenItem, Post, PostFacts, Shift, post_facts};
pub use crate::sop::notice::history::{Entry, HistoryFacts, history, history_facts};
pub use crate::sop::notice::playbook::{BookLine, BookPage, BookStep, book};
pub(in crate::sop) use crate::sop::notice::terms::rung;
pub use crate::sop::notice::terms::{Difference, ShownClock, ShownRung, ShownTerms, difference};
pub use crate::sop::notice::why::{NearLine, QuietLine, Stretch, Sum, Why, why};
use crate::sop::procedure::Procedure;
use crate::sop::team::TeamId;

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
    /// Something about a team's duty, in its place. `calls` are pinged.
    Post { team: TeamId, made_at: DateTime<Utc>, post: Post, calls: Vec<Person> },
    /// Something about the procedure as a whole, in a team's place.
    Sop { team: TeamId, sop: Sop },
    /// One thing that happened, in the thread of a page's card; `number` is that of the fact in the case.
    History { escalation: EscalationId, page: usize, number: u32, at: DateTime<Utc>, entry: Entry },
    /// What a stretch of time came to, in a team's place. `late_minutes`: how long after it was due that was noticed.
    Digest { team: TeamId, window: Span, late_minutes: i64 },
    /// More of it, in the thread of that message.
    DigestSection { team: TeamId, window: Span, section: Section, place: PlaceId, message: MessageId },
    /// A word to the customer of a case, where they wrote; `by` had it sent.
    Word { escalation: EscalationId, place: PlaceId, text: String, by: Person },
    /// A ticket is to be read. `again` is a message that rules about it have yet to hear.
    ReadTicket {
        ticket: TicketRef,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<Box<Message>>,
        /// Only to fill in a form.
        #[serde(default)]
        is_glance: bool,
    },
    /// A note for staff, in the ticket of a case.
    TicketNote { escalation: EscalationId, ticket: TicketRef, version: u64, line: Line },
    /// The answer to a command or a button, seen by whoever gave it. Never stored: what it is addressed to is a
    /// secret, and it is worth nothing later.
    #[serde(skip)]
    Reply { to: ReplyTo, answer: Box<Answer> },
}

impl Notice {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Page { .. } => "page",
            Self::Card { .. } => "card",
            Self::Line { .. } => "line",
            Self::Post { .. } => "post",
            Self::Sop { .. } => "sop",
            Self::History { .. } => "history",
            Self::Digest { .. } => "digest",
            Self::DigestSection { .. } => "digest_section",
            Self::Word { .. } => "word",
            Self::ReadTicket { .. } => "read_ticket",
            Self::TicketNote { .. } => "ticket_note",
            Self::Reply { .. } => "reply",
        }
    }

    /// Whether it may be written to the log's outbox: everything but an answer, whose address is a secret.
    pub fn is_stored(&self) -> bool {
        !matches!(self, Self::Reply { .. })
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
    /// It went on to another team, for whatever reason.
    Raised,
    /// The next step did not come in time.
    Nudge {
        to: Person,
    },
    Offered {
        by: Person,
        to: Person,
    },
    HandedOff {
        to: Person,
    },
    Waiting {
        by: Person,
    },
    /// The customer has written, or somebody says that it waits no longer.
    Resumed {
        to: Person,
        #[serde(default)]
        by: Option<Person>,
    },
    Reopened {
        by: Person,
    },
    Resolved {
        by: Person,
    },
    /// It goes on as part of another case.
    Merged {
        by: Person,
    },
    Undeliverable {
        team: TeamId,
        why: String,
    },
    /// A word to the customer did not get out.
    Unsent {
        to: Person,
        why: String,
    },
    /// A note about it could not be written into its ticket.
    NotNoted {
        why: String,
    },
    /// A clock's time is running out for this team. Whoever has the case is pinged, if they are at work.
    Warned {
        clock: ClockKind,
        team: TeamId,
        to: Option<Person>,
        due: DateTime<Utc>,
    },
    /// A clock's time is up; that was noticed `late_minutes` later.
    RanOut {
        clock: ClockKind,
        team: TeamId,
        to: Option<Person>,
        due: DateTime<Utc>,
        late_minutes: i64,
    },
    /// The team has to know more, later than at the opening.
    Owed,
    /// What was owed did not come in time. `late_minutes` is how late that was noticed.
    Overdue {
        to: Option<Person>,
        late_minutes: i64,
    },
    /// The team asks back for something that it cannot work without.
    Bounced {
        by: Person,
        missing: String,
        to: Option<Person>,
    },
    Informed {
        by: Person,
        labels: Vec<String>,
    },
    /// Whoever reported the case is asked whether it is solved.
    ConfirmationAsked {
        of: Person,
        until: DateTime<Utc>,
    },
}

impl Line {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Raised => "raised",
            Self::Nudge { .. } => "nudge",
            Self::Offered { .. } => "offered",
            Self::HandedOff { .. } => "handed_off",
            Self::Waiting { .. } => "waiting",
            Self::Resumed { .. } => "resumed",
            Self::Reopened { .. } => "reopened",
            Self::Resolved { .. } => "resolved",
            Self::Merged { .. } => "merged",
            Self::Undeliverable { .. } => "undeliverable",
            Self::Unsent { .. } => "unsent",
            Self::NotNoted { .. } => "not_noted",
            Self::Warned { .. } => "warned",
            Self::RanOut { .. } => "ran_out",
            Self::Owed => "owed",
            Self::Overdue { .. } => "overdue",
            Self::Bounced { .. } => "bounced",
            Self::Informed { .. } => "informed",
            Self::ConfirmationAsked { .. } => "confirmation_asked",
        }
    }

    /// Its name, and what it is about where a case has several of them at once.
    pub fn key(&self) -> String {
        match self {
            Self::Warned { clock, .. } | Self::RanOut { clock, .. } => format!("{}/{}", self.name(), clock.name()),
            _ => self.name().to_owned(),
        }
    }

    /// Who has to act, and is pinged.
    pub fn calls(&self) -> Option<&Person> {
        match self {
            Self::Nudge { to } | Self::Offered { to, .. } | Self::Resumed { to, .. } | Self::Unsent { to, .. } => {
                Some(to)
            }
            Self::Warned { to, .. } | Self::RanOut { to, .. } | Self::Overdue { to, .. } | Self::Bounced { to, .. } => {
                to.as_ref()
            }
            Self::ConfirmationAsked { of, .. } => Some(of),
            _ => None,
        }
    }

    /// Whether what is owed can be told right there.
    pub fn asks(&self) -> bool {
        matches!(self, Self::Opened | Self::Owed | Self::Overdue { .. } | Self::Bounced { .. })
    }

    /// What can be pressed below it.
    pub fn buttons(&self) -> &'static [Verb] {
        match self {
            Self::ConfirmationAsked { .. } => &[Verb::Confirm, Verb::NotSolved],
            _ => &[],
        }
    }
}

/// Whom an event makes us tell, and of what. Called after the event was applied.
pub fn notices(event: &Event, case: &Escalation, procedure: &Procedure) -> Vec<Notice> {
    let mut notices = Vec::new();
    let escalation = case.id;
    let line = |line: Line| Notice::Line { team: procedure.front.clone(), escalation, version: case.version, line };
    // In the place of the team that has it, where its card is.
    let call = |line: Line| Notice::Line { team: case.team().clone(), escalation, version: case.version, line };
    // Whoever can find out what is missing.
    let ask =
        |line: Line| Notice::Line { team: debtor(case, procedure).clone(), escalation, version: case.version, line };
    let responder = || case.responder.as_deref().map(|(person, _)| person.clone());
    // Whoever gave the customer a promise keeps it.
    let promiser =
        |clock: ClockKind| case.told.as_ref().filter(|_| clock == ClockKind::Update).map(|told| told.by.clone());
    let front_is_paged = case.team() == &procedure.front;
    match event {
        Event::Opened(_) if front_is_paged => {}
        Event::Opened(_) => notices.push(line(Line::Opened)),
        // The other cards are drawn anew when it has arrived and its time is known.
        Event::Paged { .. } => notices.push(Notice::Page { escalation, page: case.pages.len() - 1 }),
        Event::Delivered { page, .. } => {
            // The card that was the newest in this place until now loses its buttons.
            let older = (0..*page).rev().find(|older| place_of(case, *older) == place_of(case, *page));
            notices.extend(older.map(|page| Notice::Card { escalation, page }));
            // The card itself is as it should be, but for what happened while it was on its way.
            let is_fresh = case.awaiting == Some(*page) && case.joined() == case.pages[*page].added;
            let itself = Notice::Card { escalation, page: *page };
            notices.extend(redraw(case).into_iter().filter(|card| !is_fresh || *card != itself));
        }
        Event::Added { .. }
        | Event::Joined { .. }
        | Event::MovedOver(_)
        | Event::Parted { .. }
        | Event::Promised { .. }
        | Event::Noted { .. }
        | Event::SeveritySet { .. }
        | Event::Answered { .. }
        | Event::CustomerAsked { .. }
        | Event::Replied { .. }
        | Event::StepDone { .. }
        | Event::Confirmed { .. }
        | Event::CustomerTold { .. }
        | Event::Graded { .. } => notices.extend(redraw(case)),
        // At the opening the line and the card say so.
        Event::Required { .. } if case.updated_at == case.opened_at => {}
        Event::Required { .. } => {
            notices.push(ask(Line::Owed));
            notices.extend(redraw(case));
        }
        Event::Bounced { by, field, from, .. } => {
            let (by, missing) = (by.clone(), field.label.clone());
            let to = from.as_deref().filter(|from| **from != by).cloned();
            notices.push(ask(Line::Bounced { by, missing, to }));
            notices.extend(redraw(case));
        }
        Event::Reminded { late_seconds, .. } => {
            let to = case.owed.as_ref().and_then(|owed| owed.by.as_deref().cloned());
            notices.push(ask(Line::Overdue { to, late_minutes: late_seconds / 60 }));
            notices.extend(redraw(case));
        }
        Event::Informed { by, answers } => {
            let labels = answers.iter().map(|answer| answer.label.clone()).collect();
            notices.push(call(Line::Informed { by: by.clone(), labels }));
            notices.extend(redraw(case));
        }
        Event::Nudged { .. } => {
            notices.extend(responder().map(|to| call(Line::Nudge { to })));
            notices.extend(redraw(case));
        }
        // The cards are drawn anew for the solution itself.
        Event::ConfirmationAsked { of, until } => {
            notices.push(line(Line::ConfirmationAsked { of: of.clone(), until: *until }));
        }
        Event::Warned { clock, due, .. } => {
            let (clock, due, team) = (*clock, *due, case.team().clone());
            let to = promiser(clock).or_else(responder);
            let line = Line::Warned { clock, team, to, due };
            notices.push(if promiser(clock).is_some() { ask(line) } else { call(line) });
        }
        Event::RanOut { clock, due, late_seconds } => {
            let (clock, due, team, late_minutes) = (*clock, *due, case.team().clone(), late_seconds / 60);
            // What is recorded at once need not wake anybody but whoever gave a promise.
            let is_read = case.when_read(case.updated_at) == case.updated_at;
            let to = promiser(clock).or_else(|| responder().filter(|_| is_read));
            let line = Line::RanOut { clock, team, to, due, late_minutes };
            notices.push(if promiser(clock).is_some() { ask(line) } else { call(line) });
            notices.extend(redraw(case));
        }
        Event::Waited { by, .. } => {
            notices.push(line(Line::Waiting { by: by.clone() }));
            notices.extend(redraw(case));
        }
        // Who goes on with it themselves need not be told; the card says the rest.
        Event::Resumed { by } if *by == responder() => {}
        Event::Resumed { by } => {
            notices.extend(responder().map(|to| call(Line::Resumed { to, by: by.clone() })));
        }
        Event::Offered { by, to } => {
            notices.push(call(Line::Offered { by: by.clone(), to: to.clone() }));
            notices.extend(redraw(case));
        }
        Event::HandedOff { to } => notices.push(line(Line::HandedOff { to: to.clone() })),
        Event::Reopened { by, .. } => notices.push(line(Line::Reopened { by: by.clone() })),
        Event::Undeliverable { page, why } => {
            let team = case.pages[*page].team.clone();
            let line = Line::Undeliverable { team, why: why.clone() };
            let catch_all = case.opened.plan.catch_all.team.clone();
            notices.push(Notice::Line { team: catch_all, escalation, version: case.version, line });
        }
        // It was posted again as the case stood; a page follows the others, or the end of the wait. After an
        // acknowledgement or a hand-off comes the promise.
        Event::Reposted { .. } | Event::Strengthened { .. } | Event::Breached { .. } | Event::GapFound { .. } => {}
        // Nobody was on call for its first team: the line of its opening says so.
        Event::Raised { .. } if case.pages.is_empty() => {}
        Event::Raised { .. } => notices.push(line(Line::Raised)),
        Event::Acknowledged { by } => {
            let minutes = case.time_to_answer().map(|taken| taken.num_minutes());
            notices.push(line(Line::Acknowledged { by: by.clone(), minutes }));
        }
        Event::Resolved { by, .. } => {
            notices.push(line(Line::Resolved { by: by.clone() }));
            notices.extend(redraw(case));
        }
        Event::Merged { by, .. } => {
            notices.push(line(Line::Merged { by: by.clone() }));
            notices.extend(redraw(case));
        }
    }
    notices.extend(ticket_note(event, case, procedure));
    notices
}

/// What is written into the ticket of a case, for those who work there. Of what is confidential nothing is, for everybody
/// who works there may read it.
fn ticket_note(event: &Event, case: &Escalation, procedure: &Procedure) -> Option<Notice> {
    let line = match event {
        Event::Opened(_) => Line::Opened,
        Event::Raised { .. } if !case.pages.is_empty() => Line::Raised,
        Event::Acknowledged { by } => Line::Acknowledged { by: by.clone(), minutes: None },
        Event::HandedOff { to } => Line::HandedOff { to: to.clone() },
        Event::Reopened { by, .. } => Line::Reopened { by: by.clone() },
        Event::Resolved { by, .. } => Line::Resolved { by: by.clone() },
        _ => return None,
    };
    let ticket = case.opened.subject.ticket.as_deref()?;
    let is_written = procedure.ticket_access(&ticket.system)?.notes && !case.opened.confidential && !case.opened.drill;
    is_written.then(|| Notice::TicketNote { escalation: case.id, ticket: ticket.clone(), version: case.version, line })
}

/// A redraw of every card that still has buttons: the newest delivered one in each place.
pub fn redraw(case: &Escalation) -> Vec<Notice> {
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
        Notice::Card { escalation, page } | Notice::History { escalation, page, .. } => {
            desk.case(*escalation).is_some_and(|case| place_of(case, *page).is_some())
        }
        // Nothing is left to take over.
        Notice::Post { post: Post::HandedOver { team, .. }, .. } => !desk.held_by(team).is_empty(),
        Notice::Line { .. }
        | Notice::Post { .. }
        | Notice::Sop { .. }
        | Notice::Digest { .. }
        | Notice::DigestSection { .. }
        | Notice::Word { .. }
        | Notice::ReadTicket { .. }
        | Notice::TicketNote { .. }
        | Notice::Reply { .. } => true,
    }
}

/// What everybody may know of a case that only cleared people may read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineFacts<'a> {
    /// What happened, by its name: all that an uncleared reader learns.
    pub line: &'static str,
    pub detail: Option<&'a Line>,
    pub confidential: bool,
    pub drill: bool,
    pub codename: String,
    /// `None` where the line goes to people who may not know.
    pub case: Option<Card>,
}

/// The facts of a line. Of a confidential case it holds the codename and the verb, nothing else.
pub fn line_facts<'a>(
    line: &'a Line,
    team: &TeamId,
    case: &Escalation,
    desk: &Desk,
    procedure: &Procedure,
) -> LineFacts<'a> {
    let confidential = case.opened.confidential;
    let is_cleared = case.opened.plan.teams().any(|paged| paged == team);
    let may_know = !confidential || is_cleared;
    LineFacts {
        line: line.name(),
        detail: may_know.then_some(line),
        confidential,
        drill: case.opened.drill,
        codename: case.codename(),
        case: may_know.then(|| card(case, desk, procedure, None)),
    }
}

#[cfg(test)]
mod tests;
