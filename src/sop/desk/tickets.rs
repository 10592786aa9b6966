//! Tickets: what their systems know of them, and what is said in them.
//!
//! A ticket is read when somebody names it, when a case is about it, and when its system says that it has changed. What
//! its customer says there is heard as if they had said it in the chat, and what staff answer there is an answer. A case
//! never waits for its ticket: it goes out without it, and its cards are drawn anew once it is read.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};

use crate::sop::desk::turn::Turn;
use crate::sop::desk::{Desk, Fact};
use crate::sop::escalation::{Actor, Escalation, EscalationId, Status, Subject};
use crate::sop::message::{Message, Person, Standing, TicketRef};
use crate::sop::notice::{self, Line, Notice};
use crate::sop::ticket::{Comment, Known, Reading, Requester, Role, Ticket, Visibility};
use crate::sop::trigger::Scope;

/// Tickets remembered; the one longest unread is forgotten first.
const TICKETS: usize = 20_000;

/// What is known of tickets.
#[derive(Clone, Debug, Default)]
pub struct Tickets {
    seen: HashMap<(String, String), Seen>,
    /// In the order in which they were first named, for forgetting.
    order: VecDeque<(String, String)>,
}

/// What is known of one ticket.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// As it was read last.
    pub known: Option<Known>,
    /// Why it could not be read the last time.
    pub lost: Option<String>,
    /// When either of them changed.
    pub since: Option<DateTime<Utc>>,
}

impl Tickets {
    pub(super) fn read(&mut self, ticket: &TicketRef, known: Known, at: DateTime<Utc>) {
        *self.entry(ticket) = Seen { known: Some(known), lost: None, since: Some(at) };
    }

    pub(super) fn lose(&mut self, ticket: &TicketRef, why: String, at: DateTime<Utc>) {
        let seen = self.entry(ticket);
        (seen.lost, seen.since) = (Some(why), Some(at));
    }

    pub fn get(&self, ticket: &TicketRef) -> Option<&Seen> {
        self.seen.get(&(ticket.system.clone(), ticket.id.clone()))
    }

    pub fn known(&self, ticket: &TicketRef) -> Option<&Known> {
        self.get(ticket)?.known.as_ref()
    }

    /// The latest first.
    pub fn latest(&self) -> impl Iterator<Item = (TicketRef, &Known)> {
        self.order.iter().rev().filter_map(|key| {
            let known = self.seen.get(key)?.known.as_ref()?;
            Some((TicketRef { system: key.0.clone(), id: key.1.clone(), url: None }, known))
        })
    }

    fn entry(&mut self, ticket: &TicketRef) -> &mut Seen {
        let key = (ticket.system.clone(), ticket.id.clone());
        if !self.seen.contains_key(&key) {
            if self.order.len() == TICKETS
                && let Some(oldest) = self.order.pop_front()
            {
                self.seen.remove(&oldest);
            }
            self.order.push_back(key.clone());
        }
        self.seen.entry(key).or_default()
    }
}

impl Desk {
    /// Who asks for help in a ticket, where that is known.
    pub(super) fn requester(&self, ticket: &TicketRef) -> Option<Person> {
        self.tickets.known(ticket).map(|known| customer(ticket, &known.requester))
    }

    /// Every case about a ticket.
    pub fn about_ticket(&self, ticket: &TicketRef) -> impl Iterator<Item = &Escalation> {
        let ticket = Some(Box::new(ticket.clone()));
        let subject = Subject { customer: None, place: "".into(), ticket, scope: Scope::Customer };
        let about = self.subjects.about(&subject, "").filter_map(|id| self.case(id)).collect::<Vec<_>>();
        about.into_iter().filter(move |case| case.opened.subject.is_same_ticket(&subject))
    }

    fn open_about(&self, ticket: &TicketRef) -> impl Iterator<Item = &Escalation> {
        self.about_ticket(ticket).filter(|case| case.status() != Status::Resolved)
    }
}

