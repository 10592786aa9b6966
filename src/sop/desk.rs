//! All cases of one team together: a request comes in, facts and notices come out.
//!
//! [`Desk::handle`] is the river of the procedure from top to bottom. It records nothing and sends nothing: the
//! shell appends the facts and the notices in one transaction and carries the notices out.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::conversation::{Conversation, Noted, Sketch};
use crate::sop::escalation::{
    Act, Actor, Command, Deadline, Escalation, EscalationId, Event, Information, Opened, Refusal, Report, Status,
    Subject, TriggerName, open,
};
use crate::sop::message::{Message, MessageId, PlaceId, Standing, TicketRef, cut};
use crate::sop::notice::{self, Answer, Notice, ReplyTo};
use crate::sop::procedure::Procedure;
use crate::sop::signal::{self, Kind, Signals, Speech};
use crate::sop::triage::{self, BY_HAND, Decision, Heard, triage};
use crate::sop::trigger::{Fired, Ownership, Scene, fired};

/// Everything that can be asked of a desk.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Somebody posted a message, or edited one.
    Message(Message),
    Act {
        actor: Actor,
        about: About,
        act: Act,
        reply: ReplyTo,
    },
    Escalate {
        actor: Actor,
        form: Box<Form>,
        reply: ReplyTo,
    },
    Ask {
        actor: Actor,
        question: Question,
        reply: ReplyTo,
    },
    PageDelivered {
        escalation: EscalationId,
        page: usize,
        place: PlaceId,
        message: MessageId,
    },
    PageUndeliverable {
        escalation: EscalationId,
        page: usize,
        why: String,
    },
    /// The timer rang.
    DeadlineReached,
}

/// Which case somebody means.
#[derive(Clone, Debug, PartialEq)]
pub enum About {
    /// Pressed on a card; the version is the one the button was drawn from.
    Button { escalation: EscalationId, seen: u64 },
    /// As typed: "ESC-142", "142".
    Typed(String),
}

/// An escalation by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// A trigger's id; `None` follows the default plan.
    pub trigger: Option<String>,
    /// A link or an id, as typed.
    pub ticket: String,
    pub steps_tried: String,
    pub context: String,
    /// Where it was escalated from.
    pub place: PlaceId,
    /// The message it is about, with its author, if it was escalated from one.
    pub message: Option<Message>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    Status(About),
    Why(About),
    Queue,
    Help,
}

/// What is recorded in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A message showed a signal or named a ticket.
    Noted(Noted),
    /// A trigger in watch mode fired.
    Watched {
        trigger: String,
        message: MessageId,
        place: PlaceId,
    },
    Case {
        id: EscalationId,
        event: Event,
    },
}

/// What a request leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Already applied to the desk, in this order.
    pub facts: Vec<Fact>,
    pub notices: Vec<Notice>,
}

/// One team's state: the fold of its log.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    cases: BTreeMap<EscalationId, Escalation>,
    /// Cases that are not resolved.
    open: BTreeSet<EscalationId>,
    /// Cases that wait for their customer.
    waiting: BTreeSet<EscalationId>,
    deadlines: BTreeSet<(DateTime<Utc>, EscalationId)>,
    conversation: Conversation,
}

/// Answers of a form that are kept, in characters each.
const ANSWER_CHARS_MAX: usize = 1_000;

impl Desk {
    /// Takes a recorded fact in.
    pub fn apply(&mut self, fact: &Fact, at: DateTime<Utc>) {
        match fact {
            Fact::Noted(noted) => self.conversation.note(noted, at),
            Fact::Watched { .. } => {}
            Fact::Case { id, event } => {
                let before = self.deadline_of(*id);
                match (self.cases.get_mut(id), event) {
                    (Some(case), event) => case.apply(event, at),
                    (None, Event::Opened(opened)) => {
                        self.cases.insert(*id, Escalation::open(*id, (**opened).clone(), at));
                    }
                    // The log begins every case with its opening; anything else is not a log of ours.
                    (None, event) => panic!("{id} has no opening before {event:?}"),
                }
                self.index(*id, before);
            }
        }
    }

