//! What is taken out of the log when a customer asks for it, or when it has grown too old, and what stands there
//! instead.
//!
//! What somebody wrote or said goes: the words that counted, sketches, what forms asked for, what a ticket says, and what
//! staff wrote down about their cases. Whoever it was gets a pseudonym, the same in every line, so that the fold of the log
//! keeps its shape: the same cases, with the same states and deadlines. What was measured stays: when, which trigger, which
//! team, how strong a signal was, how much was claimed. So do the channels of the chat; they are nobody's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::sop::conversation::{Noted, Sketch};
use crate::sop::desk::Fact;
use crate::sop::escalation::{Counted, EscalationId, Event, Information, Opened, Part, RaiseReason, Report, Subject};
use crate::sop::guidance::form::{Draft, Purpose};
use crate::sop::message::{MessageId, Person, PersonId, PlaceId, Standing, TicketRef};
use crate::sop::notice::{Line, Notice};
use crate::sop::ticket::{Known, Requester};
use crate::sop::trigger::{Change, Finding, What};

/// Stands where words were; the same in every language.
pub const GONE: &str = "▒▒▒";
/// The system of tickets that were taken out, and of people: nobody of the chat has such an id.
const SYSTEM: &str = "erased";

/// The fact that lines of the log were rewritten. What they say now is told by its digest, so that a later change of them
/// is found like any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// The pseudonym of the customer who is gone; `None` where lines were too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<PersonId>,
    /// The number of each line, and the digest of what stands there now, in hexadecimal.
    pub lines: Vec<(i64, String)>,
}

/// Takes somebody, or everybody, out of facts.
#[derive(Clone, Debug)]
pub struct Erasure {
    whose: Whose,
    /// What pseudonyms are made of: chance, so that nobody can work them out.
    token: String,
    people: BTreeMap<PersonId, Person>,
    messages: BTreeMap<MessageId, MessageId>,
    tickets: BTreeMap<(String, String), TicketRef>,
}

#[derive(Clone, Debug)]
enum Whose {
    /// One customer's, with everything that is theirs.
    One(Theirs),
    /// Every customer's in the facts that are given.
    Everybodys,
}

/// What is a customer's: by its ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Theirs {
    pub customer: Option<Person>,
    /// Messages of theirs that were heard or counted.
    pub messages: BTreeSet<MessageId>,
    /// Tickets that they named, or ask for help in.
    pub tickets: BTreeSet<(String, String)>,
    /// Cases that are about nobody else: all words in them go.
    pub cases: BTreeSet<EscalationId>,
}