impl Turn<'_> {
    /// Somebody named a ticket, or its system says that it has changed: it is read, if it can be.
    pub(super) fn look_up(&mut self, ticket: &TicketRef) {
        self.read_for(ticket, None);
    }

    /// The same, because of something that was said: rules about the ticket look at it again then.
    pub(super) fn look_up_for(&mut self, ticket: &TicketRef, message: &Message) {
        let is_waited_for = self.desk.tickets.known(ticket).is_none() && self.procedure.asks_for_tickets();
        self.read_for(ticket, is_waited_for.then(|| Box::new(message.clone())));
    }

    fn read_for(&mut self, ticket: &TicketRef, again: Option<Box<Message>>) {
        if self.procedure.ticket_access(&ticket.system).is_some() {
            self.outcome.notices.push(Notice::ReadTicket { ticket: ticket.clone(), again, is_glance: false });
        }
    }

    /// Nobody has named the ticket yet, they may be typing the number of another: nothing of it is heard.
    pub(super) fn glance_at(&mut self, ticket: &TicketRef, reading: &Reading) {
        if self.desk.tickets.known(ticket).is_none() {
            let known = Known { is_glance: true, ..reading.known().without_words() };
            self.record(Fact::TicketRead { ticket: ticket.clone(), known: Box::new(known) });
        }
    }

    pub(super) fn read_ticket(&mut self, ticket: &TicketRef, reading: &Reading, again: Option<Box<Message>>) {
        let mut before = self.desk.tickets.get(ticket).cloned().unwrap_or_default();
        before.known = before.known.filter(|known| !known.is_glance);
        let full = reading.known();
        let known = if self.is_open_about(ticket) { full.clone() } else { full.without_words() };
        let is_new = before.known.as_ref().map(Known::fields) != Some(known.fields());
        let looks_new = before.lost.is_some() || before.known.as_ref().is_none_or(|before| !before.looks_like(&known));
        if before.known.as_ref() != Some(&known) || before.lost.is_some() {
            self.record(Fact::TicketRead { ticket: ticket.clone(), known: Box::new(known) });
        }
        if looks_new {
            self.redraw_about(ticket);
        }
        if let Some(message) = again {
            self.hear_again(&message);
        }
        if is_new {
            self.look_at_fields(ticket, reading);
        }
        for comment in reading.unheard(before.known.as_ref()) {
            self.hear_comment(ticket, reading, comment);
        }
        // What was said opened a case: its card has the words.
        if self.is_open_about(ticket) && self.desk.tickets.known(ticket) != Some(&full) {
            self.record(Fact::TicketRead { ticket: ticket.clone(), known: Box::new(full) });
        }
    }

    /// What a customer said is kept only for a case.
    fn is_open_about(&self, ticket: &TicketRef) -> bool {
        self.desk.open_about(ticket).next().is_some()
    }

    pub(super) fn lose_ticket(&mut self, ticket: &TicketRef, why: String) {
        let lost = self.desk.tickets.get(ticket).and_then(|seen| seen.lost.as_ref());
        if lost != Some(&why) {
            self.record(Fact::TicketLost { ticket: ticket.clone(), why });
            self.redraw_about(ticket);
        }
    }

    /// Somebody is typing the name of a ticket: it is read, so that a form can be filled in with it.
    pub(super) fn look_up_typed(&mut self, typed: &str) {
        let unknown = |ticket: &TicketRef| self.desk.tickets.known(ticket).is_none();
        if let Some(ticket) = self.procedure.ticket_in(typed).filter(unknown)
            && self.procedure.ticket_access(&ticket.system).is_some()
        {
            self.outcome.notices.push(Notice::ReadTicket { ticket, again: None, is_glance: true });
        }
    }

    /// Whether somebody may learn what stands in a ticket: not where a case about it is not theirs to read.
    pub(super) fn may_name(&self, actor: &Actor, ticket: &TicketRef) -> bool {
        self.desk.about_ticket(ticket).all(|case| case.may_be_read_by(actor))
    }

    /// A page has arrived. If its ticket was read while it was on its way, it does not show that yet.
    pub(super) fn redraw_late(&mut self, id: EscalationId, page: usize) {
        let Some(case) = self.desk.case(id) else { return };
        let Some(asked) = case.pages.get(page) else { return };
        let since = case.opened.subject.ticket.as_deref().and_then(|ticket| self.desk.tickets.get(ticket)?.since);
        // What was said in a ticket was said after it was read.
        let opened_by_it = case.opened.report.place.ticket().is_some();
        let is_late = |since| if opened_by_it { since > asked.asked_at } else { since >= asked.asked_at };
        if since.is_some_and(is_late) {
            self.outcome.notices.push(Notice::Card { escalation: id, page });
        }
    }

    fn redraw_about(&mut self, ticket: &TicketRef) {
        let cards = self.desk.open_about(ticket).flat_map(notice::redraw);
        self.outcome.notices.extend(cards.collect::<Vec<_>>());
    }

    /// What everybody can read in a ticket counts as said; what staff write among themselves does not.
    fn hear_comment(&mut self, ticket: &TicketRef, reading: &Reading, comment: &Comment) {
        let requester = &reading.ticket.requester;
        let author = match (comment.role, comment.visibility) {
            (Role::Customer, _) => customer(ticket, requester),
            (Role::Agent, Visibility::Public) if !self.is_ours(ticket, comment) => {
                let id = ticket.person(&format!("staff/{}", comment.author));
                Person { id, name: comment.author.as_str().into(), standing: Standing::Staff }
            }
            (Role::Agent | Role::System, _) => return,
        };
        self.hear(&Message {
            id: format!("{}/{}/{}", ticket.system, ticket.id, comment.id).into(),
            place: ticket.place(),
            author,
            text: comment.text.clone(),
            at: comment.at.min(self.now),
            edited: false,
            to: Vec::new(),
        });
    }

    /// Whether it is a word to the customer that a case had written: a promise is not kept by making it.
    fn is_ours(&self, ticket: &TicketRef, comment: &Comment) -> bool {
        let told = self.desk.about_ticket(ticket).filter_map(|case| Some((case, case.told.as_deref()?.due)));
        told.flat_map(|(case, due)| self.wordings(case, due)).any(|text| comment.says(&text))
    }

    /// Rules that need no words look at a ticket whenever its fields have changed.
    fn look_at_fields(&mut self, ticket: &TicketRef, reading: &Reading) {
        let Ticket { requester, updated, .. } = &reading.ticket;
        let id = format!("{}/{}/fields-{}", ticket.system, ticket.id, updated.timestamp_millis()).into();
        let (place, author) = (ticket.place(), customer(ticket, requester));
        let message = Message { id, place, author, text: String::new(), at: self.now, edited: false, to: Vec::new() };
        self.hear_fields(&message);
    }

    /// A note in a ticket did not get out. Where the card says that the ticket cannot be read, that is said already.
    pub(super) fn lose_note(&mut self, id: EscalationId, why: String) {
        let Some(case) = self.desk.case(id) else { return };
        let seen = case.opened.subject.ticket.as_deref().and_then(|ticket| self.desk.tickets.get(ticket));
        if seen.is_some_and(|seen| seen.lost.is_some()) {
            return;
        }
        let (team, version) = (self.procedure.front.clone(), case.version);
        self.outcome.notices.push(Notice::Line { team, escalation: id, version, line: Line::NotNoted { why } });
    }
}

/// Whoever asks for help in a ticket.
fn customer(ticket: &TicketRef, requester: &Requester) -> Person {
    Person { id: ticket.person(&requester.id), name: requester.name.as_str().into(), standing: Standing::Customer }
}