    /// What a request leads to at this instant. The facts are applied; recording and sending are the caller's.
    pub fn handle(&mut self, request: Request, procedure: &Procedure, now: DateTime<Utc>) -> Outcome {
        let mut turn = Turn { desk: self, procedure, now, outcome: Outcome::default() };
        match request {
            Request::Message(message) => turn.hear(&message),
            Request::Act { actor, about, act, reply } => {
                let answer = turn.act(actor, &about, act).unwrap_or_else(Answer::Refused);
                turn.answer(reply, answer);
            }
            Request::Escalate { actor, form, reply } => {
                let answer = turn.escalate(&actor, *form).unwrap_or_else(Answer::Refused);
                turn.answer(reply, answer);
            }
            Request::Ask { actor, question, reply } => {
                let answer = turn.ask(&actor, &question).unwrap_or_else(Answer::Refused);
                turn.answer(reply, answer);
            }
            Request::PageDelivered { escalation, page, place, message } => {
                turn.settle(escalation, &Command::PageDelivered { page, place, message });
            }
            Request::PageUndeliverable { escalation, page, why } => {
                turn.settle(escalation, &Command::PageUndeliverable { page, why });
            }
            Request::DeadlineReached => turn.pass_deadlines(),
        }
        turn.outcome
    }

    /// The earliest instant at which a case wants to be woken.
    pub fn next_deadline(&self) -> Option<(DateTime<Utc>, EscalationId)> {
        self.deadlines.first().copied()
    }

    pub fn case(&self, id: EscalationId) -> Option<&Escalation> {
        self.cases.get(&id)
    }

    /// Every case there ever was, by number.
    pub fn cases(&self) -> impl Iterator<Item = &Escalation> {
        self.cases.values()
    }

    /// Cases that are not resolved, the most severe first, then the oldest.
    pub fn open_cases(&self) -> Vec<&Escalation> {
        let mut open: Vec<&Escalation> = self.open.iter().filter_map(|id| self.cases.get(id)).collect();
        open.sort_by_key(|case| (std::cmp::Reverse(case.severity), case.id));
        open
    }

    /// The open case about the same issue with the same plan: of the same ticket, if there is one. What is
    /// confidential joins only a case that is, too.
    pub fn open_case(&self, subject: &Subject, plan: &str, confidential: bool) -> Option<&Escalation> {
        let open = self.open.iter().rev().filter_map(|id| self.cases.get(id));
        let same = open.filter(|case| {
            case.opened.plan.id == plan
                && case.opened.subject.is_same_issue(subject)
                && (case.opened.confidential || !confidential)
        });
        // Of equals the first, the latest case.
        same.min_by_key(|case| !case.opened.subject.is_same_ticket(subject))
    }

    /// How far back an earlier case about the same issue is looked for.
    const CASES_LOOKED_AT: usize = 500;

    /// The latest resolved case about the same issue with the same plan. One that is confidential is named only to
    /// a case that is, too.
    pub fn last_case(&self, subject: &Subject, plan: &str, confidential: bool) -> Option<&Escalation> {
        let mut same = self.recent_cases(subject, plan);
        same.find(|case| case.status() == Status::Resolved && (confidential || !case.opened.confidential))
    }

    /// Whether a case about the same issue with the same plan already speaks of this message, as it now fires.
    pub fn has_heard(&self, subject: &Subject, plan: &str, report: &Report) -> bool {
        self.recent_cases(subject, plan).any(|case| case.has_heard(report))
    }

    fn recent_cases(&self, subject: &Subject, plan: &str) -> impl Iterator<Item = &Escalation> {
        let recent = self.cases.values().rev().take(Self::CASES_LOOKED_AT);
        recent.filter(move |case| case.opened.plan.id == plan && case.opened.subject.is_same_issue(subject))
    }

    fn next_id(&self) -> EscalationId {
        EscalationId(self.cases.last_key_value().map_or(1, |(last, _)| last.0 + 1))
    }

