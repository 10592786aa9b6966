//! One request on its way through the desk: from what somebody said, typed or pressed to facts and notices.

use std::cell::OnceCell;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sop::conversation::Noted;
use crate::sop::desk::{About, Desk, Fact, Outcome, Question, read, read_fields, read_wait, sketch};
use crate::sop::escalation::{
    Act, Actor, Command, Escalation, EscalationId, Event, Merger, OnCall, Opened, Refusal, TriggerName, merge, open,
};
use crate::sop::guidance::information::Field;
use crate::sop::health::health;
use crate::sop::message::{Message, Person, PersonId, Standing, TicketRef};
use crate::sop::notice::{self, Answer, Notice, ReplyTo};
use crate::sop::procedure::Procedure;
use crate::sop::signal::Signals;
use crate::sop::triage::{Decision, Heard, triage};
use crate::sop::trigger::Fired;
use crate::sop::waits::{Asked, Wait};

/// One request on its way through the desk.
pub(super) struct Turn<'a> {
    pub(super) desk: &'a mut Desk,
    pub(super) procedure: &'a Procedure,
    pub(super) now: DateTime<Utc>,
    pub(super) outcome: Outcome,
    /// Who is on call now, for each team that has a rota; worked out once it is asked for.
    on_call: OnceCell<OnCall>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(desk: &'a mut Desk, procedure: &'a Procedure, now: DateTime<Utc>) -> Self {
        Self { desk, procedure, now, outcome: Outcome::default(), on_call: OnceCell::new() }
    }

    /// Message → signals → firings → decisions → facts and notices.
    pub(super) fn hear(&mut self, message: &Message) {
        if message.author.standing == Standing::Bot {
            return;
        }
        let (signals, ticket, fired) = read(message, self.desk, self.procedure, self.now);
        let customer = (message.author.standing == Standing::Customer).then_some(&message.author);
        let heard = Heard { message, customer, ticket: ticket.as_ref(), signals: &signals };
        match customer {
            Some(_) => self.hear_customer(message),
            None => self.hear_staff(message),
        }
        let decisions = triage(heard, &fired, self.desk, self.procedure);
        if customer.is_some() && (ticket.is_some() || !signals.is_silent()) {
            self.note(message, ticket.clone(), &signals);
        }
        self.carry_out(decisions, message);
        // A comment was read with its ticket.
        if let Some(ticket) = ticket.as_ref().filter(|_| message.place.ticket().is_none()) {
            self.look_up_for(ticket, message);
        }
        self.follow_waits(message, ticket);
    }

    /// The rules that look at tickets hear once more what was said before its ticket was known.
    pub(super) fn hear_again(&mut self, message: &Message) {
        let (signals, ticket, mut fired) = read(message, self.desk, self.procedure, self.now);
        fired.firings.retain(|firing| firing.trigger.condition.asks_for_tickets());
        let customer = (message.author.standing == Standing::Customer).then_some(&message.author);
        self.decide(Heard { message, customer, ticket: ticket.as_ref(), signals: &signals }, &fired);
    }

    /// Nothing was said, but what is known of the ticket that this stands in has changed.
    pub(super) fn hear_fields(&mut self, message: &Message) {
        let fired = read_fields(message, self.desk, self.procedure, self.now);
        let (ticket, signals) = (message.place.ticket(), Signals::default());
        let customer = Some(&message.author);
        self.decide(Heard { message, customer, ticket: ticket.as_ref(), signals: &signals }, &fired);
    }

    fn decide(&mut self, heard: Heard<'_>, fired: &Fired<'_>) {
        let decisions = triage(heard, fired, self.desk, self.procedure);
        self.carry_out(decisions, heard.message);
    }

    fn carry_out(&mut self, decisions: Vec<Decision>, message: &Message) {
        for decision in decisions {
            match decision {
                Decision::Open(opened) => {
                    let triggers = opened.report.triggers.clone();
                    let id = self.open(*opened);
                    self.require(id, &triggers, None);
                }
                Decision::Join { escalation, command } => {
                    self.settle(escalation, &command);
                    if let Command::Report { report, .. } = &command {
                        self.require(escalation, &report.triggers, None);
                    }
                }
                Decision::Watch { trigger } => {
                    let (message, place) = (message.id.clone(), message.place.clone());
                    self.record(Fact::Watched { trigger, message, place });
                }
            }
        }
    }

    /// Whoever is not answered begins to wait; a word of the staff in the place ends that.
    fn follow_waits(&mut self, message: &Message, ticket: Option<TicketRef>) {
        let Message { place, author, .. } = message;
        match author.standing {
            Standing::Staff if self.desk.waits.anybody(place) => self.record(Fact::Answered { place: place.clone() }),
            Standing::Customer if !message.edited && !self.desk.waits.is_waiting(place, &author.id) => {
                let after_seconds: Vec<i64> = self.procedure.waits().iter().map(TimeDelta::num_seconds).collect();
                if !after_seconds.is_empty() {
                    let (message, place, customer) = (message.id.clone(), place.clone(), author.clone());
                    let asked = Asked { message, place, customer, ticket, after_seconds };
                    self.record(Fact::Asked(Box::new(asked)));
                }
            }
            _ => {}
        }
    }

    /// A customer has waited as long as a rule allows.
    fn pass_wait(&mut self, wait: &Wait) {
        let Asked { message: id, place, customer, ticket, .. } = &wait.asked;
        self.record(Fact::WaitedLong { place: place.clone(), customer: customer.id.clone() });
        let (id, place, author, at) = (id.clone(), place.clone(), customer.clone(), wait.since);
        let message = Message { id, place, author, text: String::new(), at, edited: false, to: Vec::new() };
        let fired = read_wait(&message, wait, self.desk, self.procedure, self.now);
        let signals = Signals::default();
        self.decide(
            Heard { message: &message, customer: Some(customer), ticket: ticket.as_ref(), signals: &signals },
            &fired,
        );
    }

    /// Whatever the customer writes, nobody waits for them any longer; and they wait for a reply. An edit asks nothing.
    fn hear_customer(&mut self, message: &Message) {
        let author = &message.author.id;
        let ticket = message.place.ticket();
        let is_its_own = |case: &Escalation| {
            case.opened.subject.customer_id() == Some(author) || ticket.as_ref().is_some_and(|it| case.is_of_ticket(it))
        };
        let theirs = self.listening().filter(|case| case.is_of_customer(author) || is_its_own(case));
        let theirs: Vec<_> = theirs.map(|case| (case.id, is_its_own(case) && case.is_in(&message.place))).collect();
        for (id, is_there) in theirs {
            self.settle(id, &Command::CustomerWrote);
            if is_there && !message.edited {
                self.settle(id, &Command::CustomerAsked { at: message.at });
            }
        }
    }

    /// What staff write where a customer asked is a reply to whom it names or answers. Where it names nobody it is one
    /// to the customer, as long as only one has an open case there.
    fn hear_staff(&mut self, message: &Message) {
        if message.edited {
            return;
        }
        let there = self.listening().filter(|case| case.is_in(&message.place));
        let there: Vec<_> = there.map(|case| (case.id, case.opened.subject.customer_id())).collect();
        let is_alone = there.iter().all(|(_, customer)| *customer == there[0].1);
        let is_meant = |customer: &PersonId| match message.to.as_slice() {
            [] => is_alone,
            named => named.contains(customer),
        };
        let meant = there.iter().filter(|(_, customer)| customer.is_some_and(is_meant));
        for id in meant.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.settle(id, &Command::Replied { by: message.author.clone(), at: message.at });
        }
    }

    fn listening(&self) -> impl Iterator<Item = &Escalation> {
        self.desk.listening.iter().filter_map(|id| self.desk.case(*id))
    }

    fn note(&mut self, message: &Message, ticket: Option<TicketRef>, signals: &Signals) {
        let kinds = self.procedure.labels(signals).cloned().collect();
        let noted = Noted {
            message: message.id.clone(),
            place: message.place.clone(),
            customer: message.author.clone(),
            ticket,
            kinds,
            failing: signals.failing.clone(),
            sketch: sketch(&message.text, self.procedure),
        };
        self.record(Fact::Noted(Box::new(noted)));
    }

    pub(super) fn act(&mut self, actor: Actor, about: &About, act: Act) -> Result<Answer, Refusal> {
        let id = self.find(&actor, about)?.id;
        let seen = match about {
            About::Button { seen, .. } => Some(*seen),
            About::Typed(_) => None,
        };
        let command = act.name();
        let events = self.desk.cases[id].decide(&Command::Act { by: actor, act, seen }, self.on_call(), self.now)?;
        let wholes = self.desk.wholes_of(id);
        self.take_in(id, events);
        if self.desk.cases[id].merged_into().is_none() {
            for whole in wholes {
                self.part(id, whole);
            }
        }
        Ok(self.done(command, id))
    }

    pub(super) fn done(&self, command: &'static str, id: EscalationId) -> Answer {
        Answer::Done { command, case: notice::card(&self.desk.cases[id], self.desk, self.procedure, None) }
    }

    /// The case that goes on is told first: at no moment is the issue with neither.
    pub(super) fn merge(&mut self, actor: &Actor, about: &About, into: String) -> Result<Answer, Refusal> {
        let (part, whole) = (self.find(actor, about)?, self.find(actor, &About::Typed(into))?);
        let (part_id, whole_id) = (part.id, whole.id);
        let owed = part.owed.as_ref().map(|owed| (owed.fields.to_vec(), owed.by.as_deref().cloned()));
        let Merger { whole, part } = merge(part, whole, actor, self.on_call(), self.now)?;
        self.take_in(whole_id, whole);
        if let Some((fields, by)) = owed {
            self.settle(whole_id, &Command::Require { fields, by });
        }
        self.take_in(part_id, part);
        Ok(self.done("merge", part_id))
    }

    /// It was opened again: it goes on by itself, with the parts that it had.
    fn part(&mut self, id: EscalationId, whole: EscalationId) {
        let of_it = self.desk.cases[id].parts.iter().map(|part| part.case);
        self.take_in(whole, vec![Event::Parted { parts: [id].into_iter().chain(of_it).collect() }]);
        // What the parts had told it is theirs again.
        let triggers = self.desk.cases[whole].opened.report.triggers.clone();
        self.require(whole, &triggers, None);
    }

    /// Ticks a step off and shows the next one.
    pub(super) fn do_step(
        &mut self,
        actor: Actor,
        id: EscalationId,
        playbook: String,
        step: usize,
    ) -> Result<Answer, Refusal> {
        let about = About::Typed(id.to_string());
        self.find(&actor, &about)?;
        let mut books = self.procedure.guidance.playbooks.iter();
        let found = books.find(|book| book.id == playbook).and_then(|book| book.steps.get(step));
        let step = found.ok_or(Refusal::NoPlaybook { id })?.title.clone();
        self.act(actor, &about, Act::DoStep { playbook, step })?;
        self.book(&self.desk.cases[id])
    }

    fn book(&self, case: &Escalation) -> Result<Answer, Refusal> {
        let page = notice::book(case, self.procedure).ok_or(Refusal::NoPlaybook { id: case.id })?;
        Ok(Answer::Playbook { page })
    }

    /// What the teams of these triggers have to know is owed from here on.
    pub(super) fn require(&mut self, id: EscalationId, triggers: &[TriggerName], by: Option<&Person>) {
        let named = triggers.iter().filter_map(|name| self.procedure.trigger(&name.id));
        let of_triggers = named.flat_map(|trigger| self.procedure.required(Some(trigger)));
        let fields: Vec<Field> = match triggers {
            [] => self.procedure.required(None).to_vec(),
            _ => of_triggers.cloned().collect(),
        };
        self.settle(id, &Command::Require { fields, by: by.cloned() });
    }

    pub(super) fn ask(&self, actor: &Actor, question: &Question) -> Result<Answer, Refusal> {
        if let Question::Help = question {
            return Ok(Answer::Help { staff: actor.person.standing == Standing::Staff });
        }
        if let Question::Choices { what, typed } = question {
            return Ok(self.choices(actor, what, typed));
        }
        if actor.person.standing != Standing::Staff {
            return Err(Refusal::NotStaff);
        }
        Ok(match question {
            Question::Status(about) => {
                Answer::Status { case: notice::card(self.find(actor, about)?, self.desk, self.procedure, None) }
            }
            Question::Why(about) => {
                Answer::Why { why: notice::why(self.find(actor, about)?, self.desk, self.procedure) }
            }
            Question::Customer(about) => self.text_for_customer(actor, about)?,
            Question::Playbook(about) => self.book(self.find(actor, about)?)?,
            Question::OnCall { team, at } => self.who_is_on_call(actor, team.as_deref(), at.as_deref())?,
            Question::Queue => Answer::Queue(notice::queue(self.desk, actor, self.procedure)),
            Question::Sop => Answer::Sop(self.sop(actor)),
            Question::Difference(about) => self.difference(actor, about)?,
            Question::Form { purpose, page, ticket } => self.form(actor, purpose, *page, ticket)?,
            Question::Health => {
                managers_only(actor)?;
                Answer::Health(health(self.desk, self.procedure, actor, self.now))
            }
            Question::Digest(period) => self.digest(actor, period.as_deref())?,
            Question::Help | Question::Choices { .. } => unreachable!("answered above"),
        })
    }

    /// The case somebody means, if they may know of it.
    pub(super) fn find(&self, actor: &Actor, about: &About) -> Result<&Escalation, Refusal> {
        let id = match about {
            About::Button { escalation, .. } => Some(*escalation),
            About::Typed(text) => text.parse().ok(),
        };
        if actor.person.standing != Standing::Staff {
            return Err(Refusal::NotStaff);
        }
        let case = id.and_then(|id| self.desk.case(id)).filter(|case| case.may_be_read_by(actor));
        case.ok_or_else(|| match about {
            About::Button { escalation, .. } => Refusal::Unknown { asked: escalation.to_string(), meant: None },
            About::Typed(text) => self.unknown_case(actor, text),
        })
    }

    /// Everything overdue: hand-overs, then cases, the most severe first, then the longest overdue; each case goes one
    /// rung, for its next one has its full time.
    pub(super) fn pass_deadlines(&mut self) {
        self.pass_handovers();
        self.pass_reports();
        for wait in self.desk.waits.due(self.now) {
            self.pass_wait(&wait);
        }
        let due = self.desk.deadlines.iter().take_while(|(at, _)| *at <= self.now);
        let mut due: Vec<_> =
            due.map(|(at, id)| (std::cmp::Reverse(self.desk.cases[*id].severity), *at, *id)).collect();
        due.sort_unstable();
        for (_, _, id) in due {
            self.settle(id, &Command::DeadlineReached);
        }
    }

    pub(super) fn on_call(&self) -> &OnCall {
        self.on_call.get_or_init(|| self.desk.on_call(self.procedure, self.now))
    }

    pub(super) fn open(&mut self, opened: Opened) -> EscalationId {
        let id = self.desk.cases.next();
        self.take_in(id, open(opened, self.on_call()));
        id
    }

    /// A command that nobody waits for an answer to: a refusal means there is nothing to do.
    pub(super) fn settle(&mut self, id: EscalationId, command: &Command) {
        let Some(case) = self.desk.case(id) else { return };
        if let Ok(events) = case.decide(command, self.on_call(), self.now) {
            self.take_in(id, events);
        }
    }

    pub(super) fn take_in(&mut self, id: EscalationId, events: Vec<Event>) {
        for event in &events {
            self.desk.apply(Fact::Case { id, event: event.clone() }, self.now);
            let notices = notice::notices(event, &self.desk.cases[id], self.procedure);
            self.outcome.notices.extend(notices);
        }
        self.outcome.notices.extend(notice::history(&events, &self.desk.cases[id], self.procedure));
        self.outcome.facts.extend(events.into_iter().map(|event| Fact::Case { id, event }));
    }

    pub(super) fn record(&mut self, fact: Fact) {
        if let Fact::Covered(_) = fact {
            self.on_call.take();
        }
        self.desk.apply(fact.clone(), self.now);
        self.outcome.facts.push(fact);
    }

    pub(super) fn answer(&mut self, to: ReplyTo, answer: Answer) {
        self.outcome.notices.push(Notice::Reply { to, answer: Box::new(answer) });
    }
}

/// What concerns the desk as a whole is for managers.
pub fn managers_only(actor: &Actor) -> Result<(), Refusal> {
    match (actor.person.standing, actor.manages) {
        (Standing::Staff, true) => Ok(()),
        (Standing::Staff, false) => Err(Refusal::ManagersOnly),
        _ => Err(Refusal::NotStaff),
    }
}
