//! Tickets: what their systems know of them, and what is said in them.
//!
//! A ticket is read when somebody names it, when a case is about it, and when its system says that it has changed. What
//! its customer says there is heard as if they had said it in the chat, and what staff answer there is an answer. A case
//! never waits for its ticket: it goes out without it, and its cards are drawn anew once it is read.

use std::collections::{HashMap, VecDeque};

use crate::sop::desk::turn::Turn;
use crate::sop::desk::{Desk, Fact};
use crate::sop::escalation::{EscalationId, Subject};
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
}

impl Tickets {
    pub(super) fn read(&mut self, ticket: &TicketRef, known: Known) {
        *self.entry(ticket) = Seen { known: Some(known), lost: None };
    }

    pub(super) fn lose(&mut self, ticket: &TicketRef, why: String) {
        self.entry(ticket).lost = Some(why);
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
    /// Open cases about a ticket.
    fn about_ticket(&self, ticket: &TicketRef) -> Vec<EscalationId> {
        let ticket = Some(Box::new(ticket.clone()));
        let subject = Subject { customer: None, place: "".into(), ticket, scope: Scope::Customer };
        let about = self.subjects.about(&subject, "").filter(|id| self.open.contains(id));
        about.filter(|id| self.case(*id).is_some_and(|case| case.opened.subject.is_same_ticket(&subject))).collect()
    }
}

impl Turn<'_> {
    /// Somebody named a ticket, or its system says that it has changed: it is read, if it can be.
    pub(super) fn look_up(&mut self, ticket: &TicketRef) {
        self.read_for(ticket, None);
    }

    pub(super) fn look_up_all(&mut self, tickets: &[TicketRef]) {
        for ticket in tickets {
            self.look_up(ticket);
        }
    }

    /// The same, because of something that was said: rules about the ticket look at it again then.
    pub(super) fn look_up_for(&mut self, ticket: &TicketRef, message: &Message) {
        let is_waited_for = self.desk.tickets.known(ticket).is_none() && self.procedure.asks_for_tickets();
        self.read_for(ticket, is_waited_for.then(|| Box::new(message.clone())));
    }

    fn read_for(&mut self, ticket: &TicketRef, again: Option<Box<Message>>) {
        if self.procedure.ticket_access(&ticket.system).is_some() {
            self.outcome.notices.push(Notice::ReadTicket { ticket: ticket.clone(), again });
        }
    }

    pub(super) fn read_ticket(&mut self, ticket: &TicketRef, reading: &Reading, again: Option<Box<Message>>) {
        let before = self.desk.tickets.get(ticket).cloned().unwrap_or_default();
        let known = reading.known();
        let is_new = before.known.as_ref().map(Known::fields) != Some(known.fields());
        if before.known.as_ref() != Some(&known) || before.lost.is_some() {
            self.record(Fact::TicketRead { ticket: ticket.clone(), known: Box::new(known) });
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
    }

    pub(super) fn lose_ticket(&mut self, ticket: &TicketRef, why: String) {
        let lost = self.desk.tickets.get(ticket).and_then(|seen| seen.lost.as_ref());
        if lost != Some(&why) {
            self.record(Fact::TicketLost { ticket: ticket.clone(), why });
            self.redraw_about(ticket);
        }
    }

    fn redraw_about(&mut self, ticket: &TicketRef) {
        let about = self.desk.about_ticket(ticket);
        let cards = about.iter().flat_map(|id| notice::redraw(&self.desk.cases[id]));
        self.outcome.notices.extend(cards.collect::<Vec<_>>());
    }

    /// What everybody can read in a ticket counts as said; what staff write among themselves does not.
    fn hear_comment(&mut self, ticket: &TicketRef, reading: &Reading, comment: &Comment) {
        let requester = &reading.ticket.requester;
        let author = match (comment.role, comment.visibility) {
            (Role::Customer, _) => customer(ticket, requester),
            (Role::Agent, Visibility::Public) if !self.is_ours(ticket, comment) => {
                let id = format!("{}/staff/{}", ticket.system, comment.author).into();
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
        let told = self.desk.about_ticket(ticket).into_iter().filter_map(|id| {
            let case = &self.desk.cases[&id];
            let due = case.told.as_deref()?.due;
            Some(self.wordings(case, due))
        });
        told.flatten().any(|text| comment.says(&text))
    }

    /// Rules that need no words look at a ticket whenever its fields have changed.
    fn look_at_fields(&mut self, ticket: &TicketRef, reading: &Reading) {
        let Ticket { requester, updated, .. } = &reading.ticket;
        let id = format!("{}/{}/fields-{}", ticket.system, ticket.id, updated.timestamp_millis()).into();
        let (place, author) = (ticket.place(), customer(ticket, requester));
        let message = Message { id, place, author, text: String::new(), at: self.now, edited: false, to: Vec::new() };
        self.hear_fields(&message);
    }

    /// A note in a ticket did not get out.
    pub(super) fn lose_note(&mut self, id: EscalationId, why: String) {
        let Some(case) = self.desk.case(id) else { return };
        let (team, version) = (self.procedure.front.clone(), case.version);
        self.outcome.notices.push(Notice::Line { team, escalation: id, version, line: Line::NotNoted { why } });
    }
}

/// Whoever asks for help in a ticket.
fn customer(ticket: &TicketRef, requester: &Requester) -> Person {
    let id = format!("{}/{}", ticket.system, requester.id).into();
    Person { id, name: requester.name.as_str().into(), standing: Standing::Customer }
}