    fn deadline_of(&self, id: EscalationId) -> Option<DateTime<Utc>> {
        self.cases.get(&id).and_then(Escalation::next_deadline).map(|Deadline { at, .. }| at)
    }

    fn index(&mut self, id: EscalationId, before: Option<DateTime<Utc>>) {
        let after = self.deadline_of(id);
        if before != after {
            before.map(|at| self.deadlines.remove(&(at, id)));
            after.map(|at| self.deadlines.insert((at, id)));
        }
        if self.cases[&id].waiting.is_some() {
            self.waiting.insert(id);
        } else {
            self.waiting.remove(&id);
        }
        if self.cases[&id].status() == Status::Resolved {
            self.open.remove(&id);
        } else {
            self.open.insert(id);
        }
    }
}

/// What one text means to the rules: the same reading serves the bot, `explain` and a form.
pub fn read<'p>(
    message: &Message,
    past: &Conversation,
    procedure: &'p Procedure,
    now: DateTime<Utc>,
) -> (Signals, Option<TicketRef>, Fired<'p>) {
    let speech = speech(message.author.standing);
    let ticket = procedure.ticket_in(&message.text);
    let signals = signal::read(&message.text, speech, &procedure.lexicon);
    let customer = (message.author.standing == Standing::Customer).then_some(&message.author.id);
    let labels: Vec<Kind> = procedure.labels(&signals).cloned().collect();
    let scene = Scene {
        message,
        customer,
        ticket: ticket.as_ref(),
        signals: &signals,
        labels: &labels,
        lexicon: &procedure.lexicon,
        past,
        rates: &procedure.rates,
        now,
    };
    let fired = if speech == Speech::QuotesOnly && signals.is_silent() {
        Fired::default()
    } else {
        fired(&scene, &procedure.triggers)
    };
    (signals, ticket, fired)
}

fn sketch(text: &str, procedure: &Procedure) -> Sketch {
    Sketch::of(&signal::subject_words(text, &procedure.lexicon))
}

/// Whether a text can lead to anything by itself, whoever wrote it. What cannot is not worth asking who that was.
pub fn says_anything(message: &Message, procedure: &Procedure) -> bool {
    let (signals, ticket, fired) = read(message, &Conversation::default(), procedure, message.at);
    ticket.is_some() || !signals.is_silent() || !fired.firings.is_empty()
}

/// How much of a message is a customer's words.
fn speech(author: Standing) -> Speech {
    match author {
        Standing::Customer => Speech::Whole,
        Standing::Staff | Standing::Bot => Speech::QuotesOnly,
    }
}

/// One request on its way through the desk.
struct Turn<'a> {
    desk: &'a mut Desk,
    procedure: &'a Procedure,
    now: DateTime<Utc>,
    outcome: Outcome,
}