impl Theirs {
    /// Finds what is a customer's. Nothing, if the log has never heard of them.
    pub fn find<'f>(facts: impl Iterator<Item = &'f Fact> + Clone, customer: &PersonId) -> Self {
        let mut found = Self::default();
        let mut shared = BTreeSet::new();
        for fact in facts.clone() {
            found.look_at(fact, customer, &mut shared);
        }
        for fact in facts {
            found.look_for_tickets(fact);
        }
        found.cases.retain(|case| !shared.contains(case));
        found
    }

    pub fn is_nothing(&self) -> bool {
        self.customer.is_none()
    }

    fn look_at(&mut self, fact: &Fact, who: &PersonId, shared: &mut BTreeSet<EscalationId>) {
        match fact {
            Fact::Noted(noted) if noted.customer.id == *who => {
                self.said(&noted.customer, &noted.message);
                self.named(noted.ticket.iter().cloned().chain(noted.place.ticket()));
            }
            Fact::Asked(asked) if asked.customer.id == *who => {
                self.said(&asked.customer, &asked.message);
                self.named(asked.ticket.iter().cloned().chain(asked.place.ticket()));
            }
            Fact::TicketRead { ticket, known } if ticket.person(&known.requester.id) == *who => {
                self.named([ticket.clone()]);
            }
            Fact::Case { id, event } => match event {
                Event::Opened(opened) => {
                    self.case(*id, &opened.subject, who);
                    self.report(*id, &opened.report, who, shared);
                }
                Event::Added { report } | Event::Strengthened { report, .. } => self.report(*id, report, who, shared),
                Event::Joined { parts, .. } => {
                    // Somebody else's case that goes on in theirs.
                    let others = parts.iter().any(|part| part.subject.customer_id().is_some_and(|id| id != who));
                    if others {
                        shared.insert(*id);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// A case about a ticket of theirs that names no customer is about them, too.
    fn look_for_tickets(&mut self, fact: &Fact) {
        if let Fact::Case { id, event: Event::Opened(opened) } = fact
            && let Subject { customer: None, ticket: Some(ticket), .. } = &opened.subject
            && self.tickets.contains(&(ticket.system.clone(), ticket.id.clone()))
        {
            self.cases.insert(*id);
        }
    }

    fn case(&mut self, id: EscalationId, subject: &Subject, who: &PersonId) {
        if subject.customer_id() == Some(who) {
            self.customer = self.customer.take().or(subject.customer.as_deref().cloned());
            self.cases.insert(id);
            self.named(subject.ticket.as_deref().cloned().into_iter().chain(subject.place.ticket()));
        }
    }

    fn report(&mut self, id: EscalationId, report: &Report, who: &PersonId, shared: &mut BTreeSet<EscalationId>) {
        match &report.customer {
            Some(customer) if customer.id == *who => {
                self.customer = self.customer.take().or(Some((**customer).clone()));
                self.messages.extend(report.message.clone());
                self.named(report.place.ticket());
            }
            Some(_) => drop(shared.insert(id)),
            None => {}
        }
        for counted in report.counted.iter().filter(|counted| counted.customer.id == *who) {
            self.said(&counted.customer, &counted.message);
        }
    }

    fn said(&mut self, customer: &Person, message: &MessageId) {
        self.customer = self.customer.take().or(Some(customer.clone()));
        self.messages.insert(message.clone());
    }

    fn named(&mut self, tickets: impl IntoIterator<Item = TicketRef>) {
        self.tickets.extend(tickets.into_iter().map(|ticket| (ticket.system, ticket.id)));
    }
}

impl Erasure {
    /// Takes out what is one customer's. `token` is some letters and digits that chance made.
    pub fn of(theirs: Theirs, token: &str) -> Self {
        Self::new(Whose::One(theirs), token)
    }

    /// Takes every customer out of the facts it is given.
    pub fn of_everybody(token: &str) -> Self {
        Self::new(Whose::Everybodys, token)
    }

    fn new(whose: Whose, token: &str) -> Self {
        let (people, messages, tickets) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { whose, token: token.to_owned(), people, messages, tickets }
    }

    /// The pseudonym of the one customer; `None` where there is not one.
    pub fn pseudonym(&mut self) -> Option<PersonId> {
        match &self.whose {
            Whose::One(theirs) => theirs.customer.clone().map(|customer| self.stand_in(&customer).id),
            Whose::Everybodys => None,
        }
    }

    /// The fact without what has to go; `None` where nothing has to.
    pub fn fact(&mut self, fact: &Fact) -> Option<Fact> {
        let rewritten = self.rewritten(fact.clone());
        (rewritten != *fact).then_some(rewritten)
    }

    fn rewritten(&mut self, fact: Fact) -> Fact {
        match fact {
            Fact::Noted(noted) => Fact::Noted(Box::new(self.noted(*noted))),
            Fact::Watched { trigger, message, place } => {
                Fact::Watched { trigger, message: self.message(message), place: self.place(place) }
            }
            Fact::Case { id, event } => Fact::Case { id, event: self.event(id, event) },
            Fact::Asked(mut asked) => {
                if self.is_theirs(&asked.customer) {
                    asked.message = self.message(asked.message);
                }
                asked.customer = self.person(asked.customer);
                asked.place = self.place(asked.place);
                asked.ticket = asked.ticket.map(|ticket| self.ticket(ticket));
                Fact::Asked(asked)
            }
            Fact::Answered { place } => Fact::Answered { place: self.place(place) },
            Fact::WaitedLong { place, customer } => {
                let customer = self.person(Person { id: customer, name: "".into(), standing: Standing::Customer }).id;
                Fact::WaitedLong { place: self.place(place), customer }
            }
            Fact::Drafted(draft) => Fact::Drafted(self.draft(draft)),
            Fact::TicketRead { ticket, known } => {
                let known = if self.is_their_ticket(&ticket) { Box::new(without_details(*known)) } else { known };
                Fact::TicketRead { ticket: self.read_ticket(ticket), known }
            }
            Fact::TicketLost { ticket, why } => {
                let why = if self.is_their_ticket(&ticket) { gone(why) } else { why };
                Fact::TicketLost { ticket: self.read_ticket(ticket), why }
            }
            // Of staff and of the desk.
            Fact::Covered(_)
            | Fact::HandedOver { .. }
            | Fact::Deaf { .. }
            | Fact::Hearing
            | Fact::Adopted { .. }
            | Fact::OutOfReach { .. }
            | Fact::Reported { .. }
            | Fact::Erased(_) => fact,
        }
    }

    fn noted(&mut self, noted: Noted) -> Noted {
        let Noted { message, place, customer, ticket, kinds, failing, sketch } = noted;
        let is_theirs = self.is_theirs(&customer);
        // Nobody can read it there any more.
        let place = if is_theirs { self.nowhere() } else { self.place(place) };
        Noted {
            message: if is_theirs { self.message(message) } else { message },
            place,
            customer: self.person(customer),
            ticket: ticket.map(|ticket| self.ticket(ticket)),
            kinds,
            failing,
            sketch: if is_theirs { Sketch::default() } else { sketch },
        }
    }

    fn event(&mut self, id: EscalationId, event: Event) -> Event {
        let all = self.is_their_case(id);
        let words = |text: String| if all { gone(text) } else { text };
        match event {
            Event::Opened(opened) => Event::Opened(Box::new(self.opened(*opened, all))),
            Event::Added { report } => Event::Added { report: Box::new(self.report(*report, all)) },
            Event::Strengthened { report, severity } => {
                Event::Strengthened { report: Box::new(self.report(*report, all)), severity }
            }
            Event::Raised { from, to, why } => Event::Raised { from, to, why: raised(why, words) },
            Event::Noted { by, text } => Event::Noted { by, text: words(text) },
            Event::Waited { by, reason } => Event::Waited { by, reason: words(reason) },
            Event::SeveritySet { by, severity, reason } => Event::SeveritySet { by, severity, reason: words(reason) },
            Event::Resolved { by, note } => Event::Resolved { by, note: words(note) },
            Event::Reopened { by, reason } => Event::Reopened { by, reason: words(reason) },
            Event::Bounced { by, mut field, from, due } => {
                field.label = words(field.label);
                Event::Bounced { by, field, from, due }
            }
            Event::Informed { by, answers } if all => {
                Event::Informed { by, answers: answers.into_iter().map(untold).collect() }
            }
            Event::Joined { by, parts, severity } => {
                let parts = parts.into_iter().map(|part| self.part(part)).collect();
                Event::Joined { by, parts, severity }
            }
            // What is left has times, teams, and people of the staff.
            event => event,
        }
    }

    fn opened(&mut self, opened: Opened, all: bool) -> Opened {
        let report = self.report(opened.report, all);
        let subject = self.subject(opened.subject);
        let mut near = opened.near;
        if all {
            for miss in &mut near {
                unsay(&mut miss.finding);
                miss.flip.iter_mut().for_each(unsay_change);
            }
        }
        Opened { subject, report, near, ..opened }
    }

    fn subject(&mut self, subject: Subject) -> Subject {
        let Subject { customer, place, ticket, scope } = subject;
        let customer = customer.map(|customer| self.shared_person(customer));
        let ticket = ticket.map(|ticket| Box::new(self.ticket(*ticket)));
        Subject { customer, place: self.place(place), ticket, scope }
    }

    /// `all`: also what staff reported for them.
    fn report(&mut self, report: Report, all: bool) -> Report {
        let mut report = report;
        let is_theirs = match report.customer.as_deref() {
            Some(customer) => self.is_theirs(customer),
            None => all,
        };
        report.counted = report.counted.into_iter().map(|counted| self.counted(counted)).collect();
        report.place = self.place(report.place);
        report.customer = report.customer.map(|customer| self.shared_person(customer));
        if is_theirs {
            report.message = None;
            report.quotes.iter_mut().for_each(|quote| quote.words = CompactString::const_new(GONE));
            report.findings.iter_mut().for_each(unsay);
            report.flips.iter_mut().flat_map(|flip| flip.changes.iter_mut()).for_each(unsay_change);
            report.information = report.information.into_iter().map(untold).collect();
        }
        report
    }

    fn counted(&mut self, counted: Counted) -> Counted {
        if !self.is_theirs(&counted.customer) {
            return Counted { place: self.place(counted.place), ..counted };
        }
        let (message, place) = (self.message(counted.message), self.nowhere());
        Counted { customer: self.person(counted.customer), place, message, at: counted.at }
    }

    fn part(&mut self, part: Part) -> Part {
        let all = self.is_their_case(part.case);
        let mut part = part;
        part.subject = self.subject(part.subject);
        part.reports = part.reports.into_iter().map(|report| self.report(report, all)).collect();
        if all {
            part.informed = part.informed.into_iter().map(untold).collect();
            part.notes.iter_mut().for_each(|note| GONE.clone_into(&mut note.text));
        }
        part
    }

    /// A form that staff began: what was typed goes, and with it the form.
    fn draft(&mut self, draft: Draft) -> Draft {
        let is_theirs = match (&self.whose, &draft.purpose) {
            (Whose::Everybodys, _) => true,
            (Whose::One(theirs), Purpose::Escalation { message, .. }) => {
                let names_them = |(_, text): &(String, String)| theirs.is_named_in(text);
                message.as_ref().is_some_and(|message| theirs.messages.contains(message))
                    || draft.typed.iter().any(names_them)
            }
            (Whose::One(theirs), Purpose::Owed { case }) => theirs.cases.contains(case),
        };
        if !is_theirs {
            return draft;
        }
        let purpose = match draft.purpose {
            Purpose::Escalation { trigger, place, message } => {
                let (place, message) = (self.place(place), message.map(|message| self.message(message)));
                Purpose::Escalation { trigger, place, message }
            }
            owed @ Purpose::Owed { .. } => owed,
        };
        Draft { by: draft.by, purpose, typed: Vec::new() }
    }

    /// What waits to be told of one customer; `None` where it goes, for its words do.
    pub fn notice(&self, notice: &Notice) -> Option<Notice> {
        let Whose::One(theirs) = &self.whose else { return Some(notice.clone()) };
        match notice {
            Notice::Word { escalation, .. } | Notice::History { escalation, .. }
                if theirs.cases.contains(escalation) =>
            {
                None
            }
            Notice::TicketNote { ticket, .. } if self.is_their_ticket(ticket) => None,
            Notice::ReadTicket { ticket, again, .. } => {
                let is_theirs = again.as_ref().is_some_and(|message| self.is_theirs(&message.author));
                (!is_theirs && !self.is_their_ticket(ticket)).then(|| notice.clone())
            }
            Notice::Line { team, escalation, version, line: Line::Bounced { by, to, .. } }
                if theirs.cases.contains(escalation) =>
            {
                let line = Line::Bounced { by: by.clone(), missing: GONE.to_owned(), to: to.clone() };
                let (team, escalation, version) = (team.clone(), *escalation, *version);
                Some(Notice::Line { team, escalation, version, line })
            }
            _ => Some(notice.clone()),
        }
    }

    /// Whether an id of a message, or of a ticket, is one that goes.
    pub fn is_theirs_by_id(&self, id: &str) -> bool {
        match &self.whose {
            Whose::One(theirs) => {
                theirs.messages.contains(&MessageId::from(id)) || theirs.tickets.iter().any(|(_, ticket)| ticket == id)
            }
            Whose::Everybodys => true,
        }
    }

    pub fn is_their_case(&self, id: EscalationId) -> bool {
        match &self.whose {
            Whose::One(theirs) => theirs.cases.contains(&id),
            Whose::Everybodys => true,
        }
    }

    fn is_theirs(&self, person: &Person) -> bool {
        match &self.whose {
            Whose::One(theirs) => theirs.customer.as_ref().is_some_and(|customer| customer.id == person.id),
            Whose::Everybodys => person.standing == Standing::Customer,
        }
    }

    fn is_their_ticket(&self, ticket: &TicketRef) -> bool {
        match &self.whose {
            Whose::One(theirs) => theirs.tickets.contains(&(ticket.system.clone(), ticket.id.clone())),
            Whose::Everybodys => true,
        }
    }

    fn person(&mut self, person: Person) -> Person {
        if self.is_theirs(&person) { self.stand_in(&person) } else { person }
    }

    fn shared_person(&mut self, person: Arc<Person>) -> Arc<Person> {
        if self.is_theirs(&person) { Arc::new(self.stand_in(&person)) } else { person }
    }

    /// Who stands in the place of somebody; whoever is a pseudonym already stays it.
    fn stand_in(&mut self, person: &Person) -> Person {
        if is_pseudonym(&person.id) {
            return person.clone();
        }
        if let Some(known) = self.people.get(&person.id) {
            return known.clone();
        }
        let name = self.numbered(self.people.len());
        let id = TicketRef { system: SYSTEM.to_owned(), id: String::new(), url: None }.person(&name);
        let stand_in = Person { id, name: format!("{SYSTEM} {name}").into(), standing: person.standing };
        self.people.insert(person.id.clone(), stand_in.clone());
        stand_in
    }

    fn message(&mut self, message: MessageId) -> MessageId {
        let is_theirs = match &self.whose {
            Whose::One(theirs) => theirs.messages.contains(&message),
            Whose::Everybodys => !message.as_str().starts_with(SYSTEM),
        };
        if !is_theirs {
            return message;
        }
        let next = format!("{SYSTEM}-{}", self.numbered(self.messages.len()));
        self.messages.entry(message).or_insert_with(|| next.into()).clone()
    }

    fn ticket(&mut self, ticket: TicketRef) -> TicketRef {
        if ticket.system == SYSTEM || !self.is_their_ticket(&ticket) {
            return ticket;
        }
        let id = self.numbered(self.tickets.len());
        let key = (ticket.system, ticket.id);
        let stand_in = || TicketRef { system: SYSTEM.to_owned(), id, url: None };
        self.tickets.entry(key).or_insert_with(stand_in).clone()
    }

    /// Of what is only too old the number stays: its system may speak of it again, and what was heard is not heard anew.
    fn read_ticket(&mut self, ticket: TicketRef) -> TicketRef {
        if matches!(self.whose, Whose::Everybodys) { ticket } else { self.ticket(ticket) }
    }

    fn place(&mut self, place: PlaceId) -> PlaceId {
        match place.ticket() {
            Some(ticket) => self.ticket(ticket).place(),
            None => place,
        }
    }

    /// A place that leads nowhere.
    fn nowhere(&self) -> PlaceId {
        TicketRef { system: SYSTEM.to_owned(), id: self.token.clone(), url: None }.place()
    }

    fn numbered(&self, number: usize) -> String {
        if number == 0 { self.token.clone() } else { format!("{}-{}", self.token, number + 1) }
    }
}

impl Theirs {
    /// Whether what somebody typed names them or a ticket of theirs.
    fn is_named_in(&self, text: &str) -> bool {
        let person = self.customer.iter().flat_map(|customer| [customer.id.as_str(), customer.name.as_str()]);
        let tickets = self.tickets.iter().map(|(_, id)| id.as_str());
        person.chain(tickets).any(|name| !name.is_empty() && text.contains(name))
    }
}

fn is_pseudonym(person: &PersonId) -> bool {
    let of_ours = TicketRef { system: SYSTEM.to_owned(), id: String::new(), url: None }.person("");
    person.as_str().starts_with(of_ours.as_str())
}

fn gone(text: String) -> String {
    if text.is_empty() { text } else { GONE.to_owned() }
}

/// What the procedure asks for keeps its label; what staff asked back for was in their own words.
fn untold(told: Information) -> Information {
    let label = if told.id.starts_with("missing-") { GONE.to_owned() } else { told.label };
    Information { id: told.id, label, answer: gone(told.answer) }
}

/// What stands in a ticket is its customer's.
fn unsay(finding: &mut Finding) {
    unsay_what(&mut finding.what);
}

fn unsay_what(what: &mut What) {
    if let What::Ticket { found, .. } = what {
        *found = gone(std::mem::take(found));
    }
}

fn unsay_change(change: &mut Change) {
    if let Change::Fact { what, .. } = change {
        unsay_what(what);
    }
}

fn raised(why: RaiseReason, words: impl Fn(String) -> String) -> RaiseReason {
    match why {
        RaiseReason::ByHand { by, reason } => RaiseReason::ByHand { by, reason: words(reason) },
        RaiseReason::Lowered { by, reason } => RaiseReason::Lowered { by, reason: words(reason) },
        why => why,
    }
}

/// How a ticket stands and how far it was read, so that nothing is heard twice; nothing of what it says.
fn without_details(known: Known) -> Known {
    Known {
        number: gone(known.number),
        subject: gone(known.subject),
        requester: Requester { id: gone(known.requester.id), name: gone(known.requester.name), ..Requester::default() },
        assignee: None,
        group: None,
        tags: Vec::new(),
        said: Vec::new(),
        ..known
    }
}