impl Turn<'_> {
    /// Message → signals → firings → decisions → facts and notices.
    fn hear(&mut self, message: &Message) {
        if message.author.standing == Standing::Bot {
            return;
        }
        let (signals, ticket, fired) = read(message, &self.desk.conversation, self.procedure, self.now);
        let customer = (message.author.standing == Standing::Customer).then_some(&message.author);
        let heard = Heard { message, customer, ticket: ticket.as_ref(), signals: &signals };
        self.end_waits(message);
        let decisions = triage(heard, &fired, self.desk, self.procedure);
        if customer.is_some() && (ticket.is_some() || !signals.is_silent()) {
            self.note(message, ticket.clone(), &signals);
        }
        for decision in decisions {
            match decision {
                Decision::Open(opened) => {
                    self.open(*opened);
                }
                Decision::Join { escalation, command } => self.settle(escalation, &command),
                Decision::Watch { trigger } => {
                    let (message, place) = (message.id.clone(), message.place.clone());
                    self.record(Fact::Watched { trigger, message, place });
                }
            }
        }
    }

    /// Whatever the customer writes, nobody waits for them any longer.
    fn end_waits(&mut self, message: &Message) {
        let is_theirs =
            |id: &&EscalationId| self.desk.cases[*id].opened.subject.customer_id() == Some(&message.author.id);
        let theirs: Vec<_> = self.desk.waiting.iter().filter(is_theirs).copied().collect();
        for id in theirs {
            self.settle(id, &Command::CustomerWrote);
        }
    }

    fn note(&mut self, message: &Message, ticket: Option<TicketRef>, signals: &Signals) {
        let kinds = self.procedure.labels(signals).cloned().collect();
        self.record(Fact::Noted(Noted {
            message: message.id.clone(),
            place: message.place.clone(),
            customer: message.author.clone(),
            ticket,
            kinds,
            failing: signals.failing.clone(),
            sketch: sketch(&message.text, self.procedure),
        }));
    }

    fn act(&mut self, actor: Actor, about: &About, act: Act) -> Result<Answer, Refusal> {
        let id = self.find(&actor, about)?.id;
        let seen = match about {
            About::Button { seen, .. } => Some(*seen),
            About::Typed(_) => None,
        };
        let command = act.name();
        let events = self.desk.cases[&id].decide(&Command::Act { by: actor, act, seen }, self.now)?;
        self.take_in(id, events);
        Ok(Answer::Done { command, case: notice::card(&self.desk.cases[&id], self.procedure, None) })
    }

    fn escalate(&mut self, actor: &Actor, form: Form) -> Result<Answer, Refusal> {
        if actor.person.standing != Standing::Staff {
            return Err(Refusal::NotStaff);
        }
        let opened = self.opened_by_hand(actor, form)?;
        let joined = self.desk.open_case(&opened.subject, &opened.plan.id, opened.confidential).map(|open| open.id);
        let id = if let Some(id) = joined {
            let severity = opened.severity;
            self.settle(id, &Command::Report { report: Box::new(opened.report), severity });
            id
        } else {
            self.open(opened)
        };
        let case = &self.desk.cases[&id];
        Ok(Answer::Escalated {
            joined: joined.is_some(),
            codename: case.codename(),
            case: case.may_be_read_by(actor).then(|| notice::card(case, self.procedure, None)),
        })
    }

    fn opened_by_hand(&self, actor: &Actor, form: Form) -> Result<Opened, Refusal> {
        let trigger = match &form.trigger {
            None => None,
            Some(asked) => {
                let found = self.procedure.trigger(asked);
                Some(found.ok_or_else(|| Refusal::UnknownTrigger { asked: asked.clone() })?)
            }
        };
        if form.steps_tried.trim().is_empty() {
            return Err(Refusal::Incomplete { field: "steps tried".to_owned() });
        }
        let ticket = self.procedure.ticket_in(&form.ticket).or_else(|| typed_ticket(&form.ticket));
        let confidential = trigger.is_some_and(|trigger| trigger.confidential);
        let may_quote = |kind: &str| confidential || !self.procedure.is_confidential(kind);
        let signals = form
            .message
            .as_ref()
            .map(|message| signal::read(&message.text, speech(message.author.standing), &self.procedure.lexicon));
        let customer = form.message.as_ref().map(|message| &message.author);
        let customer = customer.filter(|author| author.standing == Standing::Customer).cloned();
        let place = form.message.as_ref().map_or(form.place, |message| message.place.clone());
        let (severity, scope) = trigger.map_or(BY_HAND, |trigger| (trigger.severity, trigger.scope));
        let plan = trigger.map_or(&self.procedure.default_plan, |trigger| &trigger.plan).clone();
        let subject = Subject { customer: customer.clone(), place: place.clone(), ticket, scope };
        let information = [("Steps tried", form.steps_tried), ("Customer context", form.context)]
            .into_iter()
            .filter(|(_, answer)| !answer.trim().is_empty())
            .map(|(label, answer)| Information {
                label: label.to_owned(),
                answer: cut(answer.trim(), ANSWER_CHARS_MAX),
            });
        Ok(Opened {
            after: self.desk.last_case(&subject, &plan.id, confidential).map(|case| case.id),
            subject,
            severity,
            confidential,
            ownership: trigger.map_or(Ownership::Responder, |trigger| trigger.ownership),
            plan,
            procedure: self.procedure.version.clone(),
            by: Some(actor.person.clone()),
            report: Report {
                customer,
                place,
                said_at: form.message.as_ref().map_or(self.now, |message| message.at),
                message: form.message.map(|message| message.id),
                counted: Vec::new(),
                triggers: trigger
                    .map(|trigger| TriggerName { id: trigger.id.clone(), name: trigger.name.clone() })
                    .into_iter()
                    .collect(),
                findings: Vec::new(),
                quotes: signals.map(|signals| triage::quotes(&signals, may_quote)).unwrap_or_default(),
                information: information.collect(),
            },
            near: Vec::new(),
        })
    }

    fn ask(&self, actor: &Actor, question: &Question) -> Result<Answer, Refusal> {
        if let Question::Help = question {
            return Ok(Answer::Help { staff: actor.person.standing == Standing::Staff });
        }
        if actor.person.standing != Standing::Staff {
            return Err(Refusal::NotStaff);
        }
        Ok(match question {
            Question::Status(about) => {
                Answer::Status { case: notice::card(self.find(actor, about)?, self.procedure, None) }
            }
            Question::Why(about) => Answer::Why { why: notice::why(self.find(actor, about)?, self.procedure) },
            Question::Queue => Answer::Queue(notice::queue(self.desk, actor, self.procedure)),
            Question::Help => unreachable!("answered above"),
        })
    }

    /// The case somebody means, if they may know of it.
    fn find(&self, actor: &Actor, about: &About) -> Result<&Escalation, Refusal> {
        let (id, asked) = match about {
            About::Button { escalation, .. } => (Some(*escalation), escalation.to_string()),
            About::Typed(text) => (text.parse().ok(), cut(text.trim(), 40)),
        };
        if actor.person.standing != Standing::Staff {
            return Err(Refusal::NotStaff);
        }
        let case = id.and_then(|id| self.desk.case(id)).filter(|case| case.may_be_read_by(actor));
        case.ok_or(Refusal::Unknown { asked })
    }

    /// Everything overdue, the most severe first, then the longest overdue; each case goes one rung, for its next
    /// one has its full time.
    fn pass_deadlines(&mut self) {
        let due = self.desk.deadlines.iter().take_while(|(at, _)| *at <= self.now);
        let mut due: Vec<_> = due.map(|(at, id)| (std::cmp::Reverse(self.desk.cases[id].severity), *at, *id)).collect();
        due.sort_unstable();
        for (_, _, id) in due {
            self.settle(id, &Command::DeadlineReached);
        }
    }

    fn open(&mut self, opened: Opened) -> EscalationId {
        let id = self.desk.next_id();
        self.take_in(id, open(opened));
        id
    }

    /// A command that nobody waits for an answer to: a refusal means there is nothing to do.
    fn settle(&mut self, id: EscalationId, command: &Command) {
        let Some(case) = self.desk.case(id) else { return };
        if let Ok(events) = case.decide(command, self.now) {
            self.take_in(id, events);
        }
    }

    fn take_in(&mut self, id: EscalationId, events: Vec<Event>) {
        for event in events {
            self.record(Fact::Case { id, event: event.clone() });
            let notices = notice::notices(&event, &self.desk.cases[&id], self.procedure);
            self.outcome.notices.extend(notices);
        }
    }

    fn record(&mut self, fact: Fact) {
        self.desk.apply(&fact, self.now);
        self.outcome.facts.push(fact);
    }

    fn answer(&mut self, to: ReplyTo, answer: Answer) {
        self.outcome.notices.push(Notice::Reply { to, answer: Box::new(answer) });
    }
}

/// An id as a person types it into a form. Without a link it is kept as typed.
fn typed_ticket(text: &str) -> Option<TicketRef> {
    let id = cut(text.trim(), 100);
    (!id.is_empty()).then(|| TicketRef { system: "typed".to_owned(), id, url: None })
}

#[cfg(test)]
mod tests;
